/** The phase of a pod from its containers' states (Kubernetes documentation, "Pod phase"). */
import type { Container } from '../../api/core/v1/container.ts'
import type { ContainerStatus } from '../../api/core/v1/container-status.ts'
import type { PodStatus } from '../../api/core/v1/pod.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { restartAllReason } from '../pods/restart-all.ts'
import { isSidecar, restartsAfter } from '../pods/restart-policy.ts'

export type PodPhase = NonNullable<PodStatus['phase']>

type Place = 'pending' | 'running' | 'stopped'

interface Standing {
  readonly place: Place
  /** The last exit code once it stopped. */
  readonly exit: number
  /** It was taken away to be started over. */
  readonly isReset?: boolean
}

function placeOf(status: ContainerStatus | undefined): Standing {
  const { state, lastState } = status ?? { state: {}, lastState: {} }
  if (state.running) return { place: 'running', exit: 0 }
  if (state.terminated) return { place: 'stopped', exit: state.terminated.exitCode }
  if (state.waiting && lastState.terminated) {
    const { exitCode, reason } = lastState.terminated
    return { place: 'stopped', exit: exitCode, isReset: reason === restartAllReason }
  }
  return { place: 'pending', exit: 0 }
}

/** `terminal`: the kubelet has decided that nothing runs again and all containers have stopped. */
export function phaseOf(spec: PodSpec, statuses: ReadonlyMap<string, ContainerStatus>, terminal: boolean): PodPhase {
  const regular = spec.containers.map(container => ({ container, ...placeOf(statuses.get(container.name)) }))
  const initialized = regular.some(({ place }) => place !== 'pending')
  for (const container of spec.initContainers ?? []) {
    const { place, exit, isReset } = placeOf(statuses.get(container.name))
    if (isSidecar(container)) {
      const started = statuses.get(container.name)?.started === true
      if (!initialized && (place === 'pending' || (place === 'running' && !started))) return 'Pending'
      continue
    }
    if (place === 'stopped' && exit === 0) continue
    if (place === 'stopped' && !isReset && !restarts(spec, container, exit)) return 'Failed'
    if (!initialized) return 'Pending'
  }
  if (regular.some(({ place }) => place === 'pending')) return terminal && initialized ? 'Failed' : 'Pending'
  if (!terminal && regular.some(({ place }) => place === 'running')) return 'Running'
  if (regular.some(({ place }) => place === 'running')) return 'Running'
  const sidecarsRun = (spec.initContainers ?? []).some(
    container => isSidecar(container) && placeOf(statuses.get(container.name)).place === 'running',
  )
  const final = regular.every(
    ({ container, exit, isReset }) => terminal || (!isReset && !restarts(spec, container, exit)),
  )
  if (!final || sidecarsRun) return 'Running'
  return regular.every(({ exit }) => exit === 0) ? 'Succeeded' : 'Failed'
}

const restarts = (spec: PodSpec, container: Container, exit: number): boolean => restartsAfter(spec, container, exit)
