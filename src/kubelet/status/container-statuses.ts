/** The status of each container of a pod from the runtime's records. */
import type { Container } from '../../api/core/v1/container.ts'
import type { ContainerState, ContainerStatus } from '../../api/core/v1/container-status.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { signalName } from '../cri/enums.ts'
import { type ContainerRecord, containerIdOf, type PodRuntime } from '../pods/pod-runtime.ts'
import { restartAllReason } from '../pods/restart-all.ts'
import { isSidecar, restartsAfter } from '../pods/restart-policy.ts'
import type { Allocation } from '../resize/allocation.ts'
import { containerResourceStatus } from './resource-statuses.ts'

/** Why a container does not run, as the last attempt to start it ended. */
export interface WaitingReason {
  readonly reason: string
  readonly message: string
}

export interface StatusInput {
  readonly pod: Pod
  readonly runtime: PodRuntime
  /** By container name. */
  readonly waiting: ReadonlyMap<string, WaitingReason>
  /** By container id. */
  started(record: ContainerRecord, container: Container): boolean
  ready(record: ContainerRecord, container: Container): boolean
  /** What a stopped container left as its last words; '' for none. */
  lastWords(record: ContainerRecord): string
  /** No container is started any more. */
  readonly terminating: boolean
  /** The pod starts over in place: containers that are gone will be back. */
  readonly restartingAll?: boolean
  /** What the containers were last given; absent where they have what the pod asks for. */
  readonly actuated?: Allocation | undefined
}

const timeOf = (ms: number): string | undefined => (ms > 0 ? `${new Date(ms).toISOString().slice(0, 19)}Z` : undefined)

function terminatedOf(record: ContainerRecord, lastWords: string): NonNullable<ContainerState['terminated']> {
  const startedAt = timeOf(record.startedAtMs)
  const finishedAt = timeOf(record.finishedAtMs)
  const message = lastWords || record.message
  return {
    exitCode: record.exitCode,
    reason: record.reason || (record.exitCode === 0 ? 'Completed' : 'Error'),
    ...(message === '' ? {} : { message }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    containerID: containerIdOf(record),
  }
}

function stateOf(input: StatusInput, record: ContainerRecord): ContainerState {
  if (record.state === 'running') return { running: { startedAt: timeOf(record.startedAtMs) ?? '' } }
  if (record.state === 'exited') return { terminated: terminatedOf(record, input.lastWords(record)) }
  if (record.state === 'unknown')
    return {
      terminated: {
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was terminated',
        containerID: containerIdOf(record),
      },
    }
  return { waiting: { reason: 'ContainerCreating' } }
}

export type StatusKind = 'init' | 'regular' | 'ephemeral'

/** Of one container. `before` is what the API shows now: it outlives containers that the runtime has forgotten. */
function statusOf(
  input: StatusInput,
  container: Container,
  kind: StatusKind,
  before: ContainerStatus | undefined,
): ContainerStatus {
  const records = input.runtime.containers.filter(({ name }) => name === container.name)
  const [latest, previous] = records
  const waiting = input.waiting.get(container.name)
  if (!latest) return unstarted(input, container, kind, before, waiting)
  let state = stateOf(input, latest)
  let lastState: ContainerState = previous?.state === 'exited' ? stateOf(input, previous) : {}
  if (!previous && before?.lastState.terminated && before.containerID === containerIdOf(latest))
    lastState = before.lastState
  if (!previous && before?.lastState.terminated?.reason === restartAllReason) lastState = before.lastState
  if (!previous && before?.state.terminated && before.containerID !== containerIdOf(latest))
    lastState = { terminated: before.state.terminated }
  const willRestart =
    kind !== 'ephemeral' &&
    !input.terminating &&
    latest.state === 'exited' &&
    !(kind === 'init' && !isSidecar(container) && latest.exitCode === 0) &&
    restartsAfter(input.pod.spec, container, latest.exitCode)
  if (waiting && (willRestart || latest.state === 'created')) {
    if (state.terminated) lastState = state
    state = { waiting }
  }
  const started = latest.state === 'running' && input.started(latest, container)
  const ready =
    kind === 'init' && !isSidecar(container)
      ? latest.state === 'exited' && latest.exitCode === 0
      : kind === 'regular' || kind === 'init'
        ? started && input.ready(latest, container)
        : false
  const stopSignal = signalName(latest.stopSignal)
  return {
    name: container.name,
    state,
    lastState,
    ready,
    // After all were taken away, the runtime may not remember.
    restartCount: Math.max(latest.restartCount, before?.restartCount ?? 0),
    image: latest.image,
    imageID: latest.imageRef,
    containerID: containerIdOf(latest),
    started,
    ...resourcesOf(input, container, kind, latest, before),
    ...(latest.user
      ? {
          user: {
            linux: {
              uid: latest.user.uid,
              gid: latest.user.gid,
              supplementalGroups: [...latest.user.supplementalGroups],
            },
          },
        }
      : {}),
    ...mountsOf(container),
    ...(stopSignal === undefined ? {} : { stopSignal: stopSignal as NonNullable<ContainerStatus['stopSignal']> }),
  }
}

function resourcesOf(
  input: StatusInput,
  container: Container,
  kind: StatusKind,
  record: ContainerRecord | undefined,
  before: ContainerStatus | undefined,
): Partial<ContainerStatus> {
  if (kind === 'ephemeral') return { resources: {} }
  return containerResourceStatus(container, record, before, input.actuated?.containers[container.name])
}

function mountsOf(container: Container): Partial<ContainerStatus> {
  if (!container.volumeMounts || container.volumeMounts.length === 0) return {}
  return {
    volumeMounts: container.volumeMounts.map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      ...(readOnly === true ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
    })),
  }
}

