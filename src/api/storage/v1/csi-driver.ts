import { f } from '../../../schema/field.ts'
import { bool, int64, list, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const TokenRequest = message(
  'TokenRequest',
  {
    audience: f(1, str).required().always().doc("For whom the token is meant; the API server's own audience if empty."),
    expirationSeconds: f(2, int64).explicit().doc('Lifetime of the token, at least 600.'),
  },
  { doc: "A token of the pod's service account that a driver gets." },
)
export type TokenRequest = TypeOf<typeof TokenRequest>

export const CSIDriverSpec = message(
  'CSIDriverSpec',
  {
    attachRequired: f(1, bool)
      .explicit()
      .doc('Whether volumes are attached to a node before they are mounted; true by default.'),
    podInfoOnMount: f(2, bool).explicit().doc('Whether the driver is told for which pod it mounts; false by default.'),
    volumeLifecycleModes: f(3, list(str))
      .go('v1.VolumeLifecycleMode')
      .listOf('set')
      .doc('Kinds of volumes that it knows; `Persistent` by default.'),
    storageCapacity: f(4, bool)
      .explicit()
      .doc('Whether the scheduler should look at the capacity that the driver publishes; false by default.'),
    fsGroupPolicy: f(5, str)
      .go('v1.FSGroupPolicy')
      .explicit()
      .doc("Whether files are given to the pod's group; `ReadWriteOnceWithFSType` by default."),
    tokenRequests: f(6, list(TokenRequest))
      .listOf('atomic')
      .doc('Service account tokens that the driver gets when it mounts.'),
    requiresRepublish: f(7, bool)
      .explicit()
      .doc('Whether the driver is called again and again while the volume is mounted; false by default.'),
    seLinuxMount: f(8, bool).explicit().doc('Whether volumes can be mounted with an SELinux label; false by default.'),
    nodeAllocatableUpdatePeriodSeconds: f(9, int64)
      .explicit()
      .doc('How often the number of volumes that fit on a node is asked for, at least 10; never if unset.'),
    serviceAccountTokenInSecrets: f(10, bool)
      .explicit()
      .doc('Whether tokens are handed over among the secrets and not in the volume context; false by default.'),
    preventPodSchedulingIfMissing: f(11, bool)
      .explicit()
      .doc('Whether pods with its volumes stay away from nodes where it is not installed; false by default.'),
  },
  { doc: 'What a driver can do, and what it needs.' },
)
export type CSIDriverSpec = TypeOf<typeof CSIDriverSpec>

export const CSIDriver = kind(
  'CSIDriver',
  {
    metadata: f(1, ObjectMeta).always().doc("The driver's name and other standard metadata."),
    spec: f(2, CSIDriverSpec).required().always().doc('What the driver can do.'),
  },
  {
    doc: 'A driver for volumes, by the name that it has in volumes and on nodes.',
    resource: { plural: 'csidrivers', singular: 'csidriver', namespaced: false, verbs: allVerbs },
  },
)
export type CSIDriver = TypeOf<typeof CSIDriver>
