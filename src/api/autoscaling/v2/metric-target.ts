import { f } from '../../../schema/field.ts'
import { int32, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { message } from './package.ts'

export const CrossVersionObjectReference = message(
  'CrossVersionObjectReference',
  {
    kind: f(1, str).required().always().doc('Kind of the object.'),
    name: f(2, str).required().always().doc('Name of the object.'),
    apiVersion: f(3, str).doc('Group and version of the kind.'),
  },
  { doc: 'An object in the same namespace, in any version of its kind.' },
)
export type CrossVersionObjectReference = TypeOf<typeof CrossVersionObjectReference>

export const MetricIdentifier = message(
  'MetricIdentifier',
  {
    name: f(1, str).required().always().doc('Name of the metric.'),
    selector: f(2, LabelSelector).doc('Labels of the series; all of them if unset.'),
  },
  { doc: 'Names a metric.' },
)
export type MetricIdentifier = TypeOf<typeof MetricIdentifier>

export const MetricTarget = message(
  'MetricTarget',
  {
    type: f(1, str)
      .go('v2.MetricTargetType')
      .required()
      .always()
      .doc('Which member counts: `Utilization`, `Value` or `AverageValue`.'),
    value: f(2, quantity).explicit().doc('Value of the metric as a whole.'),
    averageValue: f(3, quantity).explicit().doc('Average value for each pod.'),
    averageUtilization: f(4, int32)
      .explicit()
      .doc('Average use in percent of what the pods request; for resources alone.'),
  },
  { doc: 'The value that a metric should have.' },
)
export type MetricTarget = TypeOf<typeof MetricTarget>

export const MetricValueStatus = message(
  'MetricValueStatus',
  {
    value: f(1, quantity).explicit().doc('Value of the metric as a whole.'),
    averageValue: f(2, quantity).explicit().doc('Average value for each pod.'),
    averageUtilization: f(3, int32).explicit().doc('Average use in percent of what the pods request.'),
  },
  { doc: 'The value that a metric had.' },
)
export type MetricValueStatus = TypeOf<typeof MetricValueStatus>
