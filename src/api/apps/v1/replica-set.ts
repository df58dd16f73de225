import { f } from '../../../schema/field.ts'
import { int32, int64, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { notNegative } from '../../../schema/validators.ts'
import { PodTemplateSpec } from '../../core/v1/pod-spec.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const ReplicaSetSpec = message(
  'ReplicaSetSpec',
  {
    replicas: f(1, int32).validate(notNegative).explicit().doc('Number of pods; 1 by default.'),
    selector: f(2, LabelSelector)
      .orNull()
      .required()
      .doc('Which pods belong to it; must match the labels of the template and cannot be changed.'),
    template: f(3, PodTemplateSpec).always().doc('Pattern of new pods.'),
    minReadySeconds: f(4, int32)
      .validate(notNegative)
      .doc('Seconds that a pod must be ready to count as available; 0 by default.'),
  },
  { doc: 'Specification of a replica set.' },
)
export type ReplicaSetSpec = TypeOf<typeof ReplicaSetSpec>

export const ReplicaSetCondition = message(
  'ReplicaSetCondition',
  {
    type: f(1, str).go('v1.ReplicaSetConditionType').always().doc('Type of the condition, such as `ReplicaFailure`.'),
    status: f(2, str).go('v1.ConditionStatus').always().doc('`True`, `False` or `Unknown`.'),
    lastTransitionTime: f(3, time).orNull().doc('When the status last changed.'),
    reason: f(4, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(5, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of a replica set.' },
)
export type ReplicaSetCondition = TypeOf<typeof ReplicaSetCondition>

export const ReplicaSetStatus = message(
  'ReplicaSetStatus',
  {
    replicas: f(1, int32).required().always().doc('Number of pods that are not being deleted.'),
    fullyLabeledReplicas: f(2, int32).doc('Number of pods that have all labels of the template.'),
    observedGeneration: f(3, int64).doc('Generation of the specification that this status reflects.'),
    readyReplicas: f(4, int32).doc('Number of pods that are ready.'),
    availableReplicas: f(5, int32).doc('Number of pods that have been ready for `minReadySeconds`.'),
    conditions: f(6, list(ReplicaSetCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
    terminatingReplicas: f(7, int32).explicit().doc('Number of pods that are being deleted.'),
  },
  { doc: 'What was last observed of a replica set.' },
)
export type ReplicaSetStatus = TypeOf<typeof ReplicaSetStatus>

export const ReplicaSet = kind(
  'ReplicaSet',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ReplicaSetSpec).required().always().doc('How many pods there should be, and of which kind.'),
    status: f(3, ReplicaSetStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Keeps a number of equal pods running; mostly made by a deployment.',
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
