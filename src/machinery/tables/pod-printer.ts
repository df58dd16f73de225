/** Pods (upstream: `printPod`). */
import type { ContainerStatus } from '../../api/core/v1/container-status.ts'
import type { Pod, PodStatus } from '../../api/core/v1/pod.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, nameColumn, type Printer, type RowCondition, wideColumn } from './printer.ts'

interface Progress {
  reason: string
  readyContainers: number
  restarts: number
  /** RFC 3339; '' if nothing restarted. */
  lastRestart: string
}

type Terminated = NonNullable<ContainerStatus['state']['terminated']>
const endOf = (terminated: Terminated): string =>
  terminated.reason || (terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`)

const later = (a: string, b: string | undefined): string => (b !== undefined && (a === '' || b > a) ? b : a)

const conditionIs = (status: PodStatus, type: string): boolean =>
  (status.conditions ?? []).some(condition => condition.type === type && condition.status === 'True')

const sidecarsOf = (pod: Pod): Set<string> =>
  new Set((pod.spec.initContainers ?? []).filter(one => one.restartPolicy === 'Always').map(one => one.name))

/** The state of the init containers. `initializing` says that one of them holds up the pod. */
function initProgress(pod: Pod, sidecars: ReadonlySet<string>, reason: string) {
  const all: Progress = { reason, readyContainers: 0, restarts: 0, lastRestart: '' }
  const ofSidecars = { restarts: 0, lastRestart: '' }
  let initializing = false
  for (const [i, status] of (pod.status.initContainerStatuses ?? []).entries()) {
    const { terminated, waiting } = status.state ?? {}
    const finished = status.lastState?.terminated?.finishedAt
    const isSidecar = sidecars.has(status.name)
    all.restarts += status.restartCount
    all.lastRestart = later(all.lastRestart, finished)
    if (isSidecar) {
      ofSidecars.restarts += status.restartCount
      ofSidecars.lastRestart = later(ofSidecars.lastRestart, finished)
    }
    if (terminated?.exitCode === 0) continue
    if (isSidecar && status.started) {
      if (status.ready) all.readyContainers++
      continue
    }
    if (terminated) all.reason = `Init:${endOf(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') all.reason = `Init:${waiting.reason}`
    else all.reason = `Init:${i}/${pod.spec.initContainers?.length ?? 0}`
    initializing = true
    break
  }
  return { all, ofSidecars, initializing }
}

/** The state of the containers: the first one's reason wins. */
function addContainers(pod: Pod, progress: Progress): void {
  let hasRunning = false
  for (const status of [...(pod.status.containerStatuses ?? [])].reverse()) {
    const { waiting, terminated, running } = status.state ?? {}
    progress.restarts += status.restartCount
    progress.lastRestart = later(progress.lastRestart, status.lastState?.terminated?.finishedAt)
    if (waiting?.reason) progress.reason = waiting.reason
    else if (terminated) progress.reason = endOf(terminated)
    else if (status.ready && running) {
      hasRunning = true
      progress.readyContainers++
    }
  }
  if (progress.reason === 'Completed' && hasRunning) {
    progress.reason = conditionIs(pod.status, 'Ready') ? 'Running' : 'NotReady'
  }
}

function progressOf(pod: Pod, sidecars: ReadonlySet<string>): Progress {
  const { status } = pod
  const gated = (status.conditions ?? []).some(
    condition => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated',
  )
  const { all, ofSidecars, initializing } = initProgress(
    pod,
    sidecars,
    gated ? 'SchedulingGated' : status.reason || (status.phase ?? ''),
  )
  const progress = { ...all }
  if (!initializing || conditionIs(status, 'Initialized')) {
    Object.assign(progress, ofSidecars)
    addContainers(pod, progress)
  }
  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') progress.reason = 'Unknown'
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') progress.reason = 'Terminating'
  }
  return progress
}

function readinessGatesOf(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  return `${gates.filter(gate => conditionIs(pod.status, gate.conditionType)).length}/${gates.length}`
}

const completed = (reason: string, message: string): RowCondition[] => [
  { type: 'Completed', status: 'True', reason, message },
]

const statusFields = ['name', 'ready', 'started', 'restartCount', 'state', 'lastState']

export const podPrinter: Printer<Pod> = {
  reads: [
    'metadata',
    ...['nodeName', 'containers.name', 'initContainers.name', 'initContainers.restartPolicy', 'readinessGates'].map(
      path => `spec.${path}`,
    ),
    ...['phase', 'reason', 'podIPs', 'nominatedNodeName'].map(path => `status.${path}`),
    ...['type', 'status', 'reason'].map(path => `status.conditions.${path}`),
    ...['initContainerStatuses', 'containerStatuses'].flatMap(list =>
      statusFields.map(path => `status.${list}.${path}`),
    ),
  ],
  columns: [
    nameColumn,
    column('Ready', 'How many of the containers that should run are ready.'),
    column('Status', 'What all containers together say of the state of the pod.'),
    column('Restarts', 'How often containers were restarted, and when last.'),
    ageColumn,
    wideColumn('IP', 'The address of the pod, once it has one.'),
    wideColumn('Node', 'The node that the pod runs on.'),
    wideColumn('Nominated Node', 'The node on which others are evicted to make room for the pod.'),
    wideColumn('Readiness Gates', 'How many of the conditions hold that must hold before the pod is ready.'),
  ],
  cells(pod, nowMs) {
    const sidecars = sidecarsOf(pod)
    const { reason, readyContainers, restarts, lastRestart } = progressOf(pod, sidecars)
    return [
      pod.metadata.name,
      `${readyContainers}/${(pod.spec.containers ?? []).length + sidecars.size}`,
      reason,
      restarts !== 0 && lastRestart !== '' ? `${restarts} (${ageOf(lastRestart, nowMs)} ago)` : `${restarts}`,
      ageOf(pod.metadata.creationTimestamp, nowMs),
      pod.status.podIPs?.[0]?.ip || '<none>',
      pod.spec.nodeName || '<none>',
      pod.status.nominatedNodeName || '<none>',
      readinessGatesOf(pod),
    ]
  },
  conditions({ status }) {
    if (status.phase === 'Succeeded') return completed('Succeeded', 'The pod has completed successfully.')
    return status.phase === 'Failed' ? completed('Failed', 'The pod failed.') : []
  },
}
