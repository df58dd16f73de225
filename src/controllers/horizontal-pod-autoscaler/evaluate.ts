/** What each metric of an autoscaler asks for. */
import type { HorizontalPodAutoscaler } from '../../api/autoscaling/v2/horizontal-pod-autoscaler.ts'
import type { MetricSpec } from '../../api/autoscaling/v2/metric-spec.ts'
import type { MetricStatus } from '../../api/autoscaling/v2/metric-status.ts'
import type { MetricIdentifier, MetricTarget } from '../../api/autoscaling/v2/metric-target.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { milliValue, Quantity } from '../../machinery/quantity.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import type { MetricsSource } from './metrics.ts'
import {
  type PodGroup,
  replicasByAverage,
  replicasByShare,
  replicasByUtilization,
  replicasByValue,
  requestsOf,
  type Tolerance,
} from './replicas.ts'

const defaultTolerance = 0.1

export const toleranceOf = ({ behavior }: HorizontalPodAutoscaler['spec']): Tolerance => {
  const of = (text: string | undefined) => (text === undefined ? defaultTolerance : milliValue(text) / 1000)
  return { up: of(behavior?.scaleUp?.tolerance), down: of(behavior?.scaleDown?.tolerance) }
}

export interface Target {
  readonly namespace: string
  readonly selector: string
  readonly pods: readonly Pod[]
  readonly specReplicas: number
  readonly statusReplicas: number
  readonly tolerance: Tolerance
  readonly nowMs: number
}

export interface Evaluated {
  readonly replicas: number
  /** As messages name it. */
  readonly name: string
  readonly status: MetricStatus
}

/** A metric that cannot be read or judged; `reason` is that of the condition. */
export class MetricError extends Error {
  readonly reason: string
  readonly detail: string

  constructor(reason: string, detail: string, message: string) {
    super(message)
    this.reason = reason
    this.detail = detail
  }
}

const quantityOf = (milli: number): string => Quantity.ofMilli(Math.round(milli)).toString()
const selectorOf = ({ selector }: MetricIdentifier): string =>
  selector === undefined ? '' : String(labelSelectorOf(selector))

export async function evaluate(spec: MetricSpec, target: Target, source: MetricsSource): Promise<Evaluated> {
  switch (spec.type) {
    case 'Resource': {
      const { name } = spec.resource!
      const told = [`failed to get ${name} resource metric value: `, `failed to get ${name} utilization: `] as const
      return failing('FailedGetResourceMetric', told, () => ofResource(spec, target, source))
    }
    case 'ContainerResource': {
      const { name, container } = spec.containerResource!
      const told = [
        `failed to get ${name} container metric value: `,
        `failed to get ${name} utilization of container ${container}: `,
      ] as const
      return failing('FailedGetContainerResourceMetric', told, () => ofContainer(spec, target, source))
    }
    case 'Pods':
      return failing('FailedGetPodsMetric', ['failed to get pods metric value: ', ''], () =>
        ofPods(spec, target, source),
      )
    case 'Object':
      return failing('FailedGetObjectMetric', ['failed to get object metric value: ', ''], () =>
        ofObject(spec, target, source),
      )
    case 'External': {
      const { name } = spec.external!.metric
      const told = [`failed to get ${name} external metric value: failed to get ${name} external metric: `, ''] as const
      return failing('FailedGetExternalMetric', told, () => ofExternal(spec, target, source))
    }
    default: {
      const message = `unknown metric source type ${JSON.stringify(spec.type)}`
      throw new MetricError('InvalidMetricSourceType', message, message)
    }
  }
}

/** Conditions and events tell less of the way to a failure than what is said of all metrics together. */
async function failing(
  reason: string,
  [outer, inner]: readonly [outer: string, inner: string],
  work: () => Promise<Evaluated>,
): Promise<Evaluated> {
  try {
    return await work()
  } catch (error) {
    const detail = `${inner}${(error as Error).message}`
    throw new MetricError(reason, detail, `${outer}${detail}`)
  }
}

interface Measured {
  readonly replicas: number
  readonly name: string
  readonly current: { readonly averageValue: string; readonly averageUtilization?: number }
}

