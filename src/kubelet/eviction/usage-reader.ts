/** Measures what pods use: memory by their control groups, layers by the runtime, volumes and logs by walking them. */
import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Spawner } from '../../base/spawner.ts'
import type { ContainerStats, RuntimeClient } from '../cri/runtime-client.ts'
import type { PodRuntime } from '../pods/pod-runtime.ts'
import { cgroupUsage } from '../resources/cgroup-usage.ts'
import type { Cgroups } from '../resources/cgroups.ts'
import { qosClassOf } from '../resources/qos.ts'
import type { VolumeManager } from '../volumes/volume-manager.ts'
import type { ContainerUsage, PodUsage, VolumeUsage } from './pod-usage.ts'

export interface MeasuredPod {
  readonly uid: string
  readonly pod: Pod
  readonly runtime: PodRuntime
}

export interface UsageReaderOptions {
  readonly runtime: RuntimeClient
  readonly cgroups: Cgroups
  readonly volumes: VolumeManager
  readonly spawner: Spawner
}

/** Directories of one `du`, and how long it may take. */
const pathsPerCall = 200
const walkTimeoutMs = 60_000

export class UsageReader {
  readonly #options: UsageReaderOptions

  constructor(options: UsageReaderOptions) {
    this.#options = options
  }

  /** By uid. `inodes` are walked for only where they are asked for. */
  async read(pods: readonly MeasuredPod[], withInodes: boolean): Promise<ReadonlyMap<string, PodUsage>> {
    const byId = new Map<string, ContainerStats>()
    for (const stats of await this.#options.runtime.listContainerStats()) byId.set(stats.attributes?.id ?? '', stats)
    const paths = pods.flatMap(one => this.#emptyDirs(one).map(({ path }) => path))
    const bytes = await this.#walk(paths, '--block-size=1K')
    const inodes = withInodes ? await this.#walk(paths, '--inodes') : new Map<string, number>()
    return new Map(
      pods.map(one => {
        const volumes = this.#emptyDirs(one).map(({ name, path, inMemory }): VolumeUsage => {
          return { name, inMemory, usedBytes: (bytes.get(path) ?? 0) * 1024, inodes: inodes.get(path) ?? 0 }
        })
        return [one.uid, { memoryBytes: this.#memory(one), containers: containersOf(one, byId), volumes }] as const
      }),
    )
  }

  #memory({ uid, pod }: MeasuredPod): number {
    const { cgroups } = this.#options
    return cgroupUsage(cgroups.directoriesOf(cgroups.pathOf(uid, qosClassOf(pod)))).workingSetBytes ?? 0
  }

  #emptyDirs({ uid, pod }: MeasuredPod): { name: string; path: string; inMemory: boolean }[] {
    return (pod.spec.volumes ?? []).flatMap(({ name, emptyDir }) =>
      emptyDir
        ? [{ name, path: this.#options.volumes.emptyDirPath(uid, name), inMemory: emptyDir.medium === 'Memory' }]
        : [],
    )
  }

  async #walk(paths: readonly string[], unit: string): Promise<Map<string, number>> {
    const found = new Map<string, number>()
    for (let at = 0; at < paths.length; at += pathsPerCall) {
      // What vanishes meanwhile makes it fail and still tell the rest.
      const args = ['-s', '-x', unit, '--', ...paths.slice(at, at + pathsPerCall)]
      const { stdout } = await this.#options.spawner.run('du', args, { timeoutMs: walkTimeoutMs })
      for (const line of stdout.split('\n')) {
        const [amount = '', path = ''] = line.split('\t')
        if (path !== '') found.set(path, Number(amount))
      }
    }
    return found
  }
}

function containersOf({ runtime }: MeasuredPod, byId: ReadonlyMap<string, ContainerStats>): ContainerUsage[] {
  return runtime.containers
    .filter(({ state }) => state === 'running')
    .map(({ id, name, logPath }) => {
      const stats = byId.get(id)
      return {
        name,
        memoryBytes: Number(stats?.memory?.workingSetBytes?.value ?? 0),
        rootfsBytes: Number(stats?.writableLayer?.usedBytes?.value ?? 0),
        inodes: Number(stats?.writableLayer?.inodesUsed?.value ?? 0),
        logBytes: directoryBytes(dirname(logPath)),
      }
    })
}

/** Of the files in a flat directory, as logs lie. */
function directoryBytes(path: string): number {
  try {
    return readdirSync(path).reduce((total, name) => total + sizeOf(join(path, name)), 0)
  } catch {
    return 0
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).blocks * 512
  } catch {
    return 0
  }
}
