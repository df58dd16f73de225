import { f } from '../../../schema/field.ts'
import { list, map, oneOf, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'
import { ModifyVolumeStatus, PersistentVolumeClaimSpec, VolumeHealthCondition } from './volume.ts'

export const PersistentVolumeClaimCondition = message(
  'PersistentVolumeClaimCondition',
  {
    type: f(1, str)
      .go('v1.PersistentVolumeClaimConditionType')
      .required()
      .always()
      .doc('Type of the condition, such as `Resizing`.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    lastProbeTime: f(3, time).orNull().doc('When the condition was last checked.'),
    lastTransitionTime: f(4, time).orNull().doc('When the status last changed.'),
    reason: f(5, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(6, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of a claim.' },
)
export type PersistentVolumeClaimCondition = TypeOf<typeof PersistentVolumeClaimCondition>

export const VolumeHealthStatus = message(
  'VolumeHealthStatus',
  {
    healthConditions: f(1, list(VolumeHealthCondition))
      .listOf('map', 'status', 'reason')
      .patch('merge', 'status')
      .doc('Problems reported; none means healthy.'),
    lastTransitionTime: f(2, time).orNull().doc('When the problems last changed.'),
  },
  { doc: 'What the storage driver reports about the volume (KEP-1432).' },
)
export type VolumeHealthStatus = TypeOf<typeof VolumeHealthStatus>

export const PersistentVolumeClaimStatus = message(
  'PersistentVolumeClaimStatus',
  {
    phase: f(1, oneOf('Bound', 'Lost', 'Pending'))
      .go('v1.PersistentVolumeClaimPhase')
      .doc('Whether a volume is still looked for, bound, or lost.'),
    accessModes: f(2, list(oneOf('ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod')))
      .go('v1.PersistentVolumeAccessMode')
      .listOf('atomic')
      .doc('Access modes of the bound volume.'),
    capacity: f(3, map(quantity)).go('v1.ResourceList').doc('Size of the bound volume.'),
    conditions: f(4, list(PersistentVolumeClaimCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
    allocatedResources: f(5, map(quantity)).go('v1.ResourceList').doc('Size that an expansion is going for.'),
    allocatedResourceStatuses: f(
      7,
      map(
        oneOf(
          'ControllerResizeInProgress',
          'ControllerResizeInfeasible',
          'NodeResizeInProgress',
          'NodeResizeInfeasible',
          'NodeResizePending',
        ),
      ),
    )
      .go('map[v1.ResourceName]v1.ClaimResourceStatus')
      .granular()
      .doc('How far the expansion of each resource has come.'),
    currentVolumeAttributesClassName: f(8, str).explicit().doc('VolumeAttributesClass that the volume has now.'),
    modifyVolumeStatus: f(9, ModifyVolumeStatus).doc('Change of the VolumeAttributesClass that is under way.'),
    healthStatus: f(10, VolumeHealthStatus)
      .gate('CSIVolumeHealth')
      .doc('Problems of the volume that the storage driver has reported.'),
  },
  { doc: 'What was last observed of a claim.' },
)
export type PersistentVolumeClaimStatus = TypeOf<typeof PersistentVolumeClaimStatus>

export const PersistentVolumeClaim = kind(
  'PersistentVolumeClaim',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, PersistentVolumeClaimSpec).always().doc('What kind of volume is asked for.'),
    status: f(3, PersistentVolumeClaimStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'A request for a persistent volume by a user.',
    resource: {
      plural: 'persistentvolumeclaims',
      singular: 'persistentvolumeclaim',
      shortNames: ['pvc'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type PersistentVolumeClaim = TypeOf<typeof PersistentVolumeClaim>
