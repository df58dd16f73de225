/** The node's server over the kubelet's own parts. */
import type { Pod } from '../../api/core/v1/pod.ts'
import { ApiError } from '../../machinery/api-error.ts'
import { ContainerState } from '../cri/enums.ts'
import type { RuntimeClient } from '../cri/runtime-client.ts'
import type { Kubelet } from '../kubelet.ts'
import type { ContainerReference, NodeBackend } from './node-backend.ts'
import { nodeMetrics, resourceMetrics } from './node-metrics.ts'

const undefinedIfAbsent = (error: unknown): undefined => {
  if (error instanceof ApiError && (error.code === 404 || error.code === 400)) return undefined
  throw error
}

function hasTerminal({ spec }: Pod, name: string): boolean {
  const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])]
  return all.find(container => container.name === name)?.tty === true
}

export function kubeletBackend(
  { containers, manager, stats, containerMetrics, probes, metrics }: Kubelet,
  runtime: RuntimeClient,
): NodeBackend {
  const recordOf = ({ namespace, pod, container, uid = '' }: ContainerReference) =>
    containers.runningContainer(namespace, pod, container, uid)
  return {
    async runningContainer(reference) {
      const record = await recordOf(reference).catch(undefinedIfAbsent)
      if (!record) return undefined
      const pod = containers.pod(reference.namespace, reference.pod, reference.uid)
      return { id: record.id, tty: hasTerminal(pod, reference.container) }
    },
    async runningSandbox(namespace, pod, uid) {
      const worker = manager.byName(namespace, pod)
      if (!worker || (uid !== undefined && worker.uid !== uid)) return undefined
      return worker.runtime.sandboxes.find(({ ready }) => ready)
    },
    async logOf({ namespace, pod, container }, previous) {
      try {
        const { record } = await containers.logFiles(namespace, pod, container, previous)
        const isLive = async () => {
          const worker = manager.byName(namespace, pod)
          if (!worker) return false
          const seen = worker.runtime.containers.find(({ id }) => id === record.id)
          if (seen?.state === 'running' || seen?.state === 'exited') return seen.state === 'running'
          // The worker looks again once it has started the pod's other containers, whose images may be long in coming.
          return (await runtime.containerStatus(record.id))?.state === ContainerState.running
        }
        return { path: record.logPath, isLive: previous ? () => false : isLive }
      } catch (error) {
        if (error instanceof ApiError) return { problem: error.message }
        throw error
      }
    },
    execUrl: async (containerId, command, streams) =>
      new URL(await runtime.execUrl({ containerId, cmd: [...command], ...streams })),
    attachUrl: async (containerId, streams) => new URL(await runtime.attachUrl({ containerId, ...streams })),
    portForwardUrl: async (sandboxId, ports) => new URL(await runtime.portForwardUrl(sandboxId, [...ports])),
    pods: () => containers.pods(),
    statsSummary: () => stats.summary(),
    async metrics(path) {
      switch (path) {
        case '/metrics/cadvisor':
          return containerMetrics.text()
        case '/metrics/probes':
          return probes.metrics()
        case '/metrics/resource':
          return resourceMetrics(await stats.summary())
      }
      return `${nodeMetrics(manager.workers())}${await metrics()}`
    },
  }
}
