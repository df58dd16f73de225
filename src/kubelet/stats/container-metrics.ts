/** What control groups and network namespaces of the node's pods count, as `/metrics/cadvisor` gives it. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import { sandboxImage } from '../containerd/instance.ts'
import type { RuntimeClient } from '../cri/runtime-client.ts'
import type { MachineFacts } from '../node/node-info.ts'
import type { PodManager } from '../pods/pod-manager.ts'
import { readCgroupLimits } from '../resources/cgroup-limits.ts'
import type { Cgroups } from '../resources/cgroups.ts'
import { qosClassOf } from '../resources/qos.ts'
import { containerFamilies, type MeasuredGroup } from './container-families.ts'
import { groupCounters, hasGroup } from './group-counters.ts'
import type { Labels } from './metric-family.ts'
import type { InterfaceCounters } from './network-counters.ts'
import { podNetwork } from './pod-network.ts'

export interface ContainerMetricsOptions {
  readonly runtime: Pick<RuntimeClient, 'listContainerStats'>
  readonly manager: Pick<PodManager, 'workers'>
  readonly cgroups: Cgroups
  readonly clock: Clock
  readonly machine: Pick<MachineFacts, 'cpuCount' | 'memoryBytes' | 'machineId' | 'systemUuid' | 'bootId'>
}

type Worker = ReturnType<PodManager['workers']>[number]

interface Extra {
  readonly startSeconds?: number
  readonly layerBytes?: number | undefined
  readonly interfaces?: readonly InterfaceCounters[]
}

const noLabels = { container: '', id: '', image: '', name: '', namespace: '', pod: '' }

export class ContainerMetrics {
  readonly #options: ContainerMetricsOptions

  constructor(options: ContainerMetricsOptions) {
    this.#options = options
  }

  async text(): Promise<string> {
    const { runtime, manager, cgroups, clock, machine } = this.#options
    const layers = new Map<string, number | undefined>()
    for (const { attributes, writableLayer } of await runtime.listContainerStats())
      layers.set(attributes?.id ?? '', numberOf(writableLayer?.usedBytes?.value))
    const groups = [this.#group('/', { ...noLabels, id: '/' }), this.#group(cgroups.root)]
    for (const worker of manager.workers()) {
      groups.push(...this.#podGroups(worker, layers))
      // Some dozen small files a pod are read in one slice.
      await nextTurn()
    }
    const labels = { boot_id: machine.bootId, machine_id: machine.machineId, system_uuid: machine.systemUuid }
    return containerFamilies(
      groups.filter(group => group !== undefined),
      { cpus: machine.cpuCount, memoryBytes: machine.memoryBytes, labels },
      clock.now() / 1000,
    )
  }

  #podGroups(worker: Worker, layers: ReadonlyMap<string, number | undefined>): (MeasuredGroup | undefined)[] {
    const { cgroups } = this.#options
    const { pod, uid, runtime } = worker
    const qos = qosClassOf(pod)
    const podLabels = { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name }
    const container = (id: string, labels: Labels, extra: Extra) =>
      this.#group(cgroups.containerPathOf(uid, qos, id), { ...noLabels, ...podLabels, ...labels, name: id }, extra)
    const sandbox = runtime.sandboxes.find(({ ready }) => ready)
    return [
      this.#group(cgroups.pathOf(uid, qos), { ...noLabels, ...podLabels }),
      ...(sandbox
        ? [
            container(
              sandbox.id,
              { image: sandboxImage },
              { startSeconds: sandbox.createdAtMs / 1000, interfaces: podNetwork(worker, cgroups) },
            ),
          ]
        : []),
      ...runtime.containers
        .filter(({ state }) => state === 'running')
        .map(({ id, name, image, startedAtMs }) =>
          container(id, { container: name, image }, { startSeconds: startedAtMs / 1000, layerBytes: layers.get(id) }),
        ),
    ]
  }

  /** undefined: it is gone. */
  #group(path: string, labels: Labels = noLabels, extra: Extra = {}): MeasuredGroup | undefined {
    const directories = this.#options.cgroups.directoriesOf(path)
    if (!hasGroup(directories)) return undefined
    return {
      labels: { ...labels, id: path },
      counters: groupCounters(directories),
      limits: readCgroupLimits(directories),
      startSeconds: extra.startSeconds,
      layerBytes: extra.layerBytes,
      interfaces: extra.interfaces ?? [],
    }
  }
}

const numberOf = (value: number | bigint | undefined): number | undefined =>
  value === undefined ? undefined : Number(value)
