import { f } from '../../../schema/field.ts'
import { bool, int32, int64, intOrString, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { PodTemplateSpec } from '../../core/v1/pod-spec.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const RollingUpdateDeployment = message('RollingUpdateDeployment', {
  maxUnavailable: f(1, intOrString).explicit(),
  maxSurge: f(2, intOrString).explicit(),
})
export type RollingUpdateDeployment = TypeOf<typeof RollingUpdateDeployment>

export const DeploymentStrategy = message('DeploymentStrategy', {
  type: f(1, oneOf('Recreate', 'RollingUpdate')),
  rollingUpdate: f(2, RollingUpdateDeployment),
})
export type DeploymentStrategy = TypeOf<typeof DeploymentStrategy>

export const DeploymentSpec = message('DeploymentSpec', {
  replicas: f(1, int32).explicit(),
  selector: f(2, LabelSelector).required(),
  template: f(3, PodTemplateSpec).required().always(),
  strategy: f(4, DeploymentStrategy).always().patch('retainKeys'),
  minReadySeconds: f(5, int32),
  revisionHistoryLimit: f(6, int32).explicit(),
  paused: f(7, bool),
  progressDeadlineSeconds: f(9, int32).explicit(),
})
export type DeploymentSpec = TypeOf<typeof DeploymentSpec>

export const DeploymentCondition = message('DeploymentCondition', {
  type: f(1, str).always(),
  status: f(2, str).always(),
  reason: f(4, str),
  message: f(5, str),
  lastUpdateTime: f(6, time),
  lastTransitionTime: f(7, time),
})
export type DeploymentCondition = TypeOf<typeof DeploymentCondition>

export const DeploymentStatus = message('DeploymentStatus', {
  observedGeneration: f(1, int64),
  replicas: f(2, int32),
  updatedReplicas: f(3, int32),
  availableReplicas: f(4, int32),
  unavailableReplicas: f(5, int32),
  conditions: f(6, list(DeploymentCondition)).listOf('map', 'type').patch('merge', 'type'),
  readyReplicas: f(7, int32),
  collisionCount: f(8, int32).explicit(),
  terminatingReplicas: f(9, int32).explicit(),
})
export type DeploymentStatus = TypeOf<typeof DeploymentStatus>

export const Deployment = kind(
  'Deployment',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, DeploymentSpec).required().always(),
    status: f(3, DeploymentStatus).always(),
  },
  {
    resource: {
      plural: 'deployments',
      singular: 'deployment',
      shortNames: ['deploy'],
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
export type Deployment = TypeOf<typeof Deployment>
