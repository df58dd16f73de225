import { f } from '../../../schema/field.ts'
import { int32, int64, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { MetricSpec } from './metric-spec.ts'
import { MetricStatus } from './metric-status.ts'
import { CrossVersionObjectReference } from './metric-target.ts'
import { kind, message } from './package.ts'
import { HorizontalPodAutoscalerBehavior } from './scaling-behavior.ts'

export const HorizontalPodAutoscalerSpec = message(
  'HorizontalPodAutoscalerSpec',
  {
    scaleTargetRef: f(1, CrossVersionObjectReference).required().always().doc('Object to scale.'),
    minReplicas: f(2, int32).explicit().doc('Smallest number of replicas; 1 by default.'),
    maxReplicas: f(3, int32).required().always().doc('Largest number of replicas.'),
    metrics: f(4, list(MetricSpec))
      .listOf('atomic')
      .doc('Metrics, of which the one that asks for most replicas counts; by default 80 % CPU use.'),
    behavior: f(5, HorizontalPodAutoscalerBehavior).doc('How fast replicas change in either direction.'),
  },
  { doc: 'Specification of an autoscaler.' },
)
export type HorizontalPodAutoscalerSpec = TypeOf<typeof HorizontalPodAutoscalerSpec>

export const HorizontalPodAutoscalerCondition = message(
  'HorizontalPodAutoscalerCondition',
  {
    type: f(1, str)
      .go('v2.HorizontalPodAutoscalerConditionType')
      .required()
      .always()
      .doc('`AbleToScale`, `ScalingActive` or `ScalingLimited`.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    lastTransitionTime: f(3, time).orNull().doc('When the status last changed.'),
    reason: f(4, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(5, str).doc('Details of the last change for people.'),
    observedGeneration: f(6, int64).explicit().doc('Generation of the autoscaler to which the condition refers.'),
  },
  { doc: 'One observed aspect of an autoscaler.' },
)
export type HorizontalPodAutoscalerCondition = TypeOf<typeof HorizontalPodAutoscalerCondition>

export const HorizontalPodAutoscalerStatus = message(
  'HorizontalPodAutoscalerStatus',
  {
    observedGeneration: f(1, int64).explicit().doc('Generation of the specification that this status reflects.'),
    lastScaleTime: f(2, time).explicit().doc('When the number of replicas was last changed.'),
    currentReplicas: f(3, int32).doc('Number of replicas last seen.'),
    desiredReplicas: f(4, int32).required().always().doc('Number of replicas last computed.'),
    currentMetrics: f(5, list(MetricStatus)).orNull().listOf('atomic').doc('Last values of the metrics.'),
    conditions: f(6, list(HorizontalPodAutoscalerCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of an autoscaler.' },
)
export type HorizontalPodAutoscalerStatus = TypeOf<typeof HorizontalPodAutoscalerStatus>

export const HorizontalPodAutoscaler = kind(
  'HorizontalPodAutoscaler',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, HorizontalPodAutoscalerSpec).required().always().doc('What to scale, by what, and within which bounds.'),
    status: f(3, HorizontalPodAutoscalerStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Scales an object by the load of its pods.',
    resource: {
      plural: 'horizontalpodautoscalers',
      singular: 'horizontalpodautoscaler',
      shortNames: ['hpa'],
      categories: ['all'],
      namespaced: true,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type HorizontalPodAutoscaler = TypeOf<typeof HorizontalPodAutoscaler>
