import { f } from '../../../schema/field.ts'
import { int32, int64, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const CrossVersionObjectReference = message(
  'CrossVersionObjectReference',
  {
    kind: f(1, str).required().always(),
    name: f(2, str).required().always(),
    apiVersion: f(3, str),
  },
  { mapType: 'atomic' },
)
export type CrossVersionObjectReference = TypeOf<typeof CrossVersionObjectReference>

export const HorizontalPodAutoscalerSpec = message('HorizontalPodAutoscalerSpec', {
  scaleTargetRef: f(1, CrossVersionObjectReference).required().always(),
  minReplicas: f(2, int32).explicit(),
  maxReplicas: f(3, int32).required().always(),
  targetCPUUtilizationPercentage: f(4, int32).explicit(),
})
export type HorizontalPodAutoscalerSpec = TypeOf<typeof HorizontalPodAutoscalerSpec>

export const HorizontalPodAutoscalerStatus = message('HorizontalPodAutoscalerStatus', {
  observedGeneration: f(1, int64).explicit(),
  lastScaleTime: f(2, time).explicit(),
  currentReplicas: f(3, int32).required().always(),
  desiredReplicas: f(4, int32).required().always(),
  currentCPUUtilizationPercentage: f(5, int32).explicit(),
})
export type HorizontalPodAutoscalerStatus = TypeOf<typeof HorizontalPodAutoscalerStatus>

export const HorizontalPodAutoscaler = kind(
  'HorizontalPodAutoscaler',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, HorizontalPodAutoscalerSpec).required().always(),
    status: f(3, HorizontalPodAutoscalerStatus).always(),
  },
  {
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
