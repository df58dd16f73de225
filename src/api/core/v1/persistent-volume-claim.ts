import { f } from '../../../schema/field.ts'
import { list, map, oneOf, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'
import { ModifyVolumeStatus, PersistentVolumeClaimSpec, VolumeHealthCondition } from './volume.ts'

export const PersistentVolumeClaimCondition = message('PersistentVolumeClaimCondition', {
  type: f(1, str).required().always(),
  status: f(2, str).required().always(),
  lastProbeTime: f(3, time),
  lastTransitionTime: f(4, time),
  reason: f(5, str),
  message: f(6, str),
})
export type PersistentVolumeClaimCondition = TypeOf<typeof PersistentVolumeClaimCondition>

export const VolumeHealthStatus = message('VolumeHealthStatus', {
  healthConditions: f(1, list(VolumeHealthCondition)).listOf('map', 'status', 'reason').patch('merge', 'status'),
  lastTransitionTime: f(2, time),
})
export type VolumeHealthStatus = TypeOf<typeof VolumeHealthStatus>

export const PersistentVolumeClaimStatus = message('PersistentVolumeClaimStatus', {
  phase: f(1, oneOf('Bound', 'Lost', 'Pending')),
  accessModes: f(2, list(oneOf('ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'))).listOf('atomic'),
  capacity: f(3, map(quantity)),
  conditions: f(4, list(PersistentVolumeClaimCondition)).listOf('map', 'type').patch('merge', 'type'),
  allocatedResources: f(5, map(quantity)),
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
  ).granular(),
  currentVolumeAttributesClassName: f(8, str).explicit(),
  modifyVolumeStatus: f(9, ModifyVolumeStatus),
  healthStatus: f(10, VolumeHealthStatus),
})
export type PersistentVolumeClaimStatus = TypeOf<typeof PersistentVolumeClaimStatus>

export const PersistentVolumeClaim = kind(
  'PersistentVolumeClaim',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, PersistentVolumeClaimSpec).always(),
    status: f(3, PersistentVolumeClaimStatus).always(),
  },
  {
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
