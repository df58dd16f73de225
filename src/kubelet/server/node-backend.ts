/** What the node's server needs of the kubelet. Unknown pods and containers are `undefined`. */
import type { Pod } from '../../api/core/v1/pod.ts'
import type { LogSource } from './container-logs.ts'

export interface ContainerReference {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  /** Where given, the pod must be this one. */
  readonly uid?: string
}

export interface NodeBackend {
  /** The running container's id in the runtime. */
  runningContainer(reference: ContainerReference): Promise<{ readonly id: string; readonly tty: boolean } | undefined>
  /** The sandbox of a running pod. */
  runningSandbox(namespace: string, pod: string, uid?: string): Promise<{ readonly id: string } | undefined>
  logOf(reference: ContainerReference, previous: boolean): Promise<LogSource | { readonly problem: string }>
  /** URLs of the runtime's streaming server, each good for one session. */
  execUrl(
    containerId: string,
    command: readonly string[],
    streams: { stdin: boolean; stdout: boolean; stderr: boolean; tty: boolean },
  ): Promise<URL>
  attachUrl(
    containerId: string,
    streams: { stdin: boolean; stdout: boolean; stderr: boolean; tty: boolean },
  ): Promise<URL>
  portForwardUrl(sandboxId: string, ports: readonly number[]): Promise<URL>
  pods(): readonly Pod[]
  /** The stats/v1alpha1 Summary. */
  statsSummary(): Promise<object>
  /** Prometheus text; `path` is `/metrics`, or `/cadvisor`, `/probes` or `/resource` below it. */
  metrics(path: string): Promise<string>
}
