/** Usage of the node and its pods, as `/stats/summary` gives it (k8s.io/kubelet stats v1alpha1). */
import { statfsSync } from 'node:fs'
import type { Clock } from '../../base/clock.ts'
import type { ContainerStats, RuntimeClient } from '../cri/runtime-client.ts'
import { memInfo } from '../node/node-info.ts'
import type { PodManager } from '../pods/pod-manager.ts'
import { cgroupUsage, keyIn, numberIn, text } from '../resources/cgroup-usage.ts'
import type { Cgroups } from '../resources/cgroups.ts'
import { qosClassOf } from '../resources/qos.ts'
import type { InterfaceCounters } from './network-counters.ts'
import { podNetwork } from './pod-network.ts'
import type { MeasuredClaim } from './volume-metrics.ts'

export interface CpuStats {
  readonly time: string
  readonly usageNanoCores?: number
  readonly usageCoreNanoSeconds?: number
}
export interface MemoryStats {
  readonly time: string
  readonly availableBytes?: number
  readonly usageBytes?: number
  readonly workingSetBytes?: number
  readonly rssBytes?: number
}
export interface FsStats {
  readonly time: string
  readonly availableBytes?: number
  readonly capacityBytes?: number
  readonly usedBytes?: number
  readonly inodesFree?: number
  readonly inodes?: number
  readonly inodesUsed?: number
}
export interface InterfaceStats {
  readonly name: string
  readonly rxBytes?: number
  readonly rxErrors?: number
  readonly txBytes?: number
  readonly txErrors?: number
}
/** The figures of the first interface, which is the pod network's, and those of all. */
export interface NetworkStats extends InterfaceStats {
  readonly time: string
  readonly interfaces?: readonly InterfaceStats[]
}
export interface ContainerUsage {
  readonly name: string
  readonly startTime: string
  readonly cpu: CpuStats
  readonly memory: MemoryStats
  readonly rootfs?: FsStats
}
export interface VolumeStats extends FsStats {
  readonly name: string
  readonly pvcRef: { readonly name: string; readonly namespace: string }
}
export interface PodUsage {
  readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string }
  readonly startTime: string
  readonly containers: readonly ContainerUsage[]
  readonly cpu: CpuStats
  readonly memory: MemoryStats
  readonly network?: NetworkStats
  readonly volume?: readonly VolumeStats[]
}
export interface Summary {
  readonly node: {
    readonly nodeName: string
    readonly startTime: string
    readonly cpu: CpuStats
    readonly memory: MemoryStats
    readonly fs: FsStats
    readonly network?: NetworkStats
    readonly runtime: { readonly imageFs: FsStats; readonly containerFs: FsStats }
    readonly rlimit: { readonly time: string; readonly maxpid?: number; readonly curproc?: number }
  }
  readonly pods: readonly PodUsage[]
}

export interface StatsOptions {
  readonly nodeName: string
  readonly runtime: Pick<RuntimeClient, 'listContainerStats'>
  readonly manager: Pick<PodManager, 'workers'>
  readonly cgroups: Cgroups
  readonly clock: Clock
  readonly directory: string
  readonly claims: () => Promise<readonly MeasuredClaim[]>
}

interface Sample {
  readonly atMs: number
  readonly cpuNanoSeconds: number
  rate: number | undefined
}

const bootTimeMs = (): number => Number(keyIn(text('/proc/stat'), 'btime') ?? 0) * 1000
const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T

export class StatsProvider {
  readonly #options: StatsOptions
  /** For rates: as many as containers and pods on the node. */
  #samples = new Map<string, Sample>()

  constructor(options: StatsOptions) {
    this.#options = options
  }

