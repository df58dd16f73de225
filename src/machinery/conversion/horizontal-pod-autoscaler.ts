/**
 * The two versions of autoscalers. The older one knows CPU use alone; the rest of what the newer one says it carries in
 * annotations, so that an object read and written in it loses nothing.
 */
import type { HorizontalPodAutoscaler as V1 } from '../../api/autoscaling/v1/horizontal-pod-autoscaler.ts'
import type {
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscaler as V2,
} from '../../api/autoscaling/v2/horizontal-pod-autoscaler.ts'
import type { MetricSpec } from '../../api/autoscaling/v2/metric-spec.ts'
import type { MetricStatus } from '../../api/autoscaling/v2/metric-status.ts'
import { behaviorOf, behaviorText } from './autoscaler-behavior.ts'
import { metricSpecFromV1, metricSpecToV1, metricStatusFromV1, metricStatusToV1 } from './autoscaler-metrics.ts'

const metricsKey = 'autoscaling.alpha.kubernetes.io/metrics'
const currentMetricsKey = 'autoscaling.alpha.kubernetes.io/current-metrics'
const conditionsKey = 'autoscaling.alpha.kubernetes.io/conditions'
const behaviorKey = 'autoscaling.alpha.kubernetes.io/behavior'
const carried = [
  metricsKey,
  currentMetricsKey,
  conditionsKey,
  behaviorKey,
  'autoscaling.alpha.kubernetes.io/scale-down-tolerance',
  'autoscaling.alpha.kubernetes.io/scale-up-tolerance',
] as const

const defaultCpuPercent = 80

const cpuMetric = (averageUtilization: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})

const cpuPercentOf = ({ type, resource }: MetricSpec): number | undefined =>
  type === 'Resource' && resource?.name === 'cpu' ? resource.target.averageUtilization : undefined

type Annotations = Readonly<Record<string, string>>

/** What an annotation carries. One that a user has written and that is no JSON of the wanted shape counts for nothing. */
function read<T>(annotations: Annotations, key: string, isWanted: (value: unknown) => boolean): T | undefined {
  const text = annotations[key]
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isWanted(value) ? (value as T) : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
const isListOfObjects = (value: unknown): boolean => Array.isArray(value) && value.every(isObject)

const withoutNulls = (members: object): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null))

/** Metadata with the given annotations in place of those that carry something. */
function withAnnotations<T extends { annotations?: Record<string, string> }>(
  { annotations, ...metadata }: T,
  added: Annotations,
): T {
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !(carried as readonly string[]).includes(key))
  const all = { ...Object.fromEntries(kept), ...added }
  return (Object.keys(all).length === 0 ? metadata : { ...metadata, annotations: all }) as T
}

export function autoscalerToV2({ metadata, spec, status, ...head }: V1): V2 {
  const annotations = metadata.annotations ?? {}
  const { targetCPUUtilizationPercentage, ...bounds } = spec
  const cpu = targetCPUUtilizationPercentage === undefined ? [] : [cpuMetric(targetCPUUtilizationPercentage)]
  const others = read<object[]>(annotations, metricsKey, isListOfObjects)?.map(metricSpecFromV1) ?? []
  const metrics = [...others, ...cpu]
  const carriedBehavior = annotations[behaviorKey]
  const behavior = carriedBehavior === undefined ? undefined : behaviorOf(carriedBehavior)
  const { currentCPUUtilizationPercentage, currentReplicas, ...counts } = status ?? {}
  const carriedStatuses = read<object[]>(annotations, currentMetricsKey, isListOfObjects)?.map(metricStatusFromV1)
  const cpuStatus: MetricStatus[] | undefined =
    currentCPUUtilizationPercentage === undefined
      ? undefined
      : [
          {
            type: 'Resource',
            resource: { name: 'cpu', current: { averageUtilization: currentCPUUtilizationPercentage } },
          },
        ]
  const currentMetrics = carriedStatuses ?? cpuStatus
  const conditions = read<object[]>(annotations, conditionsKey, isListOfObjects)?.map(withoutNulls)
  return {
    ...head,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(metadata, {}),
    spec: {
      ...bounds,
      metrics: metrics.length === 0 ? [cpuMetric(defaultCpuPercent)] : metrics,
      ...(behavior === undefined ? {} : { behavior }),
    },
    status: {
      ...counts,
      // Zero is not written in the newer version.
      ...(currentReplicas ? { currentReplicas } : {}),
      ...(currentMetrics === undefined ? {} : { currentMetrics }),
      ...(conditions === undefined ? {} : { conditions }),
    },
  } as V2
}

/** In the order of upstream's members, which shows in the text. */
const conditionText = ({ type, status, lastTransitionTime, ...rest }: HorizontalPodAutoscalerCondition) => ({
  type,
  status,
  lastTransitionTime: lastTransitionTime ?? null,
  ...rest,
})

export function autoscalerToV1({ metadata, spec, status, ...head }: V2): V1 {
  const { metrics = [], behavior, ...bounds } = spec
  const { currentMetrics, conditions, ...counts } = status ?? {}
  const target = metrics.map(cpuPercentOf).find(percent => percent !== undefined)
  const others = metrics.filter(metric => cpuPercentOf(metric) === undefined)
  const current = (currentMetrics ?? [])
    .map(({ type, resource }) =>
      type === 'Resource' && resource?.name === 'cpu' ? resource.current.averageUtilization : undefined,
    )
    .findLast(percent => percent !== undefined)
  const added: Record<string, string> = {}
  if (others.length > 0) added[metricsKey] = JSON.stringify(others.map(metricSpecToV1))
  if (currentMetrics?.length) added[currentMetricsKey] = JSON.stringify(currentMetrics.map(metricStatusToV1))
  if (behavior !== undefined) added[behaviorKey] = behaviorText(behavior)
  if (conditions?.length) added[conditionsKey] = JSON.stringify(conditions.map(conditionText))
  return {
    ...head,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(metadata, added),
    spec: { ...bounds, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: {
      ...counts,
      currentReplicas: counts.currentReplicas ?? 0,
      ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
    },
  } as V1
}
