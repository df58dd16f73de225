/** Defaults of autoscalers. */
import type { HorizontalPodAutoscaler as V1 } from '../../api/autoscaling/v1/horizontal-pod-autoscaler.ts'
import type { HorizontalPodAutoscaler } from '../../api/autoscaling/v2/horizontal-pod-autoscaler.ts'
import type { HPAScalingRules } from '../../api/autoscaling/v2/scaling-behavior.ts'

/** What the older version lacks is filled in when it is converted for storage. */
export function defaultAutoscalerV1({ spec }: V1): void {
  spec.minReplicas ??= 1
}

export function defaultAutoscaler({ spec }: HorizontalPodAutoscaler): void {
  spec.minReplicas ??= 1
  if (!spec.metrics?.length) {
    spec.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ]
  }
  if (!spec.behavior) return
  spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  })
  spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  })
}

/** A list of policies that is given and empty stays so: validation tells of it. */
const withDefaults = (rules: HPAScalingRules | undefined, defaults: HPAScalingRules): HPAScalingRules => ({
  ...defaults,
  ...rules,
})
