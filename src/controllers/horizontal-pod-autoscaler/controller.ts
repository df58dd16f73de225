/** Scales objects by the load of their pods (documentation: "Horizontal Pod Autoscaling"). */
import type { Scale } from '../../api/autoscaling/v1/scale.ts'
import {
  HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerCondition,
  type HorizontalPodAutoscalerStatus,
} from '../../api/autoscaling/v2/horizontal-pod-autoscaler.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { Client } from '../../client/client.ts'
import { timeOf } from '../../client/timestamps.ts'
import { kindByName } from '../../machinery/scheme.ts'
import { parseLabelSelector } from '../../machinery/selectors/label-selector.ts'
import type { Kind } from '../../schema/kind.ts'
import { type Action, type Plan, updateStatus } from '../runtime/action.ts'
import { type ControllerContext, type ControllerDefinition, keyOf, objectOf } from '../runtime/controller.ts'
import { discoverKinds } from '../runtime/discovery.ts'
import { same } from '../runtime/same.ts'
import { type Evaluated, evaluate, MetricError, toleranceOf } from './evaluate.ts'
import { type History, limit, newHistory, remember } from './limits.ts'
import { MetricsSource } from './metrics.ts'

/** Every autoscaler is looked at this often, whatever happens. */
const periodMs = 15_000

export const horizontalPodAutoscalerController: ControllerDefinition = {
  name: 'horizontal-pod-autoscaler',
  workers: 5,
  build(context) {
    const autoscalers = context.informer(HorizontalPodAutoscaler)
    const scaling = new Scaling(context)
    autoscalers.subscribe(({ type, object }) => {
      if (type === 'deleted') scaling.forget(keyOf(object))
      else context.enqueueAfter(keyOf(object), periodMs)
    })
    return {
      async plan(key) {
        const autoscaler = objectOf(autoscalers, key)
        return autoscaler ? { ...(await scaling.plan(key, autoscaler)), requeueAfterMs: periodMs } : undefined
      },
    }
  },
}

type Event = readonly [type: 'Normal' | 'Warning', reason: string, message: string]

/** The status of an autoscaler while it is worked on, and the events to tell of it. */
class Draft {
  readonly autoscaler: HorizontalPodAutoscaler
  readonly events: Event[] = []
  readonly #nowMs: number
  #status: HorizontalPodAutoscalerStatus

  constructor(autoscaler: HorizontalPodAutoscaler, nowMs: number) {
    this.autoscaler = autoscaler
    this.#nowMs = nowMs
    this.#status = autoscaler.status
  }

  set(type: string, status: 'True' | 'False', reason: string, message: string): void {
    const conditions = this.#status.conditions ?? []
    const known = conditions.find(condition => condition.type === type)
    const isChange = known?.status !== status
    const lastTransitionTime = isChange ? timeOf(this.#nowMs) : known?.lastTransitionTime
    const next = { type, status, lastTransitionTime, reason, message } as HorizontalPodAutoscalerCondition
    this.#status = {
      ...this.#status,
      conditions: known ? conditions.map(old => (old === known ? next : old)) : [...conditions, next],
    }
  }

  warn(reason: string, message: string): void {
    this.events.push(['Warning', reason, message])
  }

