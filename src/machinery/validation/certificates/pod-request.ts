/** Requests of kubelets for certificates of pods (KEP-4317; upstream: ValidatePodCertificateRequestCreate). */
import { type KeyObject, X509Certificate } from 'node:crypto'
import type {
  PodCertificateRequest,
  PodCertificateRequestStatus,
} from '../../../api/certificates/v1/pod-certificate-request.ts'
import { type ParsedRequest, parseCertificateRequest } from '../../../base/pki/certificate-request.ts'
import { readPem } from '../../../base/pki/pem.ts'
import {
  type FieldError,
  invalid,
  invalidWithoutValue,
  notSupported,
  required,
  tooLong,
} from '../../../schema/field-error.ts'
import { dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkAnnotationsSize, checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkConditions } from '../conditions.ts'
import { checkSignerName, isOfKubernetes } from './names.ts'

const minuteMs = 60_000
const hourSeconds = 3600
const leastExpirationSeconds = hourSeconds
const longestUid = 128
const maxRequestBytes = 10 * 1024
const maxChainBytes = 100 * 1024

const requestPath = 'spec.stubPKCS10Request'
const chainPath = 'status.certificateChain'

export function checkPodCertificateRequest(out: Errors, { spec }: PodCertificateRequest): void {
  checkSignerName(out, 'spec.signerName', spec.signerName)
  checkUserAnnotations(out, 'spec.unverifiedUserAnnotations', spec.unverifiedUserAnnotations)
  for (const [nameOf, uidOf] of [
    ['podName', 'podUID'],
    ['serviceAccountName', 'serviceAccountUID'],
    ['nodeName', 'nodeUID'],
  ] as const) {
    pushInvalid(out, `spec.${nameOf}`, spec[nameOf], dns1123SubdomainErrors(spec[nameOf]))
    if (spec[uidOf] === '') out.push(invalid(`spec.${uidOf}`, '', 'must not be empty'))
    if (spec[uidOf].length > longestUid) out.push(tooLong(`spec.${uidOf}`, longestUid))
  }
  const seconds = spec.maxExpirationSeconds
  const most = (isOfKubernetes(spec.signerName) ? 1 : 91) * 24 * hourSeconds
  if (seconds < leastExpirationSeconds || seconds > most) {
    const range = `must be in the range [${leastExpirationSeconds}, ${most}]`
    out.push(invalid('spec.maxExpirationSeconds', seconds, range))
  }
  if (!spec.stubPKCS10Request) {
    out.push(
      invalidWithoutValue(
        'spec',
        'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set',
      ),
    )
  } else checkStub(out, Buffer.from(spec.stubPKCS10Request, 'base64'))
}

/** Their keys have domains. */
function checkUserAnnotations(out: Errors, path: string, annotations: Readonly<Record<string, string>> = {}): void {
  for (const key of Object.keys(annotations)) {
    const domainKey = key.toLowerCase()
    const messages = labelKeyErrors(domainKey)
    if (domainKey === '') out.push(required(path))
    else if (messages.length > 0) pushInvalid(out, path, domainKey, messages)
    else if (!key.includes('/'))
      out.push(invalid(path, domainKey, 'must be a domain-prefixed key (such as "acme.io/foo")'))
  }
  checkAnnotationsSize(out, path, annotations)
}

function checkStub(out: Errors, der: Buffer): void {
  if (der.length > maxRequestBytes) {
    out.push(tooLong(requestPath, maxRequestBytes))
    return
  }
  const request = parsedOf(der)
  if (!request) {
    out.push(invalidWithoutValue(requestPath, 'must be a valid PKCS#10 CSR'))
    return
  }
  const error = keyError(request.publicKey)
  if (error) out.push(error)
  else if (!request.isSigned()) out.push(invalidWithoutValue(requestPath, 'invalid signature'))
}

function parsedOf(der: Buffer): ParsedRequest | undefined {
  try {
    return parseCertificateRequest(der)
  } catch {
    return undefined
  }
}

const curveNames: Readonly<Record<string, string>> = { secp224r1: 'P-224', prime256v1: 'P-256' }
const goodCurves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

