import { f } from '../../../schema/field.ts'
import { int32, int64, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { PodTemplateSpec } from '../../core/v1/pod-spec.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const ReplicaSetSpec = message('ReplicaSetSpec', {
  replicas: f(1, int32).explicit(),
  selector: f(2, LabelSelector).required(),
  template: f(3, PodTemplateSpec).always(),
  minReadySeconds: f(4, int32),
})
export type ReplicaSetSpec = TypeOf<typeof ReplicaSetSpec>

export const ReplicaSetCondition = message('ReplicaSetCondition', {
  type: f(1, str).always(),
  status: f(2, str).always(),
  lastTransitionTime: f(3, time),
  reason: f(4, str),
  message: f(5, str),
})
export type ReplicaSetCondition = TypeOf<typeof ReplicaSetCondition>

export const ReplicaSetStatus = message('ReplicaSetStatus', {
  replicas: f(1, int32).required().always(),
  fullyLabeledReplicas: f(2, int32),
  observedGeneration: f(3, int64),
  readyReplicas: f(4, int32),
  availableReplicas: f(5, int32),
  conditions: f(6, list(ReplicaSetCondition)).listOf('map', 'type').patch('merge', 'type'),
  terminatingReplicas: f(7, int32).explicit(),
})
export type ReplicaSetStatus = TypeOf<typeof ReplicaSetStatus>

export const ReplicaSet = kind(
  'ReplicaSet',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, ReplicaSetSpec).required().always(),
    status: f(3, ReplicaSetStatus).always(),
  },
  {
    resource: {
      plural: 'replicasets',
      singular: 'replicaset',
      shortNames: ['rs'],
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
export type ReplicaSet = TypeOf<typeof ReplicaSet>