  replicas(current: number, desired: number, metrics: HorizontalPodAutoscalerStatus['currentMetrics']): void {
    this.#status = {
      ...this.#status,
      currentReplicas: current,
      desiredReplicas: desired,
      currentMetrics: metrics ?? [],
    }
  }

  scaled(): void {
    this.#status = { ...this.#status, lastScaleTime: timeOf(this.#nowMs) }
  }

  actions(): Action[] {
    const { autoscaler } = this
    const events = this.events.map(
      ([type, reason, message]): Action => ({ do: 'event', on: autoscaler, type, reason, message }),
    )
    if (same(this.#status, autoscaler.status)) return events
    return [...events, updateStatus(HorizontalPodAutoscaler, { ...autoscaler, status: this.#status })]
  }
}

interface Wanted {
  readonly replicas: number
  readonly reason: string
  readonly metrics: HorizontalPodAutoscalerStatus['currentMetrics']
}

class Scaling {
  readonly #context: ControllerContext
  readonly #pods
  readonly #source: MetricsSource
  /** By autoscaler; one is forgotten when it goes. */
  readonly #histories = new Map<string, History>()

  constructor(context: ControllerContext) {
    this.#context = context
    this.#pods = context.informer(Pod)
    this.#source = new MetricsSource(context.client)
  }

  forget(key: string): void {
    this.#histories.delete(key)
  }

  async plan(key: string, autoscaler: HorizontalPodAutoscaler): Promise<Plan> {
    const nowMs = this.#context.clock.now()
    const draft = new Draft(autoscaler, nowMs)
    const { namespace } = autoscaler.metadata
    const { scaleTargetRef: ref, minReplicas: min = 1, maxReplicas: max } = autoscaler.spec
    let kind: Kind
    let scale: Scale
    try {
      kind = await kindOf(this.#context.client, ref.apiVersion ?? '', ref.kind)
      scale = await this.#context.client.of(kind).subresource<Scale>('GET', namespace, ref.name, 'scale')
    } catch (error) {
      const { message } = error as Error
      draft.warn('FailedGetScale', message)
      const told = `the HPA controller was unable to get the target's current scale: ${message}`
      draft.set('AbleToScale', 'False', 'FailedGetScale', told)
      return { steps: [draft.actions()] }
    }
    draft.set(
      'AbleToScale',
      'True',
      'SucceededGetScale',
      "the HPA controller was able to get the target's current scale",
    )
    const current = scale.spec.replicas
    const history = this.#histories.get(key) ?? newHistory(current, nowMs)
    this.#histories.set(key, history)

    let wanted: Wanted
    if (current === 0 && min !== 0) {
      const message = 'scaling is disabled since the replica count of the target is zero'
      draft.set('ScalingActive', 'False', 'ScalingDisabled', message)
      wanted = { replicas: 0, reason: '', metrics: [] }
    } else if (current > max) {
      wanted = { replicas: max, reason: 'Current number of replicas above Spec.MaxReplicas', metrics: [] }
    } else if (current < min) {
      wanted = { replicas: min, reason: 'Current number of replicas below Spec.MinReplicas', metrics: [] }
    } else {
      const measured = await this.#measured(draft, scale, history, nowMs)
      if (!measured) {
        draft.replicas(current, autoscaler.status.desiredReplicas ?? 0, autoscaler.status.currentMetrics)
        return { steps: [draft.actions()] }
      }
      wanted = measured
    }
    if (wanted.replicas === current) {
      draft.replicas(current, current, wanted.metrics)
      return { steps: [draft.actions()] }
    }
    const size = `New size: ${wanted.replicas}; reason: ${wanted.reason}`
    const rescale: Action = {
      do: 'updateStatus',
      kind,
      subresource: 'scale',
      object: { ...scale, spec: { ...scale.spec, replicas: wanted.replicas } },
      reports: {
        on: autoscaler,
        success: ['SuccessfulRescale', size],
        failure: ['FailedRescale', `${size}; error: {error}`],
      },
    }
    return {
      steps: [[rescale]],
      after: failure => {
        if (failure) {
          const message = `the HPA controller was unable to update the target scale: ${failure.message}`
          draft.set('AbleToScale', 'False', 'FailedUpdateScale', message)
          draft.replicas(current, autoscaler.status.desiredReplicas ?? 0, autoscaler.status.currentMetrics)
          return draft.actions()
        }
        const message = `the HPA controller was able to update the target scale to ${wanted.replicas}`
        draft.set('AbleToScale', 'True', 'SucceededRescale', message)
        remember(autoscaler.spec, history, current, wanted.replicas, nowMs)
        draft.replicas(current, wanted.replicas, wanted.metrics)
        draft.scaled()
        return draft.actions()
      },
    }
  }

  /** By the metric that asks for most; undefined if they allow no conclusion. */
  async #measured(draft: Draft, scale: Scale, history: History, nowMs: number): Promise<Wanted | undefined> {
    const { spec, metadata } = draft.autoscaler
    const { namespace } = metadata
    const { selector = '', replicas: statusReplicas } = scale.status
    const current = scale.spec.replicas
    if (selector === '') {
      draft.warn('SelectorRequired', 'selector is required')
      draft.set('ScalingActive', 'False', 'InvalidSelector', "the HPA target's scale is missing a selector")
      return undefined
    }
    const matching = parseLabelSelector(selector)
    const pods = this.#pods.list(namespace).filter(pod => matching.matches(pod.metadata.labels))
    const tolerance = toleranceOf(spec)
    const target = { namespace, selector, pods, specReplicas: current, statusReplicas, tolerance, nowMs }
    const specs = spec.metrics ?? []
    const evaluated: Evaluated[] = []
    const errors: MetricError[] = []
    for (const metric of specs) {
      try {
        evaluated.push(await evaluate(metric, target, this.#source))
      } catch (error) {
        if (!(error instanceof MetricError)) throw error
        draft.warn(error.reason, error.detail)
        errors.push(error)
      }
    }
    const best = evaluated.reduce<Evaluated | undefined>((a, b) => (a && a.replicas >= b.replicas ? a : b), undefined)
    const [first] = errors
    // With part of the metrics missing, less load is no reason to scale down.
    if (first && (!best || best.replicas < current)) {
      const message = `the HPA was unable to compute the replica count: ${first.detail}`
      draft.set('ScalingActive', 'False', first.reason, message)
      const told = `invalid metrics (${errors.length} invalid out of ${specs.length}), first error is: ${first.message}`
      draft.warn('FailedComputeMetricsReplicas', told)
      return undefined
    }
    if (!best) return undefined
    const message = `the HPA was able to successfully calculate a replica count from ${best.name}`
    draft.set('ScalingActive', 'True', 'ValidMetricFound', message)
    const reason =
      best.replicas > current ? `${best.name} above target` : best.replicas < current ? 'All metrics below target' : ''
    const limited = limit(spec, history, current, best.replicas, nowMs)
    draft.set('AbleToScale', 'True', limited.stabilized.reason, limited.stabilized.message)
    draft.set('ScalingLimited', limited.isLimited ? 'True' : 'False', limited.limited.reason, limited.limited.message)
    return { replicas: limited.replicas, reason, metrics: evaluated.map(({ status }) => status) }
  }
}

async function kindOf(client: Client, apiVersion: string, kind: string): Promise<Kind> {
  const declared = kindByName(apiVersion, kind)
  if (declared) return declared
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  const { kinds } = await discoverKinds(client, 'get')
  const found = kinds.find(({ gvk }) => gvk.group === group && gvk.kind === kind)
  if (!found) throw new Error(`no matches for kind "${kind}" in group "${group}"`)
  return found
}
