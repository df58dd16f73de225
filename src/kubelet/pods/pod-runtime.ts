/** What the runtime has of a pod: sandboxes and containers, newest first. Found by the labels that the kubelet sets. */
import { ContainerState, SandboxState } from '../cri/enums.ts'
import type { ContainerStatus, PodSandboxStatus, RuntimeClient } from '../cri/runtime-client.ts'
import type { CgroupLimits } from '../resources/cgroup-limits.ts'

/** Labels and annotations on sandboxes and containers; the same names as the stock kubelet's. */
export const criLabel = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
  hash: 'io.kubernetes.container.hash',
  restartCount: 'io.kubernetes.container.restartCount',
  messagePath: 'io.kubernetes.container.terminationMessagePath',
  messagePolicy: 'io.kubernetes.container.terminationMessagePolicy',
  preStop: 'io.kubernetes.container.preStopHandler',
  gracePeriod: 'io.kubernetes.pod.terminationGracePeriod',
} as const

export interface ContainerRecord {
  readonly id: string
  readonly name: string
  readonly sandboxId: string
  readonly state: 'created' | 'running' | 'exited' | 'unknown'
  /** Milliseconds since the epoch; 0 for not yet. */
  readonly createdAtMs: number
  readonly startedAtMs: number
  readonly finishedAtMs: number
  readonly exitCode: number
  readonly reason: string
  readonly message: string
  readonly image: string
  readonly imageRef: string
  readonly hash: string
  readonly restartCount: number
  readonly logPath: string
  readonly messagePath: string
  readonly messagePolicy: string
  readonly annotations: Readonly<Record<string, string>>
  /** Of the mount at the termination message's path; '' for none. */
  readonly messageHostPath: string
  readonly user:
    | { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] }
    | undefined
  readonly stopSignal: number
  /** In force, as far as known; of a running container. */
  readonly limits: CgroupLimits | undefined
}

export interface SandboxRecord {
  readonly id: string
  readonly attempt: number
  readonly ready: boolean
  readonly createdAtMs: number
  readonly hostNetwork: boolean
  readonly ips: readonly string[]
}

export interface PodRuntime {
  readonly sandboxes: readonly SandboxRecord[]
  readonly containers: readonly ContainerRecord[]
}

export const emptyRuntime: PodRuntime = { sandboxes: [], containers: [] }

const states = ['created', 'running', 'exited', 'unknown'] as const
const msOf = (ns: number | bigint | undefined): number => (ns === undefined ? 0 : Number(ns) / 1e6)

export function containerRecordOf(status: ContainerStatus, sandboxId: string): ContainerRecord {
  const annotations = status.annotations ?? {}
  const messagePath = annotations[criLabel.messagePath] ?? ''
  const user = status.user?.linux
  return {
    id: status.id ?? '',
    name: status.labels?.[criLabel.containerName] ?? status.metadata?.name ?? '',
    sandboxId,
    state: states[status.state ?? ContainerState.created] ?? 'unknown',
    createdAtMs: msOf(status.createdAt),
    startedAtMs: msOf(status.startedAt),
    finishedAtMs: msOf(status.finishedAt),
    exitCode: status.exitCode ?? 0,
    reason: status.reason ?? '',
    message: status.message ?? '',
    image: status.image?.userSpecifiedImage || (status.image?.image ?? ''),
    imageRef: status.imageRef ?? '',
    hash: annotations[criLabel.hash] ?? '',
    restartCount: Number(annotations[criLabel.restartCount] ?? status.metadata?.attempt ?? 0),
    logPath: status.logPath ?? '',
    messagePath,
    messagePolicy: annotations[criLabel.messagePolicy] ?? 'File',
    annotations,
    messageHostPath: status.mounts?.find(mount => mount.containerPath === messagePath)?.hostPath ?? '',
    user: user
      ? {
          uid: Number(user.uid ?? 0),
          gid: Number(user.gid ?? 0),
          supplementalGroups: (user.supplementalGroups ?? []).map(Number),
        }
      : undefined,
    stopSignal: status.stopSignal ?? 0,
    limits: limitsOf(status),
  }
}