  async summary(): Promise<Summary> {
    const { clock, runtime, manager, directory, nodeName } = this.#options
    const volumes = Map.groupBy(await this.#options.claims(), ({ podUid }) => podUid)
    const nowMs = clock.now()
    const time = iso(nowMs)
    const byPod = new Map<string, ContainerStats[]>()
    for (const stats of await runtime.listContainerStats()) {
      const uid = stats.attributes?.labels?.['io.kubernetes.pod.uid'] ?? ''
      byPod.set(uid, [...(byPod.get(uid) ?? []), stats])
    }
    // Nothing is waited for from here on: who asks meanwhile would find no samples.
    const before = this.#samples
    this.#samples = new Map()
    const disk = fsStats(directory, time)
    const pods = manager.workers().flatMap(worker => {
      const stats = byPod.get(worker.uid)
      if (!stats || worker.runtime.sandboxes.length === 0) return []
      const usage = this.#podUsage(worker, stats, before, nowMs, disk)
      const volume = volumes.get(worker.uid)?.map(claim => volumeStats(claim, time))
      return [{ ...usage, ...(volume ? { volume } : {}) }]
    })
    return {
      node: {
        nodeName,
        startTime: iso(bootTimeMs()),
        cpu: this.#cpu('node', nodeCpuNanoSeconds(), before, nowMs),
        memory: nodeMemory(time),
        fs: disk,
        ...nodeNetwork(time),
        runtime: { imageFs: disk, containerFs: disk },
        rlimit: defined({
          time,
          maxpid: numberIn('/proc/sys/kernel/pid_max'),
          curproc: Number(/\/(\d+)/.exec(text('/proc/loadavg'))?.[1] ?? 0),
        }),
      },
      pods,
    }
  }

  #podUsage(
    worker: ReturnType<PodManager['workers']>[number],
    stats: readonly ContainerStats[],
    before: ReadonlyMap<string, Sample>,
    nowMs: number,
    disk: FsStats,
  ): PodUsage {
    const { pod, runtime, uid } = worker
    const { cgroups } = this.#options
    const time = iso(nowMs)
    const usage = cgroupUsage(cgroups.directoriesOf(cgroups.pathOf(uid, qosClassOf(pod))))
    const containers = stats.flatMap(({ attributes, cpu, memory, writableLayer }) => {
      const record = runtime.containers.find(({ id }) => id === attributes?.id)
      if (record?.state !== 'running') return []
      const nanoSeconds = cpu?.usageCoreNanoSeconds?.value
      return [
        {
          name: record.name,
          startTime: iso(record.startedAtMs),
          cpu: this.#cpu(record.id, nanoSeconds === undefined ? undefined : Number(nanoSeconds), before, nowMs),
          memory: defined({
            time,
            usageBytes: optional(memory?.usageBytes?.value),
            workingSetBytes: optional(memory?.workingSetBytes?.value),
            rssBytes: optional(memory?.rssBytes?.value),
          }),
          rootfs: defined({
            ...disk,
            usedBytes: optional(writableLayer?.usedBytes?.value),
            inodesUsed: optional(writableLayer?.inodesUsed?.value),
          }),
        },
      ]
    })
    const { name, namespace } = pod.metadata
    return {
      podRef: { name, namespace, uid },
      startTime: worker.status.startTime ?? time,
      containers,
      cpu: this.#cpu(uid, usage.cpuNanoSeconds, before, nowMs),
      memory: defined({
        time,
        usageBytes: usage.memoryBytes,
        workingSetBytes: usage.workingSetBytes,
        rssBytes: usage.rssBytes,
      }),
      ...networkStats(podNetwork(worker, cgroups), time),
    }
  }

  /** The rate since the last time it was asked for, at least a second ago. */
  #cpu(key: string, total: number | undefined, before: ReadonlyMap<string, Sample>, nowMs: number): CpuStats {
    const time = iso(nowMs)
    if (total === undefined) return { time }
    const last = before.get(key)
    const elapsedMs = last ? nowMs - last.atMs : 0
    const fresh = !last || elapsedMs >= 1000
    const rate =
      last && fresh ? Math.max(0, Math.round(((total - last.cpuNanoSeconds) / elapsedMs) * 1000)) : last?.rate
    this.#samples.set(key, fresh ? { atMs: nowMs, cpuNanoSeconds: total, rate } : last)
    return defined({ time, usageNanoCores: rate, usageCoreNanoSeconds: total })
  }
}

function volumeStats(claim: MeasuredClaim, time: string): VolumeStats {
  const { name, namespace, volume, podUid: _uid, path: _path, ...figures } = claim
  return { time, ...figures, name: volume, pvcRef: { name, namespace } }
}

function networkStats(counters: readonly InterfaceCounters[], time: string): { network?: NetworkStats } {
  const interfaces = counters.map(
    ({ name, rxBytes, rxErrors, txBytes, txErrors }): InterfaceStats => ({
      name,
      rxBytes,
      rxErrors,
      txBytes,
      txErrors,
    }),
  )
  const [first] = interfaces
  return first ? { network: { time, ...first, interfaces } } : {}
}

const optional = (value: number | undefined): number | undefined => (value === undefined ? undefined : Number(value))

/** Ticks of /proc/stat, all but idle and waiting, in nanoseconds (100 a second on every Linux that counts). */
function nodeCpuNanoSeconds(): number | undefined {
  const fields = /^cpu\s+(.*)$/m.exec(text('/proc/stat'))?.[1]?.split(/\s+/).map(Number)
  if (!fields) return undefined
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields
  return (user + nice + system + irq + softirq + steal) * 10_000_000
}

function nodeMemory(time: string): MemoryStats {
  const content = text('/proc/meminfo')
  const total = memInfo('MemTotal', content)
  const available = memInfo('MemAvailable', content)
  return {
    time,
    availableBytes: available,
    usageBytes: total - memInfo('MemFree', content),
    workingSetBytes: total - available,
    rssBytes: memInfo('AnonPages', content),
  }
}

function nodeNetwork(time: string): { network?: NetworkStats } {
  const name = text('/proc/net/route')
    .split('\n')
    .slice(1)
    .map(line => line.split('\t'))
    .find(([, to]) => to === '00000000')?.[0]
  if (name === undefined) return {}
  const line = text('/proc/net/dev')
    .split('\n')
    .find(candidate => candidate.trim().startsWith(`${name}:`))
  const fields = (line ?? '')
    .slice((line ?? '').indexOf(':') + 1)
    .trim()
    .split(/\s+/)
    .map(Number)
  return {
    network: {
      time,
      name,
      rxBytes: fields[0] ?? 0,
      rxErrors: fields[2] ?? 0,
      txBytes: fields[8] ?? 0,
      txErrors: fields[10] ?? 0,
    },
  }
}

function fsStats(directory: string, time: string): FsStats {
  const { blocks, bavail, bfree, bsize, files, ffree } = statfsSync(directory)
  return {
    time,
    availableBytes: bavail * bsize,
    capacityBytes: blocks * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodesFree: ffree,
    inodes: files,
    inodesUsed: files - ffree,
  }
}
