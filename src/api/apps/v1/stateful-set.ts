import { f } from '../../../schema/field.ts'
import { int32, int64, intOrString, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { PersistentVolumeClaim } from '../../core/v1/persistent-volume-claim.ts'
import { PodTemplateSpec } from '../../core/v1/pod-spec.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const RollingUpdateStatefulSetStrategy = message('RollingUpdateStatefulSetStrategy', {
  partition: f(1, int32).explicit(),
  maxUnavailable: f(2, intOrString).explicit(),
})
export type RollingUpdateStatefulSetStrategy = TypeOf<typeof RollingUpdateStatefulSetStrategy>

export const StatefulSetOrdinals = message('StatefulSetOrdinals', {
  start: f(1, int32).always(),
})
export type StatefulSetOrdinals = TypeOf<typeof StatefulSetOrdinals>

export const StatefulSetPersistentVolumeClaimRetentionPolicy = message(
  'StatefulSetPersistentVolumeClaimRetentionPolicy',
  {
    whenDeleted: f(1, str),
    whenScaled: f(2, str),
  },
)
export type StatefulSetPersistentVolumeClaimRetentionPolicy = TypeOf<
  typeof StatefulSetPersistentVolumeClaimRetentionPolicy
>

export const StatefulSetUpdateStrategy = message('StatefulSetUpdateStrategy', {
  type: f(1, oneOf('OnDelete', 'Recreate', 'RollingUpdate')),
  rollingUpdate: f(2, RollingUpdateStatefulSetStrategy),
})
export type StatefulSetUpdateStrategy = TypeOf<typeof StatefulSetUpdateStrategy>

export const StatefulSetSpec = message('StatefulSetSpec', {
  replicas: f(1, int32).explicit(),
  selector: f(2, LabelSelector).required(),
  template: f(3, PodTemplateSpec).required().always(),
  volumeClaimTemplates: f(4, list(PersistentVolumeClaim)).listOf('atomic'),
  serviceName: f(5, str).always(),
  podManagementPolicy: f(6, oneOf('OrderedReady', 'Parallel')),
  updateStrategy: f(7, StatefulSetUpdateStrategy).always(),
  revisionHistoryLimit: f(8, int32).explicit(),
  minReadySeconds: f(9, int32),
  persistentVolumeClaimRetentionPolicy: f(10, StatefulSetPersistentVolumeClaimRetentionPolicy),
  ordinals: f(11, StatefulSetOrdinals),
})
export type StatefulSetSpec = TypeOf<typeof StatefulSetSpec>

export const StatefulSetCondition = message('StatefulSetCondition', {
  type: f(1, str).always(),
  status: f(2, str).always(),
  lastTransitionTime: f(3, time),
  reason: f(4, str),
  message: f(5, str),
})
export type StatefulSetCondition = TypeOf<typeof StatefulSetCondition>

export const StatefulSetStatus = message('StatefulSetStatus', {
  observedGeneration: f(1, int64),
  replicas: f(2, int32).required().always(),
  readyReplicas: f(3, int32),
  currentReplicas: f(4, int32),
  updatedReplicas: f(5, int32),
  currentRevision: f(6, str),
  updateRevision: f(7, str),
  collisionCount: f(9, int32).explicit(),
  conditions: f(10, list(StatefulSetCondition)).listOf('map', 'type').patch('merge', 'type'),
  availableReplicas: f(11, int32).always(),
})
export type StatefulSetStatus = TypeOf<typeof StatefulSetStatus>

export const StatefulSet = kind(
  'StatefulSet',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, StatefulSetSpec).required().always(),
    status: f(3, StatefulSetStatus).always(),
  },
  {
    resource: {
      plural: 'statefulsets',
      singular: 'statefulset',
      shortNames: ['sts'],
      categories: ['all'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        scale: { verbs: ['get', 'patch', 'update'], kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } },
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type StatefulSet = TypeOf<typeof StatefulSet>
