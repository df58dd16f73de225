import { f } from '../../../schema/field.ts'
import { int32, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const VolumeNodeResources = message(
  'VolumeNodeResources',
  {
    count: f(1, int32).explicit().doc('Largest number of volumes of the driver; no limit if unset.'),
  },
  { doc: 'How much a node can take.' },
)
export type VolumeNodeResources = TypeOf<typeof VolumeNodeResources>

export const CSINodeDriver = message(
  'CSINodeDriver',
  {
    name: f(1, str).required().always().doc('Name of the driver.'),
    nodeID: f(2, str).required().always().doc('What the driver calls the node.'),
    topologyKeys: f(3, list(str))
      .orNull()
      .listOf('atomic')
      .doc('Labels of the node by which the driver tells places apart.'),
    allocatable: f(4, VolumeNodeResources).doc('How many volumes fit.'),
  },
  { doc: 'A driver installed on a node.' },
)
export type CSINodeDriver = TypeOf<typeof CSINodeDriver>

export const CSINodeSpec = message(
  'CSINodeSpec',
  {
    drivers: f(1, list(CSINodeDriver))
      .required()
      .orNull()
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('The drivers; each is added when it registers with the kubelet.'),
  },
  { doc: 'Drivers on a node.' },
)
export type CSINodeSpec = TypeOf<typeof CSINodeSpec>

export const StorageHealthCondition = message(
  'StorageHealthCondition',
  {
    status: f(1, oneOf('StorageDegraded', 'StorageUnreachable'))
      .go('v1.StorageHealthStatusType')
      .required()
      .always()
      .doc('Whether the storage is out of reach or only less able.'),
    reason: f(2, str).required().always().doc('Reason, one word in CamelCase.'),
    message: f(3, str).doc('Details for people.'),
    accessMode: f(4, oneOf('ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'))
      .go('v1.PersistentVolumeAccessMode')
      .explicit()
      .doc('Access mode that is affected; all of them if unset.'),
    volumeMode: f(5, oneOf('Block', 'Filesystem'))
      .go('v1.PersistentVolumeMode')
      .explicit()
      .doc('Volume mode that is affected; both if unset.'),
    lastTransitionTime: f(6, time).orNull().doc('When the trouble was first seen as it is.'),
  },
  { doc: 'A trouble that a driver has with its storage.' },
)
export type StorageHealthCondition = TypeOf<typeof StorageHealthCondition>

export const StorageHealth = message(
  'StorageHealth',
  {
    name: f(1, str).required().always().doc('Name of the driver.'),
    healthConditions: f(2, list(StorageHealthCondition))
      .listOf('atomic')
      .doc('Troubles, at most 16; none means healthy.'),
  },
  { doc: 'What a driver says of its storage.' },
)
export type StorageHealth = TypeOf<typeof StorageHealth>

export const CSINodeStatus = message(
  'CSINodeStatus',
  {
    storageHealth: f(1, list(StorageHealth))
      .gate('CSIVolumeHealth')
      .listOf('map', 'name')
      .patch('merge', 'name')
      .gate('CSIVolumeHealth')
      .doc('Reports of the drivers.'),
  },
  { doc: 'What was last observed of the storage on a node.' },
)
export type CSINodeStatus = TypeOf<typeof CSINodeStatus>

export const CSINode = kind(
  'CSINode',
  {
    metadata: f(1, ObjectMeta).always().doc("The node's name and other standard metadata."),
    spec: f(2, CSINodeSpec).required().always().doc('The drivers.'),
    status: f(3, CSINodeStatus).always().doc('What was last observed.'),
  },
  {
    doc: 'Drivers for volumes on a node, by the name of the node.',
    resource: {
      plural: 'csinodes',
      singular: 'csinode',
      namespaced: false,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type CSINode = TypeOf<typeof CSINode>
