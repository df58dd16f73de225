import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { CrossVersionObjectReference, MetricIdentifier, MetricValueStatus } from './metric-target.ts'
import { message } from './package.ts'

export const ObjectMetricStatus = message(
  'ObjectMetricStatus',
  {
    metric: f(1, MetricIdentifier).required().always().doc('The metric.'),
    current: f(2, MetricValueStatus).required().always().doc('Its value.'),
    describedObject: f(3, CrossVersionObjectReference).required().always().doc('The object.'),
  },
  { doc: 'Last value of the metric of an object.' },
)
export type ObjectMetricStatus = TypeOf<typeof ObjectMetricStatus>

export const PodsMetricStatus = message(
  'PodsMetricStatus',
  {
    metric: f(1, MetricIdentifier).required().always().doc('The metric.'),
    current: f(2, MetricValueStatus).required().always().doc('Its value.'),
  },
  { doc: 'Last value of a metric of each pod.' },
)
export type PodsMetricStatus = TypeOf<typeof PodsMetricStatus>

export const ResourceMetricStatus = message(
  'ResourceMetricStatus',
  {
    name: f(1, str).go('v1.ResourceName').required().always().doc('Name of the resource.'),
    current: f(2, MetricValueStatus).required().always().doc('Its value.'),
  },
  { doc: 'Last use of a resource by the pods.' },
)
export type ResourceMetricStatus = TypeOf<typeof ResourceMetricStatus>

export const ContainerResourceMetricStatus = message(
  'ContainerResourceMetricStatus',
  {
    name: f(1, str).go('v1.ResourceName').required().always().doc('Name of the resource.'),
    current: f(2, MetricValueStatus).required().always().doc('Its value.'),
    container: f(3, str).required().always().doc('Name of the container.'),
  },
  { doc: 'Last use of a resource by one container of each pod.' },
)
export type ContainerResourceMetricStatus = TypeOf<typeof ContainerResourceMetricStatus>

export const ExternalMetricStatus = message(
  'ExternalMetricStatus',
  {
    metric: f(1, MetricIdentifier).required().always().doc('The metric.'),
    current: f(2, MetricValueStatus).required().always().doc('Its value.'),
  },
  { doc: 'Last value of a metric from outside of the cluster.' },
)
export type ExternalMetricStatus = TypeOf<typeof ExternalMetricStatus>

export const MetricStatus = message(
  'MetricStatus',
  {
    type: f(1, str)
      .go('v2.MetricSourceType')
      .required()
      .always()
      .doc('Where the metric comes from: `Object`, `Pods`, `Resource`, `ContainerResource` or `External`.'),
    object: f(2, ObjectMetricStatus).doc('Metric of another object.'),
    pods: f(3, PodsMetricStatus).doc('Metric of each pod.'),
    resource: f(4, ResourceMetricStatus).doc('Resource that the pods use.'),
    external: f(5, ExternalMetricStatus).doc('Metric from outside of the cluster.'),
    containerResource: f(7, ContainerResourceMetricStatus).doc('Resource that one container of each pod uses.'),
  },
  { doc: 'Last value of a metric; the member that its type names is set.' },
)
export type MetricStatus = TypeOf<typeof MetricStatus>
