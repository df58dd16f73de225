/**
 * What to do next for a pod, from its spec and the runtime's state alone. Deciding again after every step leads to the
 * wanted state from anywhere; nothing here waits or acts.
 */
import type { Container, EphemeralContainer } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Allocation } from '../resize/allocation.ts'
import { needsRestart } from '../resize/resize-plan.ts'
import { containerHash } from './container-hash.ts'
import { type ContainerRecord, latestOf, type PodRuntime, type SandboxRecord } from './pod-runtime.ts'
import { isSidecar, restartsAfter } from './restart-policy.ts'

export type ContainerType = 'init' | 'regular' | 'ephemeral'

export interface StartAction {
  readonly type: ContainerType
  readonly container: Container
  /** Of an ephemeral container. */
  readonly targetContainerName?: string
}

export interface KillAction {
  readonly record: ContainerRecord
  readonly container: Container
  /** Shown in the event. */
  readonly message: string
  readonly why: 'liveness' | 'startup' | 'changed' | 'resize' | 'unknown'
}

export interface NextActions {
  /** Stop all containers and the sandbox: the pod is done, or gets a new sandbox. */
  readonly killPod: boolean
  readonly createSandbox: boolean
  /** The number of the sandbox to create. */
  readonly attempt: number
  /** The sandbox in use. */
  readonly sandbox: SandboxRecord | undefined
  readonly kill: readonly KillAction[]
  /** In order; each waits for its back-off by itself. */
  readonly start: readonly StartAction[]
}

export interface ProbeView {
  /** By container id; undefined while not known. */
  liveness(containerId: string): boolean | undefined
  startup(containerId: string): boolean | undefined
  /** Whether its postStart hook, if any, is still running. */
  starting(containerId: string): boolean
}

/** Whether a running container counts as started: hook done, startup probe passed. */
export function hasStarted(
  container: Pick<Container, 'startupProbe'>,
  record: ContainerRecord,
  probes: ProbeView,
): boolean {
  if (record.state !== 'running' || probes.starting(record.id)) return false
  return container.startupProbe === undefined || probes.startup(record.id) === true
}

/** The sandbox to keep, or why a new one is needed. */
export function sandboxStateOf(pod: Pod, runtime: PodRuntime): { keep?: SandboxRecord; attempt: number; why: string } {
  const [latest] = runtime.sandboxes
  if (!latest) return { attempt: 0, why: '' }
  const attempt = latest.attempt + 1
  if (runtime.sandboxes.filter(({ ready }) => ready).length > 1)
    return { attempt, why: 'more than one sandbox is ready' }
  if (!latest.ready) return { attempt, why: '' }
  if (latest.hostNetwork !== (pod.spec.hostNetwork ?? false)) return { attempt, why: 'the network namespace changed' }
  if (!latest.hostNetwork && latest.ips.length === 0) return { attempt, why: 'the sandbox has no address' }
  return { keep: latest, attempt: latest.attempt, why: '' }
}

/** `actuated`: what the containers were last given; absent where they have what the pod asks for. */
export function nextActions(
  pod: Pod,
  runtime: PodRuntime,
  probes: ProbeView,
  actuated?: Allocation | undefined,
): NextActions {
  const { keep: sandbox, attempt } = sandboxStateOf(pod, runtime)
  return sandbox ? inSandbox({ pod, runtime, probes, sandbox, actuated }) : withoutSandbox(pod, runtime, attempt)
}

interface Seen {
  readonly pod: Pod
  readonly runtime: PodRuntime
  readonly probes: ProbeView
  readonly sandbox: SandboxRecord
  readonly actuated: Allocation | undefined
}

function withoutSandbox(pod: Pod, runtime: PodRuntime, attempt: number): NextActions {
  const base = { killPod: true, attempt, sandbox: undefined, kill: [] }
  const regular = pod.spec.containers.filter(container => {
    const latest = latestOf(runtime, container.name)
    return latest?.state !== 'exited' || restartsAfter(pod.spec, container, latest.exitCode)
  })
  const failedInit = (pod.spec.initContainers ?? []).some(container => {
    const latest = latestOf(runtime, container.name)
    return (
      !isSidecar(container) &&
      latest?.state === 'exited' &&
      latest.exitCode !== 0 &&
      !restartsAfter(pod.spec, container, latest.exitCode)
    )
  })
  // A pod that has run and would start nothing again gets no new sandbox.
  if (failedInit || regular.length === 0) return { ...base, createSandbox: false, start: [] }
  const [firstInit] = pod.spec.initContainers ?? []
  const start: StartAction[] = firstInit
    ? [{ type: 'init', container: firstInit }]
    : regular.map(container => ({ type: 'regular', container }))
  return { ...base, createSandbox: true, start }
}

