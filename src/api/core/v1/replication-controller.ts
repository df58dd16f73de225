import { f } from '../../../schema/field.ts'
import { int32, int64, list, map, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'
import { PodTemplateSpec } from './pod-spec.ts'

export const ReplicationControllerSpec = message('ReplicationControllerSpec', {
  replicas: f(1, int32).explicit().default(1),
  selector: f(2, map(str)).atomic(),
  template: f(3, PodTemplateSpec),
  minReadySeconds: f(4, int32).always(),
})
export type ReplicationControllerSpec = TypeOf<typeof ReplicationControllerSpec>

export const ReplicationControllerCondition = message('ReplicationControllerCondition', {
  type: f(1, str).required().always(),
  status: f(2, str).required().always(),
  lastTransitionTime: f(3, time),
  reason: f(4, str),
  message: f(5, str),
})
export type ReplicationControllerCondition = TypeOf<typeof ReplicationControllerCondition>

export const ReplicationControllerStatus = message('ReplicationControllerStatus', {
  replicas: f(1, int32).required().always(),
  fullyLabeledReplicas: f(2, int32),
  observedGeneration: f(3, int64),
  readyReplicas: f(4, int32),
  availableReplicas: f(5, int32),
  conditions: f(6, list(ReplicationControllerCondition)).listOf('map', 'type').patch('merge', 'type'),
})
export type ReplicationControllerStatus = TypeOf<typeof ReplicationControllerStatus>

export const ReplicationController = kind(
  'ReplicationController',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, ReplicationControllerSpec).always(),
    status: f(3, ReplicationControllerStatus).always(),
  },
  {
    resource: {
      plural: 'replicationcontrollers',
      singular: 'replicationcontroller',
      shortNames: ['rc'],
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
export type ReplicationController = TypeOf<typeof ReplicationController>
