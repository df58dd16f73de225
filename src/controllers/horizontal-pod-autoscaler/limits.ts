/** How fast replicas may change: bounds, policies, and windows in which recommendations are remembered. */
import type { HorizontalPodAutoscalerSpec } from '../../api/autoscaling/v2/horizontal-pod-autoscaler.ts'
import type { HPAScalingRules } from '../../api/autoscaling/v2/scaling-behavior.ts'

const defaultDownWindowSeconds = 300
/** Without a behavior, replicas at most double, or become four. */
const upFactor = 2
const upMinimum = 4

interface Recommendation {
  readonly replicas: number
  readonly atMs: number
}

interface Change {
  /** Always positive. */
  readonly by: number
  readonly atMs: number
}

/** What is remembered of an autoscaler, at most as long as its windows and periods. */
export interface History {
  recommendations: Recommendation[]
  ups: Change[]
  downs: Change[]
}

export const newHistory = (replicas: number, nowMs: number): History => ({
  recommendations: [{ replicas, atMs: nowMs }],
  ups: [],
  downs: [],
})

export interface Said {
  readonly reason: string
  readonly message: string
}

export interface Limited {
  readonly replicas: number
  /** About AbleToScale. */
  readonly stabilized: Said
  /** About ScalingLimited, which is true if `isLimited`. */
  readonly limited: Said
  readonly isLimited: boolean
}

const lowest: Said = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
}
const highest: Said = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}
const ready: Said = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
const tooFast: Said = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}
const tooFastDown: Said = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}
const tooMany: Said = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const tooFew: Said = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
}
const inRange: Said = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' }

/** The replicas that may be set now; remembers what was desired. */
export function limit(
  spec: HorizontalPodAutoscalerSpec,
  history: History,
  current: number,
  desired: number,
  nowMs: number,
): Limited {
  const { behavior, maxReplicas: max } = spec
  const min = spec.minReplicas ?? 1
  const upWindow = behavior?.scaleUp?.stabilizationWindowSeconds ?? 0
  const downWindow = behavior?.scaleDown?.stabilizationWindowSeconds ?? defaultDownWindowSeconds
  const isUp = behavior !== undefined && desired >= current
  const since = (seconds: number) => history.recommendations.filter(({ atMs }) => atMs > nowMs - seconds * 1000)
  const recent = since(isUp ? upWindow : downWindow).map(({ replicas }) => replicas)
  const stable = isUp ? Math.min(desired, ...recent) : Math.max(desired, ...recent)
  history.recommendations = [...since(Math.max(upWindow, downWindow)), { replicas: desired, atMs: nowMs }]
  const [replicas, said] = behavior
    ? byPolicies(behavior, history, current, stable, min, max, nowMs)
    : byBounds(current, stable, min, max)
  return {
    replicas,
    stabilized: stable === desired ? ready : isUp ? lowest : highest,
    limited: said,
    isLimited: replicas !== stable,
  }
}

function byBounds(current: number, desired: number, min: number, max: number): [number, Said] {
  const fastest = Math.max(upFactor * current, upMinimum)
  if (desired < min) return [min, tooFew]
  if (desired > Math.min(max, fastest)) return max > fastest ? [fastest, tooFast] : [max, tooMany]
  return [desired, inRange]
}

function byPolicies(
  { scaleUp, scaleDown }: NonNullable<HorizontalPodAutoscalerSpec['behavior']>,
  history: History,
  current: number,
  desired: number,
  min: number,
  max: number,
  nowMs: number,
): [number, Said] {
  if (desired > current) {
    const fastest = Math.max(current, highestBy(scaleUp, history, current, nowMs))
    if (desired > Math.min(max, fastest)) return max > fastest ? [fastest, tooFast] : [max, tooMany]
  } else if (desired < current) {
    const fastest = Math.min(current, lowestBy(scaleDown, history, current, nowMs))
    if (desired < Math.max(min, fastest)) return min < fastest ? [fastest, tooFastDown] : [min, tooFew]
  }
  return [desired, inRange]
}

/** Replicas at the start of a policy's period: what came or went since is undone. */
function startOf(seconds: number, { ups, downs }: History, current: number, nowMs: number): number {
  const since = (changes: readonly Change[]) =>
    changes.filter(({ atMs }) => atMs > nowMs - seconds * 1000).reduce((sum, { by }) => sum + by, 0)
  return current - since(ups) + since(downs)
}

function highestBy(rules: HPAScalingRules | undefined, history: History, current: number, nowMs: number): number {
  if (rules?.selectPolicy === 'Disabled') return current
  const proposals = (rules?.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = startOf(periodSeconds, history, current, nowMs)
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100))
  })
  return rules?.selectPolicy === 'Min' ? Math.min(...proposals) : Math.max(...proposals)
}

function lowestBy(rules: HPAScalingRules | undefined, history: History, current: number, nowMs: number): number {
  if (rules?.selectPolicy === 'Disabled') return current
  const proposals = (rules?.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = startOf(periodSeconds, history, current, nowMs)
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100))
  })
  return rules?.selectPolicy === 'Min' ? Math.max(...proposals) : Math.min(...proposals)
}

/** Remembers a change for the policies; without any there is nothing to remember. */
export function remember(
  { behavior }: HorizontalPodAutoscalerSpec,
  history: History,
  from: number,
  to: number,
  nowMs: number,
): void {
  if (!behavior || from === to) return
  const longest = (rules: HPAScalingRules | undefined) =>
    Math.max(0, ...(rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds)) * 1000
  const keptMs = Math.max(longest(behavior.scaleUp), longest(behavior.scaleDown))
  const kept = (changes: readonly Change[]) => changes.filter(({ atMs }) => atMs > nowMs - keptMs)
  history.ups = kept(history.ups)
  history.downs = kept(history.downs)
  if (to > from) history.ups.push({ by: to - from, atMs: nowMs })
  else history.downs.push({ by: from - to, atMs: nowMs })
}
