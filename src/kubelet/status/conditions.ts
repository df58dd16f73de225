/** The conditions that the kubelet owns. Reasons and messages are the ones that clients match on. */
import type { ContainerStatus } from '../../api/core/v1/container-status.ts'
import type { Pod, PodCondition } from '../../api/core/v1/pod.ts'
import { isSidecar } from '../pods/restart-policy.ts'
import type { PodPhase } from './phase.ts'

interface Verdict {
  readonly status: 'True' | 'False'
  readonly reason?: string
  readonly message?: string
}

const yes: Verdict = { status: 'True' }
const no = (reason: string, message?: string): Verdict => ({
  status: 'False',
  reason,
  ...(message === undefined ? {} : { message }),
})

export const ownConditions = [
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
] as const

const listed = (names: readonly string[]): string => `[${names.join(' ')}]`

/** Containers by what is wrong with them, as one message; '' for none. */
function troubleOf(unknown: readonly string[], other: readonly string[], otherWord: string): string {
  const parts: string[] = []
  if (unknown.length > 0) parts.push(`containers with unknown status: ${listed(unknown)}`)
  if (other.length > 0) parts.push(`containers with ${otherWord} status: ${listed(other)}`)
  return parts.join(', ')
}

type Statuses = ReadonlyMap<string, ContainerStatus>

function initialized(pod: Pod, statuses: Statuses, phase: PodPhase): Verdict {
  const init = pod.spec.initContainers ?? []
  const unknown = init.filter(({ name }) => !statuses.has(name)).map(({ name }) => name)
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' }
  const begun = pod.spec.containers.some(({ name }) => {
    const status = statuses.get(name)
    return status?.state.running || status?.state.terminated || status?.lastState.terminated
  })
  if (begun) return yes
  const incomplete = init
    .filter(container => {
      const status = statuses.get(container.name)
      return status && !(isSidecar(container) ? status.started === true : status.ready)
    })
    .map(({ name }) => name)
  const message = troubleOf(unknown, incomplete, 'incomplete')
  return message === '' ? yes : no('ContainersNotInitialized', message)
}

function containersReady(pod: Pod, statuses: Statuses, phase: PodPhase): Verdict {
  const counted = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers].map(({ name }) => name)
  const unknown = counted.filter(name => !statuses.has(name))
  if (phase === 'Succeeded' && unknown.length === 0) return no('PodCompleted')
  if (phase === 'Failed') return no('PodFailed')
  const unready = counted.filter(name => statuses.get(name)?.ready === false)
  const message = troubleOf(unknown, unready, 'unready')
  return message === '' ? yes : no('ContainersNotReady', message)
}

function ready(pod: Pod, containers: Verdict): Verdict {
  if (containers.status !== 'True') return containers
  const messages: string[] = []
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const condition = pod.status.conditions?.find(({ type }) => type === conditionType)
    if (!condition) messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`)
    else if (condition.status !== 'True')
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`)
  }
  return messages.length === 0 ? yes : no('ReadinessGatesNotReady', messages.join(', '))
}

export interface ConditionInput {
  readonly pod: Pod
  readonly statuses: Statuses
  readonly phase: PodPhase
  /** Whether the sandbox is there and has its network. */
  readonly sandboxReady: boolean
  readonly nowIso: string
}

/** With the transition times of conditions whose status did not change kept. */
export function podConditions(input: ConditionInput, old: readonly PodCondition[]): PodCondition[] {
  const { pod, statuses, phase } = input
  const containers = containersReady(pod, statuses, phase)
  const verdicts: Record<(typeof ownConditions)[number], Verdict> = {
    PodReadyToStartContainers: input.sandboxReady ? yes : { status: 'False' },
    Initialized: initialized(pod, statuses, phase),
    Ready: ready(pod, containers),
    ContainersReady: containers,
    PodScheduled: yes,
  }
  return ownConditions.map(type => {
    const verdict = verdicts[type]
    const before = old.find(condition => condition.type === type)
    const kept = before?.status === verdict.status ? before.lastTransitionTime : undefined
    return {
      type,
      ...verdict,
      lastTransitionTime: kept ?? input.nowIso,
      ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    }
  })
}
