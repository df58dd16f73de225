import { f } from '../../../schema/field.ts'
import { int32, list, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const HPAScalingPolicy = message(
  'HPAScalingPolicy',
  {
    type: f(1, str)
      .go('v2.HPAScalingPolicyType')
      .required()
      .always()
      .doc('Whether the value counts pods (`Pods`) or percent (`Percent`).'),
    value: f(2, int32).required().always().doc('How much may change; greater than zero.'),
    periodSeconds: f(3, int32).required().always().doc('The period, from 1 to 1800.'),
  },
  { doc: 'How much may change within a period.' },
)
export type HPAScalingPolicy = TypeOf<typeof HPAScalingPolicy>

export const HPAScalingRules = message(
  'HPAScalingRules',
  {
    selectPolicy: f(1, str)
      .go('v2.ScalingPolicySelect')
      .explicit()
      .doc(
        'Which policy counts: the one that allows most (`Max`), least (`Min`), or none (`Disabled`); `Max` by default.',
      ),
    policies: f(2, list(HPAScalingPolicy))
      .explicit()
      .listOf('atomic')
      .doc('The policies; at least one where the list is given.'),
    stabilizationWindowSeconds: f(3, int32)
      .explicit()
      .doc('How long earlier recommendations count, up to 3600; 0 upwards and 300 downwards by default.'),
    tolerance: f(4, quantity)
      .explicit()
      .doc("Deviation from the target that is let be, as a fraction; the cluster's default (0.1) if unset."),
  },
  { doc: 'How fast replicas change in one direction.' },
)
export type HPAScalingRules = TypeOf<typeof HPAScalingRules>

export const HorizontalPodAutoscalerBehavior = message(
  'HorizontalPodAutoscalerBehavior',
  {
    scaleUp: f(1, HPAScalingRules).doc('Upwards; by default four pods or 100 % within 15 seconds.'),
    scaleDown: f(2, HPAScalingRules).doc('Downwards; by default all that is not needed, after five minutes.'),
  },
  { doc: 'How fast replicas change.' },
)
export type HorizontalPodAutoscalerBehavior = TypeOf<typeof HorizontalPodAutoscalerBehavior>
