import { f } from '../../../schema/field.ts'
import { int32, int64, intOrString, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { PodTemplateSpec } from '../../core/v1/pod-spec.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const RollingUpdateDaemonSet = message('RollingUpdateDaemonSet', {
  maxUnavailable: f(1, intOrString).explicit(),
  maxSurge: f(2, intOrString).explicit(),
})
export type RollingUpdateDaemonSet = TypeOf<typeof RollingUpdateDaemonSet>

export const DaemonSetUpdateStrategy = message('DaemonSetUpdateStrategy', {
  type: f(1, oneOf('OnDelete', 'RollingUpdate')),
  rollingUpdate: f(2, RollingUpdateDaemonSet),
})
export type DaemonSetUpdateStrategy = TypeOf<typeof DaemonSetUpdateStrategy>

export const DaemonSetSpec = message('DaemonSetSpec', {
  selector: f(1, LabelSelector).required(),
  template: f(2, PodTemplateSpec).required().always(),
  updateStrategy: f(3, DaemonSetUpdateStrategy).always(),
  minReadySeconds: f(4, int32),
  revisionHistoryLimit: f(6, int32).explicit(),
})
export type DaemonSetSpec = TypeOf<typeof DaemonSetSpec>

export const DaemonSetCondition = message('DaemonSetCondition', {
  type: f(1, str).always(),
  status: f(2, str).always(),
  lastTransitionTime: f(3, time),
  reason: f(4, str),
  message: f(5, str),
})
export type DaemonSetCondition = TypeOf<typeof DaemonSetCondition>

export const DaemonSetStatus = message('DaemonSetStatus', {
  currentNumberScheduled: f(1, int32).required().always(),
  numberMisscheduled: f(2, int32).required().always(),
  desiredNumberScheduled: f(3, int32).required().always(),
  numberReady: f(4, int32).required().always(),
  observedGeneration: f(5, int64),
  updatedNumberScheduled: f(6, int32),
  numberAvailable: f(7, int32),
  numberUnavailable: f(8, int32),
  collisionCount: f(9, int32).explicit(),
  conditions: f(10, list(DaemonSetCondition)).listOf('map', 'type').patch('merge', 'type'),
})
export type DaemonSetStatus = TypeOf<typeof DaemonSetStatus>

export const DaemonSet = kind(
  'DaemonSet',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, DaemonSetSpec).required().always(),
    status: f(3, DaemonSetStatus).always(),
  },
  {
    resource: {
      plural: 'daemonsets',
      singular: 'daemonset',
      shortNames: ['ds'],
      categories: ['all'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type DaemonSet = TypeOf<typeof DaemonSet>