const restartAllMessage = 'The container is removed because RestartAllContainers in place'

function unstarted(
  input: StatusInput,
  container: Container,
  kind: StatusKind,
  before: ContainerStatus | undefined,
  waiting: WaitingReason | undefined,
): ContainerStatus {
  const hasInit = (input.pod.spec.initContainers ?? []).length > 0
  const usual = { reason: hasInit && kind !== 'ephemeral' ? 'PodInitializing' : 'ContainerCreating' }
  const base = {
    name: container.name,
    ready: false,
    image: container.image ?? '',
    imageID: '',
    started: false,
  }
  if (input.restartingAll && kind !== 'ephemeral' && before && !before.state.waiting)
    return {
      ...base,
      state: { waiting: { reason: restartAllReason, message: restartAllMessage } },
      lastState: { terminated: { exitCode: 137, reason: restartAllReason, message: restartAllMessage } },
      restartCount: (before.restartCount ?? 0) + 1,
      ...resourcesOf(input, container, kind, undefined, before),
      ...mountsOf(container),
    }
  // The runtime has lost a container that was there: it has ended in a way that nobody saw.
  if (before && (before.state.terminated || before.state.running || before.containerID)) {
    const terminated = before.state.terminated ?? {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was deleted.  The container used to be Running',
    }
    const done = kind === 'init' && !isSidecar(container) && terminated.exitCode === 0
    const over = done || input.terminating || !restartsAfter(input.pod.spec, container, terminated.exitCode)
    return {
      ...before,
      ready: done,
      started: false,
      state: over ? { terminated } : { waiting: waiting ?? usual },
      lastState: over ? before.lastState : { terminated },
    }
  }
  return {
    ...base,
    state: { waiting: waiting ?? usual },
    lastState: before?.lastState ?? {},
    restartCount: before?.restartCount ?? 0,
    ...resourcesOf(input, container, kind, undefined, before),
    ...mountsOf(container),
  }
}

export interface ContainerStatuses {
  readonly init: ContainerStatus[]
  readonly regular: ContainerStatus[]
  readonly ephemeral: ContainerStatus[]
}

export function containerStatuses(input: StatusInput): ContainerStatuses {
  const { pod } = input
  const { status } = pod
  const find = (list: readonly ContainerStatus[] | undefined, name: string) => list?.find(item => item.name === name)
  const ephemeral = (pod.spec.ephemeralContainers ?? []).map(container => ({
    ...(container as unknown as Container),
    name: container.name ?? '',
  }))
  return {
    init: (pod.spec.initContainers ?? []).map(container =>
      statusOf(input, container, 'init', find(status.initContainerStatuses, container.name)),
    ),
    regular: pod.spec.containers.map(container =>
      statusOf(input, container, 'regular', find(status.containerStatuses, container.name)),
    ),
    ephemeral: ephemeral.map(container =>
      statusOf(input, container, 'ephemeral', find(status.ephemeralContainerStatuses, container.name)),
    ),
  }
}
