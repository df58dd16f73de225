/** Who may approve, sign and attest in the name of a signer (Kubernetes documentation, "Certificate Signing Requests"). */
import { isDeepStrictEqual } from 'node:util'
import type { CertificateSigningRequest } from '../../api/certificates/v1/certificate-signing-request.ts'
import type { ClusterTrustBundle } from '../../api/certificates/v1/cluster-trust-bundle.ts'
import type { PodCertificateRequest } from '../../api/certificates/v1/pod-certificate-request.ts'
import { parseCertificateRequest } from '../../base/pki/certificate-request.ts'
import { readPem } from '../../base/pki/pem.ts'
import { invalidError } from '../../machinery/api-error.ts'
import { forbidden } from '../../schema/field-error.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { nameOf, refusal } from './refusal.ts'

const group = 'certificates.k8s.io'

const isAbout = (attributes: AdmissionAttributes, resource: string, subresource: string): boolean =>
  attributes.group === group && attributes.resource === resource && attributes.subresource === subresource

/** By the signer's name, or by `<domain>/*` for all signers of a domain. */
async function maySign(
  authorizer: Authorizer,
  { user }: AdmissionAttributes,
  verb: string,
  signerName: string,
): Promise<boolean> {
  const asked = {
    user,
    verb,
    resourceRequest: true,
    group,
    version: '*',
    resource: 'signers',
    subresource: '',
    namespace: '',
    path: '',
  }
  for (const name of [signerName, `${signerName.split('/')[0]}/*`]) {
    if ((await authorizer.authorize({ ...asked, name })).decision === 'allow') return true
  }
  return false
}

export class CertificateApproval implements AdmissionPlugin {
  readonly name = 'CertificateApproval'
  readonly #authorizer: Authorizer

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (!isAbout(attributes, 'certificatesigningrequests', 'approval') || attributes.operation !== 'UPDATE') return
    const { signerName } = (attributes.oldObject as unknown as CertificateSigningRequest).spec
    if (await maySign(this.#authorizer, attributes, 'approve', signerName)) return
    throw refusal(attributes, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`)
  }
}

export class CertificateSigning implements AdmissionPlugin {
  readonly name = 'CertificateSigning'
  readonly #authorizer: Authorizer

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (!isAbout(attributes, 'certificatesigningrequests', 'status') || attributes.operation !== 'UPDATE') return
    const { spec, status: old } = attributes.oldObject as unknown as CertificateSigningRequest
    const { status } = attributes.object as unknown as CertificateSigningRequest
    const sameConditions = isDeepStrictEqual(old.conditions ?? [], status.conditions ?? [])
    if (sameConditions && (old.certificate ?? '') === (status.certificate ?? '')) return
    if (await maySign(this.#authorizer, attributes, 'sign', spec.signerName)) return
    throw refusal(attributes, `user not permitted to sign requests with signerName ${JSON.stringify(spec.signerName)}`)
  }
}

const clientSigner = 'kubernetes.io/kube-apiserver-client'

/** Nobody becomes a member of the group that may do everything by way of a certificate. */
export class CertificateSubjectRestriction implements AdmissionPlugin {
  readonly name = 'CertificateSubjectRestriction'

  validate(attributes: AdmissionAttributes): void {
    if (!isAbout(attributes, 'certificatesigningrequests', '') || attributes.operation !== 'CREATE') return
    const { spec } = attributes.object as unknown as CertificateSigningRequest
    if (spec.signerName !== clientSigner) return
    // Validation has found it to be a request.
    const [block] = readPem(Buffer.from(spec.request ?? '', 'base64').toString('latin1'))
    if (!block || !parseCertificateRequest(block.bytes).organizations.includes('system:masters')) return
    throw refusal(attributes, `use of ${clientSigner} signer with system:masters group is not allowed`)
  }
}

export class ClusterTrustBundleAttest implements AdmissionPlugin {
  readonly name = 'ClusterTrustBundleAttest'
  readonly #authorizer: Authorizer

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (!isAbout(attributes, 'clustertrustbundles', '')) return
    const { operation, object, oldObject } = attributes
    if (operation !== 'CREATE' && operation !== 'UPDATE') return
    const { signerName = '' } = (object as unknown as ClusterTrustBundle).spec
    if (signerName === '' || (operation === 'UPDATE' && onlyCollects(object, oldObject))) return
    if (await maySign(this.#authorizer, attributes, 'attest', signerName)) return
    throw refusal(attributes, `user not permitted to attest for signerName ${JSON.stringify(signerName)}`)
  }
}

/** Whether an update changes nothing but what the garbage collector writes. */
function onlyCollects(object: unknown, old: unknown): boolean {
  const rest = (of: unknown) => {
    const { metadata, ...others } = of as { metadata: Record<string, unknown> }
    const { ownerReferences: _o, finalizers: _f, managedFields: _m, ...kept } = metadata
    return { ...others, metadata: kept }
  }
  return isDeepStrictEqual(rest(object), rest(old))
}

/** Upstream checks this in the storage of the requests, where no flag turns it off. */
export class PodCertificateSigningCheck implements AdmissionPlugin {
  readonly name = 'PodCertificateSigningCheck'
  readonly #authorizer: Authorizer

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (!isAbout(attributes, 'podcertificaterequests', 'status') || attributes.operation !== 'UPDATE') return
    const { spec, status: old } = attributes.oldObject as unknown as PodCertificateRequest
    const { status } = attributes.object as unknown as PodCertificateRequest
    if (isDeepStrictEqual(old, status)) return
    if (await maySign(this.#authorizer, attributes, 'sign', spec.signerName)) return
    const who = JSON.stringify(attributes.user.username)
    throw invalidError(group, 'PodCertificateRequest', nameOf(attributes), [
      forbidden(
        'spec.signerName',
        `User ${who} is not permitted to "sign" for signer ${JSON.stringify(spec.signerName)}`,
      ),
    ])
  }
}
