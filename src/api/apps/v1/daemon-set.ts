import { f } from '../../../schema/field.ts'
import { int32, int64, intOrString, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { notNegative } from '../../../schema/validators.ts'
import { PodTemplateSpec } from '../../core/v1/pod-spec.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const RollingUpdateDaemonSet = message(
  'RollingUpdateDaemonSet',
  {
    maxUnavailable: f(1, intOrString)
      .explicit()
      .doc('Nodes, or percentage rounded up, that may be without the pod meanwhile; 1 by default.'),
    maxSurge: f(2, intOrString)
      .explicit()
      .doc('Nodes, or percentage rounded up, that may have two of the pod meanwhile; 0 by default.'),
  },
  { doc: 'How fast a daemon set replaces its pods.' },
)
export type RollingUpdateDaemonSet = TypeOf<typeof RollingUpdateDaemonSet>

export const DaemonSetUpdateStrategy = message(
  'DaemonSetUpdateStrategy',
  {
    type: f(1, oneOf('OnDelete', 'RollingUpdate'))
      .go('v1.DaemonSetUpdateStrategyType')
      .doc('`RollingUpdate` (default) node by node, or `OnDelete` when someone deletes them.'),
    rollingUpdate: f(2, RollingUpdateDaemonSet).doc('Speed of a rolling update.'),
  },
  { doc: 'How a daemon set replaces its pods.' },
)
export type DaemonSetUpdateStrategy = TypeOf<typeof DaemonSetUpdateStrategy>

export const DaemonSetSpec = message(
  'DaemonSetSpec',
  {
    selector: f(1, LabelSelector)
      .orNull()
      .required()
      .doc('Which pods belong to it; must match the labels of the template and cannot be changed.'),
    template: f(2, PodTemplateSpec).required().always().doc('Pattern of the pods; each node that it fits gets one.'),
    updateStrategy: f(3, DaemonSetUpdateStrategy).always().doc('How pods are replaced when the template changes.'),
    minReadySeconds: f(4, int32)
      .validate(notNegative)
      .doc('Seconds that a pod must be ready to count as available; 0 by default.'),
    revisionHistoryLimit: f(6, int32)
      .validate(notNegative)
      .explicit()
      .doc('Old revisions that are kept for going back; 10 by default.'),
  },
  { doc: 'Specification of a daemon set.' },
)
export type DaemonSetSpec = TypeOf<typeof DaemonSetSpec>

export const DaemonSetCondition = message(
  'DaemonSetCondition',
  {
    type: f(1, str).go('v1.DaemonSetConditionType').always().doc('Type of the condition.'),
    status: f(2, str).go('v1.ConditionStatus').always().doc('`True`, `False` or `Unknown`.'),
    lastTransitionTime: f(3, time).orNull().doc('When the status last changed.'),
    reason: f(4, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(5, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of a daemon set.' },
)
export type DaemonSetCondition = TypeOf<typeof DaemonSetCondition>

export const DaemonSetStatus = message(
  'DaemonSetStatus',
  {
    currentNumberScheduled: f(1, int32).required().always().doc('Number of nodes that run the pod and should.'),
    numberMisscheduled: f(2, int32).required().always().doc('Number of nodes that run the pod and should not.'),
    desiredNumberScheduled: f(3, int32).required().always().doc('Number of nodes that should run the pod.'),
    numberReady: f(4, int32)
      .required()
      .always()
      .doc('Number of nodes that should run the pod and have one that is ready.'),
    observedGeneration: f(5, int64).doc('Generation of the specification that this status reflects.'),
    updatedNumberScheduled: f(6, int32).doc('Number of nodes that run a pod of the current template.'),
    numberAvailable: f(7, int32).doc('Number of nodes whose pod has been ready for `minReadySeconds`.'),
    numberUnavailable: f(8, int32).doc('Number of nodes that should have an available pod and have none.'),
    collisionCount: f(9, int32)
      .explicit()
      .doc('How often the name of a new revision was taken; part of the next hash.'),
    conditions: f(10, list(DaemonSetCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of a daemon set.' },
)
export type DaemonSetStatus = TypeOf<typeof DaemonSetStatus>

export const DaemonSet = kind(
  'DaemonSet',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, DaemonSetSpec).required().always().doc('Which pod each node should run.'),
    status: f(3, DaemonSetStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Runs one pod on each node, or on each of some nodes.',
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
