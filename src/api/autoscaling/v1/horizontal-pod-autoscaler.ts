import { f } from '../../../schema/field.ts'
import { int32, int64, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const CrossVersionObjectReference = message(
  'CrossVersionObjectReference',
  {
    kind: f(1, str).required().always().doc('Kind of the object.'),
    name: f(2, str).required().always().doc('Name of the object.'),
    apiVersion: f(3, str).doc('Group and version of the kind.'),
  },
  { doc: 'An object in the same namespace, in any version of its kind.', mapType: 'atomic' },
)
export type CrossVersionObjectReference = TypeOf<typeof CrossVersionObjectReference>

export const HorizontalPodAutoscalerSpec = message(
  'HorizontalPodAutoscalerSpec',
  {
    scaleTargetRef: f(1, CrossVersionObjectReference).required().always().doc('Object to scale.'),
    minReplicas: f(2, int32).explicit().doc('Smallest number of replicas; 1 by default.'),
    maxReplicas: f(3, int32).required().always().doc('Largest number of replicas.'),
    targetCPUUtilizationPercentage: f(4, int32)
      .explicit()
      .doc('Average CPU use of the pods to aim at, in percent of their requests.'),
  },
  { doc: 'Specification of an autoscaler.' },
)
export type HorizontalPodAutoscalerSpec = TypeOf<typeof HorizontalPodAutoscalerSpec>

export const HorizontalPodAutoscalerStatus = message(
  'HorizontalPodAutoscalerStatus',
  {
    observedGeneration: f(1, int64).explicit().doc('Generation of the specification that this status reflects.'),
    lastScaleTime: f(2, time).explicit().doc('When the number of replicas was last changed.'),
    currentReplicas: f(3, int32).required().always().doc('Number of replicas last seen.'),
    desiredReplicas: f(4, int32).required().always().doc('Number of replicas last computed.'),
    currentCPUUtilizationPercentage: f(5, int32)
      .explicit()
      .doc('Average CPU use last seen, in percent of the requests.'),
  },
  { doc: 'What was last observed of an autoscaler.' },
)
export type HorizontalPodAutoscalerStatus = TypeOf<typeof HorizontalPodAutoscalerStatus>

export const HorizontalPodAutoscaler = kind(
  'HorizontalPodAutoscaler',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, HorizontalPodAutoscalerSpec).required().always().doc('What to scale, and within which bounds.'),
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
      subresources: {
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type HorizontalPodAutoscaler = TypeOf<typeof HorizontalPodAutoscaler>
