import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { CrossVersionObjectReference, MetricIdentifier, MetricTarget } from './metric-target.ts'
import { message } from './package.ts'

export const ObjectMetricSource = message(
  'ObjectMetricSource',
  {
    describedObject: f(1, CrossVersionObjectReference).required().always().doc('The object.'),
    target: f(2, MetricTarget).required().always().doc('Value to aim at.'),
    metric: f(3, MetricIdentifier).required().always().doc('The metric.'),
  },
  { doc: 'A metric of an object other than the pods, such as hits per second of an ingress.' },
)
export type ObjectMetricSource = TypeOf<typeof ObjectMetricSource>

export const PodsMetricSource = message(
  'PodsMetricSource',
  {
    metric: f(1, MetricIdentifier).required().always().doc('The metric.'),
    target: f(2, MetricTarget).required().always().doc('Value to aim at; an average.'),
  },
  { doc: 'A metric of each pod, averaged over them.' },
)
export type PodsMetricSource = TypeOf<typeof PodsMetricSource>

export const ResourceMetricSource = message(
  'ResourceMetricSource',
  {
    name: f(1, str).go('v1.ResourceName').required().always().doc('Name of the resource.'),
    target: f(2, MetricTarget).required().always().doc('Value to aim at.'),
  },
  { doc: 'A resource that pods use, such as `cpu`, averaged over them.' },
)
export type ResourceMetricSource = TypeOf<typeof ResourceMetricSource>

export const ContainerResourceMetricSource = message(
  'ContainerResourceMetricSource',
  {
    name: f(1, str).go('v1.ResourceName').required().always().doc('Name of the resource.'),
    target: f(2, MetricTarget).required().always().doc('Value to aim at.'),
    container: f(3, str).required().always().doc('Name of the container.'),
  },
  { doc: 'A resource that one container of each pod uses.' },
)
export type ContainerResourceMetricSource = TypeOf<typeof ContainerResourceMetricSource>

export const ExternalMetricSource = message(
  'ExternalMetricSource',
  {
    metric: f(1, MetricIdentifier).required().always().doc('The metric.'),
    target: f(2, MetricTarget).required().always().doc('Value to aim at.'),
  },
  { doc: 'A metric of something outside of the cluster.' },
)
export type ExternalMetricSource = TypeOf<typeof ExternalMetricSource>

export const MetricSpec = message(
  'MetricSpec',
  {
    type: f(1, str)
      .go('v2.MetricSourceType')
      .required()
      .always()
      .doc('Where the metric comes from: `Object`, `Pods`, `Resource`, `ContainerResource` or `External`.'),
    object: f(2, ObjectMetricSource).doc('Metric of another object.'),
    pods: f(3, PodsMetricSource).doc('Metric of each pod.'),
    resource: f(4, ResourceMetricSource).doc('Resource that the pods use.'),
    external: f(5, ExternalMetricSource).doc('Metric from outside of the cluster.'),
    containerResource: f(7, ContainerResourceMetricSource).doc('Resource that one container of each pod uses.'),
  },
  { doc: 'A metric to scale by; the member that its type names is set.' },
)
export type MetricSpec = TypeOf<typeof MetricSpec>