async function ofUse(
  { name: resource, target, container }: { name: string; target: MetricTarget; container?: string },
  at: Target,
  source: MetricsSource,
): Promise<Measured> {
  const values = await source
    .resource(at.namespace, at.selector, resource, container)
    .catch(error => Promise.reject(new Error(`unable to get metrics for resource ${resource}: ${error.message}`)))
  const group = groupOf(at, values, resource === 'cpu')
  const what = container === undefined ? 'resource' : 'container resource'
  if (target.averageValue !== undefined) {
    const { replicas, average } = replicasByAverage(group, milliValue(target.averageValue))
    return { replicas, name: `${resource} ${what}`, current: { averageValue: quantityOf(average) } }
  }
  if (target.averageUtilization === undefined) {
    throw new Error(
      `invalid ${what} metric source: neither an average utilization target nor an average value target was set`,
    )
  }
  const requests = requestsOf(at.pods, resource, container)
  const { replicas, average, utilization } = replicasByUtilization(group, requests, target.averageUtilization)
  return {
    replicas,
    name: `${resource} ${what} utilization (percentage of request)`,
    current: {
      averageValue: quantityOf(average),
      ...(utilization === undefined ? {} : { averageUtilization: utilization }),
    },
  }
}

const groupOf = (at: Target, values: PodGroup['values'], isCpu: boolean): PodGroup => ({
  pods: at.pods,
  values,
  currentReplicas: at.specReplicas,
  tolerance: at.tolerance,
  nowMs: at.nowMs,
  isCpu,
})

async function ofResource({ type, resource }: MetricSpec, at: Target, source: MetricsSource): Promise<Evaluated> {
  const { replicas, name, current } = await ofUse(resource!, at, source)
  return { replicas, name, status: { type, resource: { name: resource!.name, current } } }
}

async function ofContainer(
  { type, containerResource }: MetricSpec,
  at: Target,
  source: MetricsSource,
): Promise<Evaluated> {
  const { replicas, name, current } = await ofUse(containerResource!, at, source)
  const { name: resource, container } = containerResource!
  return { replicas, name, status: { type, containerResource: { name: resource, container, current } } }
}

async function ofPods({ type, pods }: MetricSpec, at: Target, source: MetricsSource): Promise<Evaluated> {
  const { metric, target } = pods!
  const values = await source
    .pods(at.namespace, at.selector, metric.name, selectorOf(metric))
    .catch(error => Promise.reject(new Error(`unable to get metric ${metric.name}: ${error.message}`)))
  const { replicas, average } = replicasByAverage(groupOf(at, values, false), milliValue(target.averageValue ?? '0'))
  const current = { averageValue: quantityOf(average) }
  return { replicas, name: `pods metric ${metric.name}`, status: { type, pods: { metric, current } } }
}

async function ofObject({ type, object }: MetricSpec, at: Target, source: MetricsSource): Promise<Evaluated> {
  const { metric, target, describedObject } = object!
  const { kind, name } = describedObject
  const value = await source
    .object(at.namespace, describedObject, metric.name, selectorOf(metric))
    .catch(error =>
      Promise.reject(
        new Error(`unable to get metric ${metric.name}: ${kind} on ${at.namespace} ${name}/${error.message}`),
      ),
    )
  const { replicas, current } = ofWhole(value, target, at)
  return {
    replicas,
    name: `${kind} metric ${metric.name}`,
    status: { type, object: { metric, current, describedObject } },
  }
}

async function ofExternal({ type, external }: MetricSpec, at: Target, source: MetricsSource): Promise<Evaluated> {
  const { metric, target } = external!
  const selector = selectorOf(metric)
  const value = await source
    .external(at.namespace, metric.name, selector)
    .catch(error =>
      Promise.reject(
        new Error(`unable to get external metric ${at.namespace}/${metric.name}/${selector}: ${error.message}`),
      ),
    )
  const { replicas, current } = ofWhole(value, target, at)
  return {
    replicas,
    name: `external metric ${metric.name}(${JSON.stringify(metric.selector ?? null)})`,
    status: { type, external: { metric, current } },
  }
}

/** A value that is not a pod's own: as it is, or shared by all pods. */
function ofWhole(value: number, target: MetricTarget, at: Target) {
  if (target.averageValue !== undefined) {
    const { replicas, average } = replicasByShare(
      at.statusReplicas,
      value,
      milliValue(target.averageValue),
      at.tolerance,
    )
    return { replicas, current: { averageValue: quantityOf(average) } }
  }
  if (target.value === undefined) {
    throw new Error('invalid metric source: neither a value target nor an average value target was set')
  }
  const replicas = replicasByValue(at.pods, at.specReplicas, value, milliValue(target.value), at.tolerance)
  return { replicas, current: { value: quantityOf(value) } }
}
