/** What the kubelet counts of itself, by upstream's names (Kubernetes metrics reference, `kubelet_*`). */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Pod } from '../../api/core/v1/pod.ts'
import { addBuildInfo } from '../../base/build-info.ts'
import { addProcessMetrics } from '../../base/process-metrics.ts'

const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** `/runtime.v1.RuntimeService/RunPodSandbox` is `run_podsandbox`. */
export const operationOf = (path: string): string =>
  path
    .slice(path.lastIndexOf('/') + 1)
    .replace('PodSandbox', 'Podsandbox')
    .replace(/(?<=[a-z])[A-Z]/g, '_$&')
    .toLowerCase()

interface EndedContainer {
  readonly name: string
  readonly exitCode: number
  readonly reason: string
}

export class KubeletMetrics {
  readonly registry = new Registry()
  readonly #operations = this.#counter('runtime_operations_total', 'Calls of the container runtime.', [
    'operation_type',
  ])
  readonly #failures = this.#counter('runtime_operations_errors_total', 'Calls of the container runtime that failed.', [
    'operation_type',
  ])
  readonly #durations = this.#histogram(
    'runtime_operations_duration_seconds',
    'How long calls of the container runtime took, in seconds.',
    ['operation_type'],
  )
  readonly #startedPods = this.#counter('started_pods_total', 'Sandboxes that were started.')
  readonly #startedContainers = this.#counter('started_containers_total', 'Containers that were started.', [
    'container_type',
  ])

  readonly #endedContainers = this.#counter('terminated_containers_total', 'Containers that have ended.', [
    'container_type',
    'exit_code',
    'reason',
  ])

  constructor(nodeName: string, version: string, platform: string) {
    const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? []
    addProcessMetrics(this.registry)
    addBuildInfo(this.registry, { major, minor, gitVersion: version, platform })
    const name = new Gauge({
      name: 'kubelet_node_name',
      help: 'Always 1, with the name of the node.',
      labelNames: ['node'],
      registers: [this.registry],
    })
    name.set({ node: nodeName }, 1)
  }

  /** A call of the runtime by its gRPC path has ended. */
  runtimeCalled(path: string, seconds: number, failed: boolean): void {
    const labels = { operation_type: operationOf(path) }
    this.#operations.inc(labels)
    this.#durations.observe(labels, seconds)
    if (failed) {
      this.#failures.inc(labels)
      return
    }
    if (labels.operation_type === 'run_podsandbox') this.#startedPods.inc()
    if (labels.operation_type === 'start_container') this.#startedContainers.inc({ container_type: 'container' })
  }

  containerEnded({ spec }: Pod, { name, exitCode, reason }: EndedContainer): void {
    const isIn = (containers: readonly { readonly name: string }[] | undefined) =>
      containers?.some(container => container.name === name)
    const type = isIn(spec.initContainers)
      ? 'init_container'
      : isIn(spec.ephemeralContainers)
        ? 'ephemeral_container'
        : 'container'
    this.#endedContainers.inc({ container_type: type, exit_code: `${exitCode}`, reason })
  }

  text(): Promise<string> {
    return this.registry.metrics()
  }

  #counter(name: string, help: string, labelNames: readonly string[] = []): Counter<string> {
    return new Counter({ name: `kubelet_${name}`, help, labelNames, registers: [this.registry] })
  }

  #histogram(name: string, help: string, labelNames: readonly string[]): Histogram<string> {
    return new Histogram({
      name: `kubelet_${name}`,
      help,
      labelNames,
      buckets: defaultBuckets,
      registers: [this.registry],
    })
  }
}
