import { f } from '../../../schema/field.ts'
import { bytes, int32, list, map, str, type TypeOf, time } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const PodCertificateRequestSpec = message(
  'PodCertificateRequestSpec',
  {
    signerName: f(1, str).required().always().doc('Signer that should issue the certificate.'),
    podName: f(2, str).required().always().doc('Name of the pod.'),
    podUID: f(3, str).go('types.UID').required().always().doc('UID of the pod.'),
    serviceAccountName: f(4, str).required().always().doc('Service account that the pod runs as.'),
    serviceAccountUID: f(5, str).go('types.UID').required().always().doc('UID of that service account.'),
    nodeName: f(6, str).go('types.NodeName').required().always().doc('Node on which the pod runs.'),
    nodeUID: f(7, str).go('types.UID').required().always().doc('UID of that node.'),
    maxExpirationSeconds: f(8, int32)
      .explicit()
      .default(86400)
      .doc('Longest lifetime accepted; 24 hours by default, at least one, at most 91 days.'),
    unverifiedUserAnnotations: f(11, map(str)).doc("What the pod's author tells the signer; nobody has checked it."),
    stubPKCS10Request: f(12, bytes)
      .required()
      .orNull()
      .explicit()
      .doc('Request by PKCS #10 in DER, which shows the public key and that its owner has the private one.'),
  },
  { doc: 'What a kubelet asks for on behalf of a pod; cannot be changed.' },
)
export type PodCertificateRequestSpec = TypeOf<typeof PodCertificateRequestSpec>

export const PodCertificateRequestStatus = message(
  'PodCertificateRequestStatus',
  {
    conditions: f(1, list(Condition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('The verdict: `Issued`, `Denied` or `Failed`.'),
    certificateChain: f(2, str).doc('Issued certificate and those between it and the trust anchor, in PEM.'),
    notBefore: f(4, time).explicit().doc('When the certificate becomes valid.'),
    beginRefreshAt: f(5, time).explicit().doc('When the kubelet should begin to ask for another.'),
    notAfter: f(6, time).explicit().doc('When the certificate ends.'),
  },
  { doc: 'What the signer has answered.' },
)
export type PodCertificateRequestStatus = TypeOf<typeof PodCertificateRequestStatus>

export const PodCertificateRequest = kind(
  'PodCertificateRequest',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, PodCertificateRequestSpec).required().always().doc('What is asked for, and for whom.'),
    status: f(3, PodCertificateRequestStatus).always().doc('The answer of the signer.'),
  },
  {
    doc: 'Asks a signer for a certificate that a pod mounts.',
    resource: {
      plural: 'podcertificaterequests',
      singular: 'podcertificaterequest',
      namespaced: true,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type PodCertificateRequest = TypeOf<typeof PodCertificateRequest>
