import { f } from '../../../schema/field.ts'
import { bytes, int32, list, map, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, listMessage, message } from './package.ts'

export const ExtraValue = listMessage('ExtraValue', str)
export type ExtraValue = TypeOf<typeof ExtraValue>

export const CertificateSigningRequestSpec = message(
  'CertificateSigningRequestSpec',
  {
    request: f(1, bytes).required().orNull().explicit().doc('Certificate request by PKCS #10, in PEM.'),
    username: f(2, str).doc('User who made the request; set by the server.'),
    uid: f(3, str).doc('UID of that user; set by the server.'),
    groups: f(4, list(str)).listOf('atomic').doc('Groups of that user; set by the server.'),
    usages: f(
      5,
      list(
        oneOf(
          'any',
          'cert sign',
          'client auth',
          'code signing',
          'content commitment',
          'crl sign',
          'data encipherment',
          'decipher only',
          'digital signature',
          'email protection',
          'encipher only',
          'ipsec end system',
          'ipsec tunnel',
          'ipsec user',
          'key agreement',
          'key encipherment',
          'microsoft sgc',
          'netscape sgc',
          'ocsp signing',
          's/mime',
          'server auth',
          'signing',
          'timestamping',
        ),
      ),
    )
      .go('v1.KeyUsage')
      .listOf('atomic')
      .doc('What the key may be used for, such as `client auth` or `digital signature`.'),
    extra: f(6, map(ExtraValue)).doc('Further facts about that user; set by the server.'),
    signerName: f(7, str)
      .required()
      .always()
      .doc('Signer that should issue the certificate, as `example.com/serving`.'),
    expirationSeconds: f(8, int32)
      .explicit()
      .doc('Lifetime asked for, at least 600; the signer may decide for another.'),
  },
  { doc: 'What is asked of a signer, and who asks; cannot be changed.' },
)
export type CertificateSigningRequestSpec = TypeOf<typeof CertificateSigningRequestSpec>

export const CertificateSigningRequestCondition = message(
  'CertificateSigningRequestCondition',
  {
    type: f(1, str)
      .go('v1.RequestConditionType')
      .required()
      .always()
      .doc("`Approved`, `Denied`, `Failed` or one of the signer's own."),
    reason: f(2, str).doc('Reason for the verdict, one word in CamelCase.'),
    message: f(3, str).doc('Details of the verdict for people.'),
    lastUpdateTime: f(4, time).orNull().doc('When the condition was last written.'),
    lastTransitionTime: f(5, time)
      .orNull()
      .doc('When the status last changed; set by the server where it is left out.'),
    status: f(6, str)
      .go('v1.ConditionStatus')
      .required()
      .always()
      .doc('`True`, `False` or `Unknown`; must be `True` for the types known.'),
  },
  { doc: 'One verdict on a request.' },
)
export type CertificateSigningRequestCondition = TypeOf<typeof CertificateSigningRequestCondition>

export const CertificateSigningRequestStatus = message(
  'CertificateSigningRequestStatus',
  {
    conditions: f(1, list(CertificateSigningRequestCondition))
      .listOf('map', 'type')
      .doc('Verdicts, one for each type; those known cannot be removed.'),
    certificate: f(2, bytes).doc('Issued certificates in PEM, the own one first; cannot be changed once set.'),
  },
  { doc: 'What has become of a request.' },
)
export type CertificateSigningRequestStatus = TypeOf<typeof CertificateSigningRequestStatus>

export const CertificateSigningRequest = kind(
  'CertificateSigningRequest',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, CertificateSigningRequestSpec).required().always().doc('What is asked for, and by whom.'),
    status: f(3, CertificateSigningRequestStatus).always().doc('Verdicts and the certificate.'),
  },
  {
    doc: 'Asks a signer for an X.509 certificate.',
    resource: {
      plural: 'certificatesigningrequests',
      singular: 'certificatesigningrequest',
      shortNames: ['csr'],
      namespaced: false,
      verbs: allVerbs,
      subresources: { approval: { verbs: ['get', 'patch', 'update'] }, status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type CertificateSigningRequest = TypeOf<typeof CertificateSigningRequest>
