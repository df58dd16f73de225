/** What the node's server needs of a pod's containers: which one is meant, its logs, and where its streams are. */
import type { Pod } from '../api/core/v1/pod.ts'
import { ApiError, badRequestError, notFoundError } from '../machinery/api-error.ts'
import { rotatedLogs } from './containers/log-rotation.ts'
import type { RuntimeClient } from './cri/runtime-client.ts'
import type { PodManager } from './pods/pod-manager.ts'
import { type ContainerRecord, PodRuntimeReader } from './pods/pod-runtime.ts'

export interface ExecOptions {
  readonly command: string[]
  readonly tty: boolean
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
}

export class ContainerAccess {
  readonly #manager: PodManager
  readonly #runtime: RuntimeClient

  constructor(manager: PodManager, runtime: RuntimeClient) {
    this.#manager = manager
    this.#runtime = runtime
  }

  /** Pods as the node knows them, with its own view of their status. */
  pods(): Pod[] {
    return this.#manager.workers().map(({ pod, status }) => ({ ...pod, status: { ...pod.status, ...status } }))
  }

  /** Throws 404 if there is no such pod; `uid` '' takes any. */
  pod(namespace: string, name: string, uid = ''): Pod {
    const worker = this.#manager.byName(namespace, name)
    if (!worker || (uid !== '' && worker.uid !== uid)) throw notFoundError('', 'pods', name)
    return worker.pod
  }

  /** The newest container of that name. Throws 404, or 400 while it has never started. */
  async container(namespace: string, podName: string, name: string, uid = ''): Promise<ContainerRecord> {
    return (await this.#records(namespace, podName, name, uid))[0]!
  }

  /** The running container of that name. Throws 404, or 400 if it does not run. */
  async runningContainer(namespace: string, podName: string, name: string, uid = ''): Promise<ContainerRecord> {
    const record = await this.container(namespace, podName, name, uid)
    if (record.state !== 'running') throw badRequestError(`container ${name} in pod ${podName} is not running`)
    return record
  }

  /**
   * The log files of a container, the oldest first (rotated ones may end in `.gz`); of the one before with `previous`.
   * `running` tells whether more may come.
   */
  async logFiles(
    namespace: string,
    podName: string,
    name: string,
    previous = false,
  ): Promise<{ files: string[]; running: boolean; record: ContainerRecord }> {
    const records = await this.#records(namespace, podName, name, '')
    const started = records.filter(({ state }) => state !== 'created')
    const record = previous
      ? started.find(({ state }, index) => state === 'exited' && (index > 0 || started[0]?.state === 'exited'))
      : started[0]
    if (!record)
      throw badRequestError(
        previous
          ? `previous terminated container "${name}" in pod "${podName}" not found`
          : `container "${name}" in pod "${podName}" is waiting to start: ContainerCreating`,
      )
    return { files: [...rotatedLogs(record.logPath), record.logPath], running: record.state === 'running', record }
  }

  async execUrl(record: ContainerRecord, options: ExecOptions): Promise<string> {
    const { command, ...streams } = options
    return await this.#runtime.execUrl({ containerId: record.id, cmd: command, ...streams })
  }

  async attachUrl(record: ContainerRecord, streams: Omit<ExecOptions, 'command'>): Promise<string> {
    return await this.#runtime.attachUrl({ containerId: record.id, ...streams })
  }

  async portForwardUrl(namespace: string, podName: string, ports: number[], uid = ''): Promise<string> {
    const pod = this.pod(namespace, podName, uid)
    const runtime = await new PodRuntimeReader(this.#runtime, pod.metadata.uid).read()
    const sandbox = runtime.sandboxes.find(({ ready }) => ready)
    if (!sandbox) throw notFoundError('', 'pods', podName)
    return await this.#runtime.portForwardUrl(sandbox.id, ports)
  }

  async #records(namespace: string, podName: string, name: string, uid: string): Promise<ContainerRecord[]> {
    const pod = this.pod(namespace, podName, uid)
    const { spec } = pod
    const known = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])].some(
      container => container.name === name,
    )
    if (!known) throw badRequestError(`container ${name} is not valid for pod ${podName}`)
    const runtime = await new PodRuntimeReader(this.#runtime, pod.metadata.uid).read()
    const records = runtime.containers.filter(record => record.name === name)
    if (records.length > 0) return records
    const status = this.#manager.byUid(pod.metadata.uid)?.status
    const all = [
      ...(status?.containerStatuses ?? []),
      ...(status?.initContainerStatuses ?? []),
      ...(status?.ephemeralContainerStatuses ?? []),
    ]
    const waiting = all.find(item => item.name === name)?.state.waiting?.reason ?? 'ContainerCreating'
    throw new ApiError(400, 'BadRequest', `container "${name}" in pod "${podName}" is waiting to start: ${waiting}`)
  }
}
