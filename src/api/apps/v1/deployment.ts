import { f } from '../../../schema/field.ts'
import { bool, int32, int64, intOrString, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { notNegative } from '../../../schema/validators.ts'
import { PodTemplateSpec } from '../../core/v1/pod-spec.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const RollingUpdateDeployment = message(
  'RollingUpdateDeployment',
  {
    maxUnavailable: f(1, intOrString)
      .explicit()
      .doc('Pods, or percentage rounded down, that may be missing meanwhile; 25% by default.'),
    maxSurge: f(2, intOrString)
      .explicit()
      .doc('Pods, or percentage rounded up, that there may be in excess meanwhile; 25% by default.'),
  },
  { doc: 'How fast a deployment replaces its pods.' },
)
export type RollingUpdateDeployment = TypeOf<typeof RollingUpdateDeployment>

export const DeploymentStrategy = message(
  'DeploymentStrategy',
  {
    type: f(1, oneOf('Recreate', 'RollingUpdate'))
      .go('v1.DeploymentStrategyType')
      .doc('`RollingUpdate` (default) bit by bit, or `Recreate` after all old pods are gone.'),
    rollingUpdate: f(2, RollingUpdateDeployment).doc('Speed of a rolling update.'),
  },
  { doc: 'How a deployment replaces its pods.' },
)
export type DeploymentStrategy = TypeOf<typeof DeploymentStrategy>

export const DeploymentSpec = message(
  'DeploymentSpec',
  {
    replicas: f(1, int32).validate(notNegative).explicit().doc('Number of pods; 1 by default.'),
    selector: f(2, LabelSelector)
      .orNull()
      .required()
      .doc('Which pods belong to it; must match the labels of the template and cannot be changed.'),
    template: f(3, PodTemplateSpec).required().always().doc('Pattern of the pods; a change of it starts a rollout.'),
    strategy: f(4, DeploymentStrategy).always().patch('retainKeys').doc('How pods are replaced.'),
    minReadySeconds: f(5, int32)
      .validate(notNegative)
      .doc('Seconds that a pod must be ready to count as available; 0 by default.'),
    revisionHistoryLimit: f(6, int32)
      .validate(notNegative)
      .explicit()
      .doc('Old replica sets that are kept for going back; 10 by default.'),
    paused: f(7, bool).doc('Hold back rollouts while it is set.'),
    progressDeadlineSeconds: f(9, int32)
      .validate(notNegative)
      .explicit()
      .doc('Seconds without progress until the rollout counts as failed; 600 by default.'),
  },
  { doc: 'Specification of a deployment.' },
)
export type DeploymentSpec = TypeOf<typeof DeploymentSpec>

export const DeploymentCondition = message(
  'DeploymentCondition',
  {
    type: f(1, str)
      .go('v1.DeploymentConditionType')
      .always()
      .doc('Type of the condition: `Available`, `Progressing` or `ReplicaFailure`.'),
    status: f(2, str).go('v1.ConditionStatus').always().doc('`True`, `False` or `Unknown`.'),
    reason: f(4, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(5, str).doc('Details of the last change for people.'),
    lastUpdateTime: f(6, time).orNull().doc('When the condition was last written.'),
    lastTransitionTime: f(7, time).orNull().doc('When the status last changed.'),
  },
  { doc: 'One observed aspect of a deployment.' },
)
export type DeploymentCondition = TypeOf<typeof DeploymentCondition>

export const DeploymentStatus = message(
  'DeploymentStatus',
  {
    observedGeneration: f(1, int64).doc('Generation of the specification that this status reflects.'),
    replicas: f(2, int32).doc('Number of pods that are not being deleted.'),
    updatedReplicas: f(3, int32).doc('Number of pods made from the current template.'),
    availableReplicas: f(4, int32).doc('Number of pods that have been ready for `minReadySeconds`.'),
    unavailableReplicas: f(5, int32).doc('Number of pods that are missing or not available.'),
    conditions: f(6, list(DeploymentCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
    readyReplicas: f(7, int32).doc('Number of pods that are ready.'),
    collisionCount: f(8, int32)
      .explicit()
      .doc('How often the name of a new replica set was taken; part of the next hash.'),
    terminatingReplicas: f(9, int32).explicit().doc('Number of pods that are being deleted.'),
  },
  { doc: 'What was last observed of a deployment.' },
)
export type DeploymentStatus = TypeOf<typeof DeploymentStatus>

export const Deployment = kind(
  'Deployment',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, DeploymentSpec).required().always().doc('How many pods there should be, and of which kind.'),
    status: f(3, DeploymentStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Keeps a number of equal pods running and replaces them bit by bit on changes.',
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
