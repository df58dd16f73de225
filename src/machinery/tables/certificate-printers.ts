/** Requests for certificates, and trust bundles. */
import type { CertificateSigningRequest } from '../../api/certificates/v1/certificate-signing-request.ts'
import type { ClusterTrustBundle } from '../../api/certificates/v1/cluster-trust-bundle.ts'
import type { PodCertificateRequest } from '../../api/certificates/v1/pod-certificate-request.ts'
import { ageOf, humanDuration } from './human-duration.ts'
import { ageColumn, column, nameColumn, type Printer, showLabels } from './printer.ts'

function verdictOf({ status }: CertificateSigningRequest): string {
  const has = (type: string): boolean => (status.conditions ?? []).some(condition => condition.type === type)
  const verdict = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return verdict + (has('Failed') ? ',Failed' : '') + (status.certificate ? ',Issued' : '')
}

const signerColumn = column('SignerName', 'Who signs.')

export const certificateSigningRequestPrinter: Printer<CertificateSigningRequest> = {
  columns: [
    nameColumn,
    ageColumn,
    signerColumn,
    column('Requestor', 'Who asked for the certificate.'),
    column('RequestedDuration', 'The lifetime that was asked for.'),
    column('Condition', 'What has become of the request.'),
  ],
  cells: (request, nowMs) => {
    const { metadata, spec } = request
    return [
      metadata.name,
      ageOf(metadata.creationTimestamp, nowMs),
      spec.signerName || '<none>',
      spec.username ?? '',
      spec.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
      verdictOf(request),
    ]
  },
}

export const clusterTrustBundlePrinter: Printer<ClusterTrustBundle> = {
  columns: [nameColumn, signerColumn],
  cells: ({ metadata, spec }) => [metadata.name, spec.signerName || '<none>'],
}

const endings: ReadonlySet<string> = new Set(['Issued', 'Denied', 'Failed'])

export const podCertificateRequestPrinter: Printer<PodCertificateRequest> = {
  columns: [
    nameColumn,
    column('PodName', 'The pod that needs the certificate.'),
    column('ServiceAccountName', 'The service account of the pod.'),
    column('NodeName', 'The node of the pod.'),
    signerColumn,
    column('State', 'What has become of the request.'),
    column('UnverifiedUserAnnotations', 'What the author of the pod tells the signer.'),
  ],
  cells: ({ metadata, spec, status }) => [
    metadata.name,
    spec.podName,
    spec.serviceAccountName,
    spec.nodeName,
    spec.signerName,
    (status.conditions ?? []).findLast(({ type }) => endings.has(type))?.type ?? 'Pending',
    showLabels(spec.unverifiedUserAnnotations),
  ],
}
