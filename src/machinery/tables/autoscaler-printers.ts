/** Autoscalers, in both versions. */
import type { HorizontalPodAutoscaler as V1 } from '../../api/autoscaling/v1/horizontal-pod-autoscaler.ts'
import type { HorizontalPodAutoscaler } from '../../api/autoscaling/v2/horizontal-pod-autoscaler.ts'
import type { MetricSpec } from '../../api/autoscaling/v2/metric-spec.ts'
import type { MetricStatus } from '../../api/autoscaling/v2/metric-status.ts'
import type { MetricValueStatus } from '../../api/autoscaling/v2/metric-target.ts'
import { autoscalerToV2 } from '../conversion/horizontal-pod-autoscaler.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, nameColumn, type Printer } from './printer.ts'

const shownMetrics = 2

const percent = (value: number | undefined, unset: string): string => (value === undefined ? unset : `${value}%`)

function targetOf(spec: MetricSpec, status: MetricStatus | undefined): string {
  const unknown = '<unknown>'
  const currentOf = (member: 'external' | 'object' | 'pods' | 'resource' | 'containerResource'): MetricValueStatus =>
    status?.[member]?.current ?? {}
  switch (spec.type) {
    case 'External':
    case 'Object': {
      const [target, current] =
        spec.type === 'External'
          ? [spec.external?.target, currentOf('external')]
          : [spec.object?.target, currentOf('object')]
      return target?.averageValue === undefined
        ? `${current.value ?? unknown}/${target?.value ?? ''}`
        : `${current.averageValue ?? unknown}/${target.averageValue} (avg)`
    }
    case 'Pods':
      return `${currentOf('pods').averageValue ?? unknown}/${spec.pods?.target.averageValue ?? ''}`
    case 'Resource':
    case 'ContainerResource': {
      const [source, current] =
        spec.type === 'Resource'
          ? [spec.resource, currentOf('resource')]
          : [spec.containerResource, currentOf('containerResource')]
      const target = source?.target
      const values =
        target?.averageValue === undefined
          ? `${percent(current.averageUtilization, unknown)}/${percent(target?.averageUtilization, '<auto>')}`
          : `${current.averageValue ?? unknown}/${target.averageValue}`
      return `${source?.name ?? ''}: ${values}`
    }
    default:
      return '<unknown type>'
  }
}

function targetsOf({ spec, status }: HorizontalPodAutoscaler): string {
  const targets = (spec.metrics ?? []).map((metric, i) => targetOf(metric, status.currentMetrics?.[i]))
  if (targets.length === 0) return '<none>'
  const shown = targets.slice(0, shownMetrics).join(', ')
  return targets.length > shownMetrics ? `${shown} + ${targets.length - shownMetrics} more...` : shown
}

export const horizontalPodAutoscalerPrinter: Printer<HorizontalPodAutoscaler> = {
  columns: [
    nameColumn,
    column('Reference', 'What is scaled.'),
    column('Targets', 'The load and the load that is aimed at.'),
    column('MinPods', 'The fewest pods.'),
    column('MaxPods', 'The most pods.'),
    column('Replicas', 'How many pods there are.'),
    ageColumn,
  ],
  cells: (autoscaler, nowMs) => {
    const { metadata, spec, status } = autoscaler
    return [
      metadata.name,
      `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
      targetsOf(autoscaler),
      String(spec.minReplicas ?? '<unset>'),
      spec.maxReplicas,
      status.currentReplicas ?? 0,
      ageOf(metadata.creationTimestamp, nowMs),
    ]
  },
}

export const horizontalPodAutoscalerV1Printer: Printer<V1> = {
  columns: horizontalPodAutoscalerPrinter.columns,
  cells: (autoscaler, nowMs) => horizontalPodAutoscalerPrinter.cells(autoscalerToV2(autoscaler), nowMs),
}
