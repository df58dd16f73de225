import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const ClusterTrustBundleSpec = message(
  'ClusterTrustBundleSpec',
  {
    signerName: f(1, str).doc('Signer whose certificates they are for; empty if they belong to none.'),
    trustBundle: f(2, str).required().always().doc('The certificates in PEM, without headers, in any order.'),
  },
  { doc: 'A set of trust anchors.' },
)
export type ClusterTrustBundleSpec = TypeOf<typeof ClusterTrustBundleSpec>

export const ClusterTrustBundle = kind(
  'ClusterTrustBundle',
  {
    metadata: f(1, ObjectMeta)
      .always()
      .doc("Name, labels and other standard metadata; the name begins with the signer's if there is one."),
    spec: f(2, ClusterTrustBundleSpec).required().always().doc('The signer and the certificates.'),
  },
  {
    doc: 'Trust anchors that pods of the whole cluster can mount.',
    resource: { plural: 'clustertrustbundles', singular: 'clustertrustbundle', namespaced: false, verbs: allVerbs },
  },
)
export type ClusterTrustBundle = TypeOf<typeof ClusterTrustBundle>
