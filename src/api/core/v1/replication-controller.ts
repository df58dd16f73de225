import { f } from '../../../schema/field.ts'
import { int32, int64, list, map, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'
import { PodTemplateSpec } from './pod-spec.ts'

export const ReplicationControllerSpec = message(
  'ReplicationControllerSpec',
  {
    replicas: f(1, int32).explicit().default(1).doc('Number of pods; 1 by default.'),
    selector: f(2, map(str)).atomic().doc('Labels of the pods that are counted; those of the template by default.'),
    template: f(3, PodTemplateSpec).doc('Pattern of new pods.'),
    minReadySeconds: f(4, int32)
      .always()
      .omitZero()
      .doc('Seconds that a pod must be ready to count as available; 0 by default.'),
  },
  { doc: 'Specification of a replication controller.' },
)
export type ReplicationControllerSpec = TypeOf<typeof ReplicationControllerSpec>

export const ReplicationControllerCondition = message(
  'ReplicationControllerCondition',
  {
    type: f(1, str)
      .go('v1.ReplicationControllerConditionType')
      .required()
      .always()
      .doc('Type of the condition, such as `ReplicaFailure`.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    lastTransitionTime: f(3, time).orNull().doc('When the status last changed.'),
    reason: f(4, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(5, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of a replication controller.' },
)
export type ReplicationControllerCondition = TypeOf<typeof ReplicationControllerCondition>

export const ReplicationControllerStatus = message(
  'ReplicationControllerStatus',
  {
    replicas: f(1, int32).required().always().doc('Number of pods.'),
    fullyLabeledReplicas: f(2, int32).doc('Number of pods that have all labels of the template.'),
    observedGeneration: f(3, int64).doc('Generation of the specification that this status reflects.'),
    readyReplicas: f(4, int32).doc('Number of pods that are ready.'),
    availableReplicas: f(5, int32).doc('Number of pods that have been ready for `minReadySeconds`.'),
    conditions: f(6, list(ReplicationControllerCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of a replication controller.' },
)
export type ReplicationControllerStatus = TypeOf<typeof ReplicationControllerStatus>

export const ReplicationController = kind(
  'ReplicationController',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ReplicationControllerSpec).always().doc('How many pods there should be, and of which kind.'),
    status: f(3, ReplicationControllerStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Keeps a number of equal pods running; the ancestor of ReplicaSet.',
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