function keyError({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): FieldError | undefined {
  switch (asymmetricKeyType) {
    case 'ed25519':
      return undefined
    case 'ec': {
      const curve = asymmetricKeyDetails?.namedCurve ?? ''
      if (goodCurves.has(curve)) return undefined
      const shown = `curve ${curveNames[curve] ?? curve}`
      return invalid(requestPath, shown, 'elliptic public keys must use curve P256, P384, or P521')
    }
    case 'rsa': {
      const bits = asymmetricKeyDetails?.modulusLength ?? 0
      return bits === 3072 || bits === 4096
        ? undefined
        : invalid(requestPath, `${bits}-bit modulus`, 'RSA keys must have modulus size 3072 or 4096')
    }
    default:
      return invalidWithoutValue(requestPath, 'unknown public key type; supported types are Ed25519, ECDSA, and RSA')
  }
}

export function checkPodCertificateRequestUpdate(
  out: Errors,
  request: PodCertificateRequest,
  old: PodCertificateRequest,
): void {
  checkImmutable(out, 'spec', request.spec, old.spec)
}

const endings = ['Issued', 'Denied', 'Failed']

const isEnded = ({ conditions }: PodCertificateRequestStatus, ...types: readonly string[]): boolean =>
  (conditions ?? []).some(({ type, status }) => types.includes(type) && status === 'True')

export function checkPodCertificateRequestStatus(
  out: Errors,
  { spec, status }: PodCertificateRequest,
  { spec: oldSpec, status: old }: PodCertificateRequest,
  nowMs = Date.now(),
): void {
  const before = out.length
  checkEndings(out, status)
  checkConditions(out, 'status.conditions', status.conditions)
  if (out.length > before) return
  if (isEnded(old, ...endings)) {
    if (!isSame(status, old)) {
      out.push(invalidWithoutValue('status', 'immutable after PodCertificateRequest is issued, denied, or failed'))
    }
  } else if (isEnded(status, 'Denied', 'Failed')) {
    if (!isSame(status, { conditions: status.conditions })) {
      const message = 'non-condition status fields must be empty when denying or failing the PodCertificateRequest'
      out.push(invalidWithoutValue('status', message))
    }
  } else if (isEnded(status, 'Issued')) {
    const error = issuedError(status, oldSpec, spec.maxExpirationSeconds, nowMs)
    if (error) out.push(...(Array.isArray(error) ? error : [error]))
  } else if (!isSame(status, old)) {
    out.push(
      invalidWithoutValue('status', 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"'),
    )
  }
}

function checkEndings(out: Errors, { conditions }: PodCertificateRequestStatus): void {
  let known = 0
  for (const [i, { type, status }] of (conditions ?? []).entries()) {
    const path = `status.conditions.[${i}]`
    if (!endings.includes(type)) {
      out.push(notSupported(`${path}.type`, type, endings))
      continue
    }
    known++
    if (known > 1) {
      const message = 'There may be at most one condition with type "Issued", "Denied", or "Failed"'
      out.push(invalid(`${path}.type`, type, message))
    }
    if (status !== 'True') out.push(notSupported(`${path}.status`, status, ['True']))
  }
}

/** The first thing that is wrong with an issued certificate. */
function issuedError(
  status: PodCertificateRequestStatus,
  spec: PodCertificateRequest['spec'],
  maxExpirationSeconds: number,
  nowMs: number,
): FieldError | FieldError[] | undefined {
  const chain = status.certificateChain ?? ''
  if (Buffer.byteLength(chain) > maxChainBytes) return tooLong(chainPath, maxChainBytes)
  const [leaf, ...others] = readPem(chain)
  if (!leaf) return invalid(chainPath, chain, 'issued certificate chain must contain at least one certificate')
  if (leaf.label !== 'CERTIFICATE') {
    return invalid(chainPath, chain, 'issued certificate chain must consist entirely of CERTIFICATE PEM blocks')
  }
  const certificate = certificateOf(leaf.bytes)
  if (!certificate) return invalid(chainPath, chain, 'leaf certificate does not parse as valid X.509')
  const request = parsedOf(Buffer.from(spec.stubPKCS10Request ?? '', 'base64'))
  if (!request) return invalidWithoutValue(requestPath, 'must be a valid PKCS#10 CSR')
  if (!request.publicKey.equals(certificate.publicKey)) {
    return invalid(chainPath, chain, 'leaf certificate was not issued to the requested public key')
  }
  const missing = missingTimes(status)
  if (missing.length > 0) return missing
  const timesWrong = timeError(status, certificate, maxExpirationSeconds, nowMs)
  if (timesWrong) return timesWrong
  for (const { label, bytes } of others) {
    if (label !== 'CERTIFICATE') {
      return invalid(chainPath, chain, 'issued certificate chain must consist entirely of CERTFICATE PEM blocks')
    }
    if (!certificateOf(bytes))
      return invalid(chainPath, chain, 'intermediate certificate does not parse as valid X.509')
  }
  return undefined
}

function certificateOf(bytes: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes)
  } catch {
    return undefined
  }
}

function missingTimes(status: PodCertificateRequestStatus): FieldError[] {
  const consistent = 'must be present and consistent with the issued certificate'
  const out: FieldError[] = []
  if (!status.notBefore) out.push(required('status.notBefore', consistent))
  if (!status.notAfter) out.push(required('status.notAfter', consistent))
  if (!status.beginRefreshAt) {
    out.push(required('status.beginRefreshAt', 'must be present and in the range [notbefore+10min, notafter-10min]'))
  }
  return out
}

function timeError(
  { notBefore, notAfter, beginRefreshAt }: PodCertificateRequestStatus,
  certificate: X509Certificate,
  maxExpirationSeconds: number,
  nowMs: number,
): FieldError | undefined {
  const [beginMs, endMs, refreshMs] = [notBefore, notAfter, beginRefreshAt].map(time => Date.parse(time ?? '')) as [
    number,
    number,
    number,
  ]
  const path = (name: string): string => `status.${name}`
  if (beginMs !== Date.parse(certificate.validFrom)) {
    return invalid(path('notBefore'), notBefore, 'must be set to the NotBefore time encoded in the leaf certificate')
  }
  if (Math.abs(beginMs - nowMs) >= 5 * minuteMs) {
    return invalid(path('notBefore'), notBefore, "must be set to within 5 minutes of kube-apiserver's current time")
  }
  if (endMs !== Date.parse(certificate.validTo)) {
    return invalid(path('notAfter'), notAfter, 'must be set to the NotAfter time encoded in the leaf certificate')
  }
  const lifetimeSeconds = (endMs - beginMs) / 1000
  if (lifetimeSeconds < hourSeconds) {
    return invalid(chainPath, `${lifetimeSeconds}s`, 'leaf certificate lifetime must be >= 1 hour')
  }
  if (lifetimeSeconds > maxExpirationSeconds) {
    const bound = `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${maxExpirationSeconds})`
    return invalid(chainPath, `${lifetimeSeconds}s`, bound)
  }
  if (refreshMs < beginMs + 10 * minuteMs) {
    return invalid(path('beginRefreshAt'), beginRefreshAt, 'must be at least 10 minutes after status.notBefore')
  }
  if (refreshMs > endMs - 10 * minuteMs) {
    return invalid(path('beginRefreshAt'), beginRefreshAt, 'must be at least 10 minutes before status.notAfter')
  }
  return undefined
}