/** Runtimes before containerd 1.7 say nothing about them. */
function limitsOf({ resources }: ContainerStatus): CgroupLimits | undefined {
  const { cpuShares = 0, cpuQuota = 0, cpuPeriod = 0, memoryLimitInBytes = 0 } = resources?.linux ?? {}
  if (cpuShares === 0 && cpuPeriod === 0 && memoryLimitInBytes === 0) return undefined
  return {
    cpuShares: Number(cpuShares),
    cpuQuotaUs: cpuPeriod > 0 && cpuQuota > 0 ? Number(cpuQuota) : undefined,
    cpuPeriodUs: Number(cpuPeriod),
    memoryBytes: memoryLimitInBytes > 0 ? Number(memoryLimitInBytes) : undefined,
  }
}

export function sandboxRecordOf(status: PodSandboxStatus): SandboxRecord {
  const ips = [status.network?.ip ?? '', ...(status.network?.additionalIps ?? []).map(({ ip }) => ip ?? '')]
  return {
    id: status.id ?? '',
    attempt: status.metadata?.attempt ?? 0,
    ready: (status.state ?? SandboxState.ready) === SandboxState.ready,
    createdAtMs: msOf(status.createdAt),
    hostNetwork: (status.linux?.namespaces?.options?.network ?? 0) === 2,
    ips: ips.filter(ip => ip !== ''),
  }
}

const newestFirst = (a: { readonly createdAtMs: number }, b: { readonly createdAtMs: number }): number =>
  b.createdAtMs - a.createdAtMs

/** An exited container never changes, so its status is asked for once. One reader per pod. */
export class PodRuntimeReader {
  readonly #runtime: RuntimeClient
  readonly #uid: string
  readonly #limitsOf: (containerId: string) => CgroupLimits | undefined
  readonly #ended: (record: ContainerRecord) => void
  /** Undefined before the first look, which finds what has ended long ago. */
  #exited: ReadonlyMap<string, ContainerRecord> | undefined

  /** `limitsOf` is asked where the runtime does not tell the limits of a running container; `ended` hears of each that ends. */
  constructor(
    runtime: RuntimeClient,
    uid: string,
    limitsOf: (containerId: string) => CgroupLimits | undefined = () => undefined,
    ended: (record: ContainerRecord) => void = () => {},
  ) {
    this.#runtime = runtime
    this.#uid = uid
    this.#limitsOf = limitsOf
    this.#ended = ended
  }

  async read(): Promise<PodRuntime> {
    const labelSelector = { [criLabel.podUid]: this.#uid }
    const [sandboxes, containers] = await Promise.all([
      this.#runtime.listPodSandboxes({ labelSelector }),
      this.#runtime.listContainers({ labelSelector }),
    ])
    const sandboxStatuses = await Promise.all(sandboxes.map(({ id }) => this.#runtime.podSandboxStatus(id ?? '')))
    const records = await Promise.all(
      containers.map(async container => {
        const known = this.#exited?.get(container.id ?? '')
        if (known) return known
        const status = await this.#runtime.containerStatus(container.id ?? '')
        if (!status) return undefined
        const record = containerRecordOf(status, container.podSandboxId ?? '')
        return record.state === 'running' && !record.limits ? { ...record, limits: this.#limitsOf(record.id) } : record
      }),
    )
    const found = records.filter(record => record !== undefined)
    const exited = found.filter(({ state }) => state === 'exited')
    if (this.#exited) for (const record of exited) if (!this.#exited.has(record.id)) this.#ended(record)
    this.#exited = new Map(exited.map(record => [record.id, record]))
    return {
      sandboxes: sandboxStatuses
        .filter(status => status !== undefined)
        .map(sandboxRecordOf)
        .sort(newestFirst),
      containers: found.sort(newestFirst),
    }
  }
}

/** The newest container of a name; in one sandbox where given. */
export const latestOf = (runtime: PodRuntime, name: string, sandboxId?: string): ContainerRecord | undefined =>
  runtime.containers.find(
    container => container.name === name && (sandboxId === undefined || container.sandboxId === sandboxId),
  )

export const containerIdOf = (record: ContainerRecord): string => `containerd://${record.id}`
