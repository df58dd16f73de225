/** The state of a disruption budget (documentation: "Disruptions"; KEP-3017 for pods that are not ready). */
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Condition } from '../../api/meta/v1/condition.ts'
import { PodDisruptionBudget, type PodDisruptionBudgetStatus } from '../../api/policy/v1/pod-disruption-budget.ts'
import { epochMsOf, timeOf } from '../../client/timestamps.ts'
import { type Action, type Plan, updateStatus } from '../runtime/action.ts'
import { resolveIntOrPercent } from '../runtime/int-or-percent.ts'
import { isReady, isTerminating } from '../runtime/pods.ts'
import { same } from '../runtime/same.ts'

/** How long a granted eviction may take until its pod counts as healthy again. */
export const deletionTimeoutMs = 120_000

/** How many pods the controllers of the selected pods want together. */
export interface ExpectedScale {
  readonly replicas: number
  /** Selected pods without a controller. */
  readonly unmanaged: readonly Pod[]
}

export interface BudgetState {
  readonly budget: PodDisruptionBudget
  readonly pods: readonly Pod[]
  /** The error where a controller or its scale could not be found. Only needed where `needsScale`. */
  readonly scale: ExpectedScale | Error | undefined
  readonly nowMs: number
}

/** A budget in terms of a share needs to know of how many; one in plain numbers counts the pods there are. */
export const needsScale = ({ spec }: PodDisruptionBudget): boolean =>
  spec.maxUnavailable !== undefined || typeof spec.minAvailable === 'string'

interface Wanted {
  readonly expectedPods: number
  readonly desiredHealthy: number
}

function wantedOf({ budget, pods, scale }: BudgetState): Wanted {
  const { minAvailable, maxUnavailable } = budget.spec
  if (!needsScale(budget)) return { expectedPods: pods.length, desiredHealthy: Number(minAvailable ?? 0) }
  if (scale instanceof Error) throw scale
  const expectedPods = scale?.replicas ?? 0
  if (maxUnavailable === undefined)
    return { expectedPods, desiredHealthy: resolveIntOrPercent(minAvailable, expectedPods, 'up') }
  const unavailable = resolveIntOrPercent(maxUnavailable, expectedPods, 'up')
  return { expectedPods, desiredHealthy: Math.max(0, expectedPods - unavailable) }
}

export function planBudget(state: BudgetState): Plan {
  const { budget, pods, scale } = state
  const events: Action[] = []
  if (pods.length === 0) events.push(event(budget, 'Normal', 'NoPods', 'No matching pods found'))
  let wanted: Wanted
  try {
    wanted = wantedOf(state)
  } catch (error) {
    const { message } = error as Error
    const why = `Failed to calculate the number of expected pods: ${message}`
    events.push(event(budget, 'Warning', 'CalculateExpectedPodCountFailed', why))
    return { steps: [[...events, ...written(budget, failedStatus(state, message))]], requeueAfterMs: retryMs }
  }
  if (scale && !(scale instanceof Error) && scale.unmanaged.length > 0) {
    const names = scale.unmanaged.map(pod => pod.metadata.name).join(', ')
    const why = `Pods selected by this PodDisruptionBudget have no controller: ${names}. Its status cannot be computed from them; give ".spec.minAvailable" as a number.`
    events.push(event(budget, 'Warning', 'UnmanagedPods', why))
  }
  const { disrupted, undeleted, nextTimeoutMs } = disruptedPods(state)
  for (const pod of undeleted) {
    const { namespace, name } = budget.metadata
    events.push(
      event(pod, 'Warning', 'NotDeleted', `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`),
    )
  }
  return {
    steps: [[...events, ...written(budget, statusOf(state, wanted, disrupted))]],
    ...(nextTimeoutMs === undefined ? {} : { requeueAfterMs: nextTimeoutMs }),
  }
}

/** When a budget whose scale could not be found is looked at again; what it depends on sends no events here. */
const retryMs = 30_000

const event = (on: PodDisruptionBudget | Pod, type: 'Normal' | 'Warning', reason: string, message: string): Action => ({
  do: 'event',
  on,
  type,
  reason,
  message,
})

const written = (budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Action[] =>
  same(status, budget.status) ? [] : [updateStatus(PodDisruptionBudget, { ...budget, status })]

interface Disrupted {
  readonly disrupted: Record<string, string>
  /** Pods whose eviction was granted, and which are still there. */
  readonly undeleted: readonly Pod[]
  readonly nextTimeoutMs: number | undefined
}

/** The granted evictions that are still awaited: those of pods that are gone, going, or overdue count no more. */
function disruptedPods({ budget, pods, nowMs }: BudgetState): Disrupted {
  const granted = budget.status.disruptedPods ?? {}
  const disrupted: Record<string, string> = {}
  const undeleted: Pod[] = []
  let nextTimeoutMs: number | undefined
  for (const pod of pods) {
    const time = granted[pod.metadata.name]
    if (time === undefined || isTerminating(pod)) continue
    const leftMs = epochMsOf(time) + deletionTimeoutMs - nowMs
    if (leftMs < 0) {
      undeleted.push(pod)
      continue
    }
    disrupted[pod.metadata.name] = time
    nextTimeoutMs = Math.min(nextTimeoutMs ?? leftMs + 1, leftMs + 1)
  }
  return { disrupted, undeleted, nextTimeoutMs }
}

function statusOf(
  { budget, pods, nowMs }: BudgetState,
  { expectedPods, desiredHealthy }: Wanted,
  disrupted: Record<string, string>,
): PodDisruptionBudgetStatus {
  const healthy = pods.filter(pod => !isTerminating(pod) && !(pod.metadata.name in disrupted) && isReady(pod))
  const currentHealthy = healthy.length
  // A budget that matches nothing allows nothing: its first pods come before this is computed anew.
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy)
  const { generation } = budget.metadata
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions: withCondition(budget, nowMs, {
      status: disruptionsAllowed > 0 ? 'True' : 'False',
      reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      observedGeneration: generation,
    }),
  }
}

/** Nothing is allowed while the numbers are not known; the rest stays as it was seen last. */
const failedStatus = ({ budget, nowMs }: BudgetState, message: string): PodDisruptionBudgetStatus => ({
  ...budget.status,
  disruptionsAllowed: 0,
  conditions: withCondition(budget, nowMs, {
    status: 'False',
    reason: 'SyncFailed',
    message,
    observedGeneration: budget.status.observedGeneration,
  }),
})

interface Allowed {
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
  readonly observedGeneration: number | undefined
}

function withCondition(budget: PodDisruptionBudget, nowMs: number, allowed: Allowed): Condition[] {
  const before = budget.status.conditions ?? []
  const known = before.find(({ type }) => type === 'DisruptionAllowed')
  const { observedGeneration, status, reason, message } = allowed
  const condition = {
    type: 'DisruptionAllowed',
    status,
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    lastTransitionTime: known?.status === status ? known.lastTransitionTime : timeOf(nowMs),
    reason,
    message,
  }
  return known ? before.map(one => (one === known ? condition : one)) : [...before, condition]
}