function inSandbox(seen: Seen): NextActions {
  const { pod, runtime, sandbox } = seen
  const base = { createSandbox: false, attempt: sandbox.attempt, sandbox }
  const start: StartAction[] = []
  const kill: KillAction[] = []
  const current = (name: string) => latestOf(runtime, name, sandbox.id)

  for (const ephemeral of pod.spec.ephemeralContainers ?? [])
    if (!latestOf(runtime, ephemeral.name ?? '')) start.push(ephemeralAction(ephemeral))

  const initialized = pod.spec.containers.some(({ name }) => current(name) !== undefined)
  const init = initContainers(seen, current, initialized)
  kill.push(...init.kill)
  start.push(...init.start)
  if (init.failed) return { ...base, killPod: true, kill: [], start: [] }
  if (!init.done) return { ...base, killPod: false, kill, start }

  let kept = 0
  for (const container of pod.spec.containers) {
    const record = current(container.name)
    if (record?.state === 'running') {
      const reason = reasonToKill(seen, container, record)
      if (reason) {
        kill.push(reason)
        if (!mustReplace(reason) && !restartsAfter(pod.spec, container, 137)) continue
        start.push({ type: 'regular', container })
      } else kept++
      continue
    }
    const latest = record ?? latestOf(runtime, container.name)
    if (record?.state === 'unknown')
      kill.push({ record, container, why: 'unknown', message: unknownMessage(container) })
    const again = latest?.state !== 'exited' || restartsAfter(pod.spec, container, latest.exitCode)
    if (again) start.push({ type: 'regular', container })
  }
  const regularStarts = start.some(({ type }) => type === 'regular')
  if (kept === 0 && !regularStarts && kill.length === 0) return { ...base, killPod: true, kill: [], start: [] }
  return { ...base, killPod: false, kill, start }
}

/** The container is killed to be started again, whatever the restart policy says of one that ends. */
const mustReplace = ({ why }: KillAction): boolean => why === 'changed' || why === 'resize'

const unknownMessage = (container: Container): string =>
  `Container ${container.name} is in unknown state, try killing it before restart`

function reasonToKill(
  { pod, probes, actuated }: Seen,
  container: Container,
  record: ContainerRecord,
): KillAction | undefined {
  if (record.hash !== '' && record.hash !== containerHash(container))
    return {
      record,
      container,
      why: 'changed',
      message: `Container ${container.name} definition changed, will be restarted`,
    }
  if (container.livenessProbe && probes.liveness(record.id) === false)
    return {
      record,
      container,
      why: 'liveness',
      message: `Container ${container.name} failed liveness probe, will be restarted`,
    }
  if (container.startupProbe && probes.startup(record.id) === false)
    return {
      record,
      container,
      why: 'startup',
      message: `Container ${container.name} failed startup probe, will be restarted`,
    }
  if (actuated && needsRestart(pod, container, actuated))
    return { record, container, why: 'resize', message: `Container ${container.name} resize requires restart` }
  return undefined
}

interface InitOutcome {
  readonly done: boolean
  readonly failed: boolean
  readonly start: readonly StartAction[]
  readonly kill: readonly KillAction[]
}

/**
 * Init containers run one after another; a sidecar only has to have started before the next. Once a regular container
 * exists the pod counts as initialized, and only sidecars are kept alive.
 */
function initContainers(
  seen: Seen,
  current: (name: string) => ContainerRecord | undefined,
  initialized: boolean,
): InitOutcome {
  const { pod, probes } = seen
  const start: StartAction[] = []
  const kill: KillAction[] = []
  for (const container of pod.spec.initContainers ?? []) {
    if (initialized && !isSidecar(container)) continue
    const record = current(container.name)
    if (record?.state === 'running') {
      const reason = reasonToKill(seen, container, record)
      if (reason && (isSidecar(container) || reason.why === 'changed')) {
        kill.push(reason)
        start.push({ type: 'init', container })
      }
      if (initialized || (isSidecar(container) && !reason && hasStarted(container, record, probes))) continue
      return { done: false, failed: false, start, kill }
    }
    if (record?.state === 'exited' && !isSidecar(container)) {
      if (record.exitCode === 0) continue
      if (!restartsAfter(pod.spec, container, record.exitCode))
        return { done: false, failed: true, start: [], kill: [] }
    }
    if (record?.state === 'unknown')
      kill.push({ record, container, why: 'unknown', message: unknownMessage(container) })
    start.push({ type: 'init', container })
    if (!initialized) return { done: false, failed: false, start, kill }
  }
  return { done: true, failed: false, start, kill }
}

function ephemeralAction(ephemeral: EphemeralContainer): StartAction {
  const { targetContainerName, ...container } = ephemeral
  return {
    type: 'ephemeral',
    container: { ...container, name: ephemeral.name ?? '', resources: ephemeral.resources ?? {} } as Container,
    ...(targetContainerName ? { targetContainerName } : {}),
  }
}
