/** Stops containers gracefully: preStop hook, stop signal, SIGKILL when the grace period is over. */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { LifecycleHandler } from '../../api/core/v1/probe.ts'
import { selectorOfLabels } from '../../machinery/selectors/label-selector.ts'
import { runHook } from '../containers/lifecycle-hooks.ts'
import { type ContainerRecord, criLabel, type PodRuntime } from './pod-runtime.ts'
import { type PodServices, podEvent } from './pod-services.ts'
import { isSidecar } from './restart-policy.ts'

/** What a container gets to end in even when its hook has used the grace period up. */
const minimumSeconds = 2

export interface StopOptions {
  readonly graceSeconds: number
  /** In the event; `Stopping container NAME` where absent. */
  readonly message?: string
  /** Resolves when no new connection is sent to the pod any more: the stop signal waits for it. */
  readonly drained?: Promise<void>
}

/** A pod's stop signal waits at most so long for its endpoints to be out of the node's rules. */
const drainTimeoutMs = 5000

/** The spec of a container by its name; for one that the spec no longer has, what its annotations tell. */
function specOf(pod: Pod, record: ContainerRecord): Container {
  const all = [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []),
    ...((pod.spec.ephemeralContainers ?? []) as unknown as Container[]),
  ]
  const found = all.find(({ name }) => name === record.name)
  if (found) return found
  const preStop = record.annotations[criLabel.preStop]
  const lifecycle = preStop === undefined ? {} : { lifecycle: { preStop: JSON.parse(preStop) as LifecycleHandler } }
  return { name: record.name, resources: {}, ...lifecycle }
}

export async function stopContainer(
  services: PodServices,
  pod: Pod,
  record: ContainerRecord,
  podIp: string,
  options: StopOptions,
): Promise<void> {
  const container = specOf(pod, record)
  const { graceSeconds, message = `Stopping container ${record.name}` } = options
  podEvent(services, pod, 'Normal', 'Killing', message, record.name)
  const { preStop } = container.lifecycle ?? {}
  const startedMs = services.clock.monotonic()
  if (preStop && graceSeconds > 0 && record.state === 'running') {
    const overdue = new AbortController()
    const timer = services.clock.after(graceSeconds * 1000, () => overdue.abort())
    try {
      await Promise.race([
        runHook(services.runtime, preStop, record.id, container, podIp, overdue.signal),
        new Promise<void>((_, reject) => {
          overdue.signal.addEventListener('abort', () => reject(new Error('the grace period is over')), { once: true })
        }),
      ])
    } catch {
      podEvent(services, pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', record.name)
    } finally {
      timer.cancel()
    }
  }
  await options.drained
  const elapsedSeconds = (services.clock.monotonic() - startedMs) / 1000
  const remaining = graceSeconds === 0 ? 0 : Math.max(minimumSeconds, Math.ceil(graceSeconds - elapsedSeconds))
  await services.runtime.stopContainer(record.id, remaining)
}

/** Those that send connections to it, as `namespace/name`. */
function servicesOf(services: PodServices, { metadata }: Pod): string[] {
  const selects = (labels: Readonly<Record<string, string>> = {}): boolean =>
    Object.keys(labels).length > 0 && selectorOfLabels(labels).matches(metadata.labels)
  return services
    .services()
    .filter(service => service.metadata.namespace === metadata.namespace && selects(service.spec.selector))
    .map(service => `${metadata.namespace}/${service.metadata.name}`)
}

/** Stops all containers of a pod: sidecars after the others, the last one first, within one grace period. */
export async function stopContainers(
  services: PodServices,
  pod: Pod,
  runtime: PodRuntime,
  graceSeconds: number,
): Promise<void> {
  const podIp = runtime.sandboxes[0]?.ips[0] ?? services.hostIps()[0] ?? ''
  const alive = runtime.containers.filter(({ state }) => state === 'running' || state === 'unknown')
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name)
  const startedMs = services.clock.monotonic()
  const drained =
    graceSeconds === 0
      ? undefined
      : services.drained(
          { uid: pod.metadata.uid, addresses: runtime.sandboxes[0]?.ips ?? [], services: servicesOf(services, pod) },
          drainTimeoutMs,
        )
  const whenDrained = drained === undefined ? {} : { drained }
  await Promise.all(
    alive
      .filter(({ name }) => !sidecars.includes(name))
      .map(record => stopContainer(services, pod, record, podIp, { graceSeconds, ...whenDrained })),
  )
  for (const name of sidecars.reverse())
    for (const record of alive.filter(candidate => candidate.name === name)) {
      const elapsed = (services.clock.monotonic() - startedMs) / 1000
      const left = graceSeconds === 0 ? 0 : Math.max(minimumSeconds, Math.ceil(graceSeconds - elapsed))
      await stopContainer(services, pod, record, podIp, { graceSeconds: left })
    }
}
