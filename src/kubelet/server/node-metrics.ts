/** The node's metrics as Prometheus text (Kubernetes metrics reference; KEP-727 for `/metrics/resource`). */
import type { PodRuntime } from '../pods/pod-runtime.ts'
import { family, type Sample } from '../stats/metric-family.ts'
import type { Summary } from '../stats/summary.ts'

export function nodeMetrics(pods: readonly { readonly runtime: PodRuntime }[]): string {
  const states = new Map<string, number>()
  let running = 0
  for (const { runtime } of pods) {
    if (runtime.sandboxes.some(({ ready }) => ready)) running += 1
    for (const { state } of runtime.containers) states.set(state, (states.get(state) ?? 0) + 1)
  }
  return [
    family('kubelet_running_pods', 'gauge', 'Pods that have a running sandbox.', [[{}, running]]),
    family(
      'kubelet_running_containers',
      'gauge',
      'Containers by their state.',
      [...states].map(([state, count]): Sample => [{ container_state: state }, count]),
    ),
  ].join('')
}

const seconds = (nanoseconds: number | undefined): number | undefined =>
  nanoseconds === undefined ? undefined : nanoseconds / 1e9

export function resourceMetrics({ node, pods }: Summary): string {
  const podLabels = (pod: Summary['pods'][number]) => ({ namespace: pod.podRef.namespace, pod: pod.podRef.name })
  const containers = pods.flatMap(pod =>
    pod.containers.map(container => ({ labels: { container: container.name, ...podLabels(pod) }, container })),
  )
  return [
    family('node_cpu_usage_seconds_total', 'counter', 'CPU time that the node has used, in seconds.', [
      [{}, seconds(node.cpu.usageCoreNanoSeconds)],
    ]),
    family('node_memory_working_set_bytes', 'gauge', 'Working set of the node, in bytes.', [
      [{}, node.memory.workingSetBytes],
    ]),
    family(
      'pod_cpu_usage_seconds_total',
      'counter',
      'CPU time that the pod has used, in seconds.',
      pods.map((pod): Sample => [podLabels(pod), seconds(pod.cpu.usageCoreNanoSeconds)]),
    ),
    family(
      'pod_memory_working_set_bytes',
      'gauge',
      'Working set of the pod, in bytes.',
      pods.map((pod): Sample => [podLabels(pod), pod.memory.workingSetBytes]),
    ),
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'CPU time that the container has used, in seconds.',
      containers.map(({ labels, container }): Sample => [labels, seconds(container.cpu.usageCoreNanoSeconds)]),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Working set of the container, in bytes.',
      containers.map(({ labels, container }): Sample => [labels, container.memory.workingSetBytes]),
    ),
    family(
      'container_start_time_seconds',
      'gauge',
      'Start of the container, in seconds since the epoch.',
      containers.map(({ labels, container }): Sample => [labels, Date.parse(container.startTime) / 1000]),
    ),
  ].join('')
}
