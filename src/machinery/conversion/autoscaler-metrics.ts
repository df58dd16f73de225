/** Metrics of autoscalers in the form in which annotations of autoscaling/v1 carry them. */
import type { MetricSpec } from '../../api/autoscaling/v2/metric-spec.ts'
import type { MetricStatus } from '../../api/autoscaling/v2/metric-status.ts'
import type { LabelSelector } from '../../api/meta/v1/label-selector.ts'

interface Reference {
  readonly kind: string
  readonly name: string
  readonly apiVersion?: string
}

/** All members that a metric or its status may have in the older form; each kind of metric uses some. */
interface Flat {
  readonly name?: string
  readonly container?: string
  readonly target?: Reference
  readonly metricName?: string
  readonly selector?: LabelSelector
  readonly metricSelector?: LabelSelector
  readonly averageValue?: string
  readonly targetValue?: string
  readonly targetAverageValue?: string
  readonly targetAverageUtilization?: number
  readonly currentValue?: string
  readonly currentAverageValue?: string
  readonly currentAverageUtilization?: number
}

type Member = 'object' | 'pods' | 'resource' | 'containerResource' | 'external'
type FlatMetric = { readonly type: string } & { readonly [M in Member]?: Flat }

/** Without the members that are unset. */
const set = <T extends object>(members: T): T =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T

const identifier = (name: string | undefined, selector: LabelSelector | undefined) =>
  set({ name: name ?? '', selector })

/** In the order of upstream's members, which shows in the text of the annotation. */
const ordered = (type: string, members: { readonly [M in Member]?: Flat | undefined }): FlatMetric =>
  set({
    type,
    object: members.object,
    pods: members.pods,
    resource: members.resource,
    containerResource: members.containerResource,
    external: members.external,
  }) as FlatMetric

export function metricSpecToV1(metric: MetricSpec): FlatMetric {
  const { object, pods, resource, containerResource, external } = metric
  return ordered(metric.type, {
    object:
      object &&
      set({
        target: object.describedObject,
        metricName: object.metric.name,
        targetValue: object.target.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.target.averageValue,
      }),
    pods:
      pods &&
      set({
        metricName: pods.metric.name,
        targetAverageValue: pods.target.averageValue ?? '0',
        selector: pods.metric.selector,
      }),
    resource:
      resource &&
      set({
        name: resource.name,
        targetAverageUtilization: resource.target.averageUtilization,
        targetAverageValue: resource.target.averageValue,
      }),
    containerResource:
      containerResource &&
      set({
        name: containerResource.name,
        targetAverageUtilization: containerResource.target.averageUtilization,
        targetAverageValue: containerResource.target.averageValue,
        container: containerResource.container,
      }),
    external:
      external &&
      set({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      }),
  })
}

const isZero = (amount: string | undefined): boolean => amount === undefined || Number.parseFloat(amount) === 0

function resourceTarget({ targetAverageUtilization, targetAverageValue }: Flat) {
  return set({
    type: targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
    averageValue: targetAverageValue,
    averageUtilization: targetAverageUtilization,
  })
}

export function metricSpecFromV1(metric: object): MetricSpec {
  const { type, object, pods, resource, containerResource, external } = metric as FlatMetric
  return set({
    type,
    object: object && {
      describedObject: object.target,
      target: set({
        type: object.averageValue === undefined ? 'Value' : 'AverageValue',
        value:
          object.averageValue !== undefined && isZero(object.targetValue) ? undefined : (object.targetValue ?? '0'),
        averageValue: object.averageValue,
      }),
      metric: identifier(object.metricName, object.selector),
    },
    pods: pods && {
      metric: identifier(pods.metricName, pods.selector),
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue ?? '0' },
    },
    resource: resource && { name: resource.name ?? '', target: resourceTarget(resource) },
    containerResource: containerResource && {
      name: containerResource.name ?? '',
      target: resourceTarget(containerResource),
      container: containerResource.container ?? '',
    },
    external: external && {
      metric: identifier(external.metricName, external.metricSelector),
      target: set({
        type: external.targetValue === undefined ? 'AverageValue' : 'Value',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  }) as MetricSpec
}

export function metricStatusToV1(metric: MetricStatus): FlatMetric {
  const { object, pods, resource, containerResource, external } = metric
  return ordered(metric.type, {
    object:
      object &&
      set({
        target: object.describedObject,
        metricName: object.metric.name,
        currentValue: object.current.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.current.averageValue,
      }),
    pods:
      pods &&
      set({
        metricName: pods.metric.name,
        currentAverageValue: pods.current.averageValue ?? '0',
        selector: pods.metric.selector,
      }),
    resource:
      resource &&
      set({
        name: resource.name,
        currentAverageUtilization: resource.current.averageUtilization,
        currentAverageValue: resource.current.averageValue ?? '0',
      }),
    containerResource:
      containerResource &&
      set({
        name: containerResource.name,
        currentAverageUtilization: containerResource.current.averageUtilization,
        currentAverageValue: containerResource.current.averageValue ?? '0',
        container: containerResource.container,
      }),
    external:
      external &&
      set({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        currentValue: external.current.value ?? '0',
        currentAverageValue: external.current.averageValue,
      }),
  })
}

const resourceCurrent = ({ currentAverageUtilization, currentAverageValue }: Flat) =>
  set({ averageValue: currentAverageValue ?? '0', averageUtilization: currentAverageUtilization })

export function metricStatusFromV1(metric: object): MetricStatus {
  const { type, object, pods, resource, containerResource, external } = metric as FlatMetric
  return set({
    type,
    object: object && {
      metric: identifier(object.metricName, object.selector),
      current: set({ value: object.currentValue ?? '0', averageValue: object.averageValue }),
      describedObject: object.target,
    },
    pods: pods && {
      metric: identifier(pods.metricName, pods.selector),
      current: { averageValue: pods.currentAverageValue ?? '0' },
    },
    resource: resource && { name: resource.name ?? '', current: resourceCurrent(resource) },
    containerResource: containerResource && {
      name: containerResource.name ?? '',
      current: resourceCurrent(containerResource),
      container: containerResource.container ?? '',
    },
    external: external && {
      metric: identifier(external.metricName, external.metricSelector),
      current: set({ value: external.currentValue ?? '0', averageValue: external.currentAverageValue }),
    },
  }) as MetricStatus
}
