/** Control groups of pods, version 1 and 2 (kernel: Documentation/admin-guide/cgroup-v1, cgroup-v2.rst). */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type CgroupChange, type CgroupLimits, readCgroupLimits, weightOf, writeCgroupLimits } from './cgroup-limits.ts'
import type { PodLimits } from './linux-resources.ts'
import type { QosClass } from './qos.ts'

export type CgroupDriver = 'cgroupfs' | 'systemd'

export interface CgroupsOptions {
  /** Where the hierarchies are mounted. */
  readonly mountPoint?: string
  readonly driver: CgroupDriver
  /** The group that holds all pods, as `/kubepods`. */
  readonly root: string
}

/** A pod's uid as a part of a systemd unit's name. */
const escaped = (text: string): string => text.replaceAll('-', '_')

export class Cgroups {
  readonly version: 1 | 2
  readonly driver: CgroupDriver
  readonly root: string
  readonly #mountPoint: string

  constructor(options: CgroupsOptions) {
    this.#mountPoint = options.mountPoint ?? '/sys/fs/cgroup'
    this.version = existsSync(join(this.#mountPoint, 'cgroup.controllers')) ? 2 : 1
    this.driver = options.driver
    this.root = options.root
  }

  /** The parent that the runtime is given: a path for cgroupfs, a slice's name for systemd. */
  parentOf(uid: string, qos: QosClass): string {
    const tier = qos === 'Guaranteed' ? '' : qos.toLowerCase()
    if (this.driver === 'cgroupfs') return join(this.root, tier, `pod${uid}`)
    const prefix = this.root.replace(/^\//, '').replaceAll('/', '-')
    return `${prefix}${tier === '' ? '' : `-${tier}`}-pod${escaped(uid)}.slice`
  }

  /** The same as a path below the mount point. */
  pathOf(uid: string, qos: QosClass): string {
    const parent = this.parentOf(uid, qos)
    if (this.driver === 'cgroupfs') return parent
    const parts = parent.replace(/\.slice$/, '').split('-')
    return `/${parts.map((_, index) => `${parts.slice(0, index + 1).join('-')}.slice`).join('/')}`
  }

  /** Directories of a group, one a controller; version 2 has one for all. */
  directoriesOf(path: string): ReadonlyMap<string, string> {
    if (this.version === 2) return new Map([['', join(this.#mountPoint, path)]])
    return new Map(
      this.#hierarchies()
        .filter(name => name !== 'unified' && name !== 'systemd')
        .flatMap(name => name.split(',').map(controller => [controller, join(this.#mountPoint, name, path)] as const)),
    )
  }

  /** The same group everywhere, as the runtime makes it: in version 1 also where there is no controller. */
  #everywhere(path: string): string[] {
    const hierarchies = this.version === 2 ? [''] : this.#hierarchies()
    return hierarchies.map(name => join(this.#mountPoint, name, path))
  }

  /** Makes a pod's group with its limits. With systemd, the slice is made by the runtime and has no limits of its own. */
  ensure(uid: string, qos: QosClass, limits: PodLimits): void {
    if (this.driver === 'systemd') return
    const path = this.pathOf(uid, qos)
    if (this.version === 2) {
      const directory = join(this.#mountPoint, path)
      this.#enableControllers(directory)
      write(directory, 'cpu.weight', weightOf(limits.cpuShares))
      write(directory, 'cpu.max', `${limits.cpuQuotaUs ?? 'max'} ${limits.cpuPeriodUs}`)
      write(directory, 'memory.max', limits.memoryBytes ?? 'max')
      return
    }
    for (const [controller, directory] of this.directoriesOf(path)) {
      if (!['cpu', 'cpuacct', 'memory', 'pids'].includes(controller)) continue
      mkdirSync(directory, { recursive: true })
      if (controller === 'cpu') {
        write(directory, 'cpu.shares', limits.cpuShares)
        write(directory, 'cpu.cfs_period_us', limits.cpuPeriodUs)
        write(directory, 'cpu.cfs_quota_us', limits.cpuQuotaUs ?? -1)
      }
      if (controller === 'memory' && limits.memoryBytes !== undefined)
        write(directory, 'memory.limit_in_bytes', limits.memoryBytes)
    }
  }

  /** Where the runtime puts a container of a pod. */
  containerPathOf(uid: string, qos: QosClass, containerId: string): string {
    const name = this.driver === 'cgroupfs' ? containerId : `cri-containerd-${containerId}.scope`
    return join(this.pathOf(uid, qos), name)
  }

  /** Of a pod's group; undefined: there is none. */
  limitsOf(uid: string, qos: QosClass): CgroupLimits | undefined {
    return readCgroupLimits(this.directoriesOf(this.pathOf(uid, qos)))
  }

  /** Of a container's group; undefined: there is none, as after its end. */
  containerLimitsOf(uid: string, qos: QosClass, containerId: string): CgroupLimits | undefined {
    return readCgroupLimits(this.directoriesOf(this.containerPathOf(uid, qos, containerId)))
  }

  /** Changes a pod's group; throws what the kernel refuses. With systemd, the slice has no limits of its own. */
  setLimits(uid: string, qos: QosClass, change: CgroupChange): void {
    if (this.driver === 'cgroupfs') writeCgroupLimits(this.directoriesOf(this.pathOf(uid, qos)), change)
  }

  /** Removes a pod's group in all tiers and hierarchies. A group that still holds processes stays; gives whether any does. */
  remove(uid: string): boolean {
    let busy = false
    for (const qos of ['Guaranteed', 'Burstable', 'BestEffort'] as const)
      for (const directory of this.#everywhere(this.pathOf(uid, qos))) if (!removeTree(directory)) busy = true
    return !busy
  }

  /** Removes the root group; what still holds processes stays. */
  removeRoot(): void {
    for (const directory of this.#everywhere(this.root)) removeTree(directory)
  }

  /** The uids of all pods that have a group. */
  podUids(): string[] {
    const uids = new Set<string>()
    const tiers = this.driver === 'cgroupfs' ? ['', 'burstable', 'besteffort'] : []
    for (const tier of tiers)
      for (const directory of this.#everywhere(join(this.root, tier)))
        for (const name of namesIn(directory)) if (/^pod[0-9a-f-]{32,36}$/.test(name)) uids.add(name.slice(3))
    return [...uids]
  }

  /** Of version 1; controllers may share one, as `cpu,cpuacct`, to which links by the single names lead. */
  #hierarchies(): string[] {
    return namesIn(this.#mountPoint)
  }

  /** In version 2 a child has only the controllers that every parent passes on. */
  #enableControllers(directory: string): void {
    const parent = dirname(directory)
    if (directory !== this.#mountPoint && parent !== dirname(this.#mountPoint)) {
      this.#enableControllers(parent)
      const available = readText(join(parent, 'cgroup.controllers')).trim().split(' ')
      for (const name of ['cpu', 'memory', 'pids', 'io', 'cpuset', 'hugetlb'])
        if (available.includes(name)) write(parent, 'cgroup.subtree_control', `+${name}`)
    }
    mkdirSync(directory, { recursive: true })
  }
}

function write(directory: string, name: string, value: string | number): void {
  try {
    writeFileSync(join(directory, name), `${value}`)
  } catch (error) {
    // A kernel without the controller has no such file; the containers' own limits still hold.
    if (!['ENOENT', 'EACCES', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
  } catch {
    return []
  }
}

/** Control groups are removed leaf first, by rmdir alone. Gives whether it is gone. */
function removeTree(directory: string): boolean {
  for (const name of namesIn(directory)) removeTree(join(directory, name))
  try {
    rmdirSync(directory)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
