/** All pods of the node: a worker each, what wakes them, and the removal of what belongs to no pod. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Informer } from '../../client/informer.ts'
import { ContainerState } from '../cri/enums.ts'
import { type ExitEvents, watchExits } from '../cri/exit-events.ts'
import type { RuntimeClient } from '../cri/runtime-client.ts'
import type { Cgroups } from '../resources/cgroups.ts'
import type { VolumeManager } from '../volumes/volume-manager.ts'
import { criLabel } from './pod-runtime.ts'
import type { PodServices } from './pod-services.ts'
import { PodWorker } from './pod-worker.ts'

export interface PodManagerOptions {
  readonly services: PodServices
  /** Pods with spec.nodeName of this node. */
  readonly pods: Informer<Pod>
  readonly runtime: RuntimeClient
  readonly volumes: VolumeManager
  readonly cgroups: Cgroups
  readonly clock: Clock
  readonly log: Logger
}

/** With an event stream, listing only makes sure; without one, it is how exits are noticed. */
const listWithoutEventsMs = 1_000
const listWithEventsMs = 5_000
/** The runtime itself learns of an exit by the same event: its own state may follow a moment later. */
const settleDelaysMs = [5, 20, 60, 200, 600]
const orphanRoundMs = 60_000
const orphanGraceSeconds = 10

export class PodManager {
  readonly #options: PodManagerOptions
  readonly #workers = new Map<string, PodWorker>()
  #unsubscribe: (() => void) | undefined
  #events: ExitEvents | undefined
  #listTimer: Timer | undefined
  #orphanTimer: Timer | undefined
  #seen = new Map<string, string>()
  #stopped = false
  #listing: Promise<void> | undefined

  constructor(options: PodManagerOptions) {
    this.#options = options
  }

  /** After the informer's first list. */
  async start(): Promise<void> {
    const { pods, runtime, clock } = this.#options
    await pods.synced()
    this.#unsubscribe = pods.subscribe(({ type, object, old }) => {
      if (type === 'deleted') return this.#gone(object.metadata.uid)
      if (old && old.metadata.uid !== object.metadata.uid) this.#gone(old.metadata.uid)
      if (object.metadata.annotations?.[mirrorAnnotation] === undefined) this.put(object, false)
    })
    this.#events = watchExits(runtime, clock, id => void this.#exited(id))
    await this.#removeOrphans()
    this.#scheduleList()
    this.#scheduleOrphans()
  }

  /** A pod from any source, new or changed. */
  put(pod: Pod, isStatic: boolean): void {
    const known = this.#workers.get(pod.metadata.uid)
    if (known) {
      known.update(pod)
      return
    }
    const worker = new PodWorker(this.#options.services, pod, {
      isStatic,
      onGone: uid => {
        if (this.#workers.get(uid) === worker) this.#workers.delete(uid)
      },
    })
    this.#workers.set(pod.metadata.uid, worker)
    worker.update(pod)
  }

  #gone(uid: string): void {
    this.#workers.get(uid)?.remove()
  }

  /** Removes a static pod whose manifest is gone. */
  removeStatic(uid: string): void {
    this.#gone(uid)
  }

  wake(uid: string): void {
    this.#workers.get(uid)?.wake()
  }

  workers(): readonly PodWorker[] {
    return [...this.#workers.values()]
  }

  byUid(uid: string): PodWorker | undefined {
    return this.#workers.get(uid)
  }

  byName(namespace: string, name: string): PodWorker | undefined {
    return this.workers().find(({ pod }) => pod.metadata.namespace === namespace && pod.metadata.name === name)
  }

  /** Stops looking; containers go on. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#unsubscribe?.()
    this.#events?.stop()
    this.#listTimer?.cancel()
    this.#orphanTimer?.cancel()
    await Promise.all(this.workers().map(worker => worker.stop()))
    await this.#listing
  }

  async #exited(containerId: string): Promise<void> {
    for (const delayMs of settleDelaysMs) {
      await new Promise<void>(resolve => void this.#options.clock.after(delayMs, resolve))
      if (this.#stopped) return
      try {
        const [container] = await this.#options.runtime.listContainers({ id: containerId })
        // A sandbox's own container is listed elsewhere: look at everything.
        if (!container) return await this.#list()
        if ((container.state ?? 0) === ContainerState.exited) {
          this.#seen.set(containerId, `c${container.state}`)
          return this.wake(container.labels?.[criLabel.podUid] ?? '')
        }
      } catch {
        return
      }
    }
  }

  #scheduleList(): void {
    if (this.#stopped) return
    const delayMs = this.#events?.source() === 'none' ? listWithoutEventsMs : listWithEventsMs
    this.#listTimer = this.#options.clock.after(delayMs, () => {
      this.#listing = this.#list().finally(() => this.#scheduleList())
    })
  }

  /** Wakes the pods whose sandboxes or containers are not as they were at the last listing. */
  async #list(): Promise<void> {
    const { runtime, log } = this.#options
    try {
      const [sandboxes, containers] = await Promise.all([runtime.listPodSandboxes(), runtime.listContainers()])
      const now = new Map<string, string>()
      const changed = new Set<string>()
      const note = (id: string, state: string, uid: string) => {
        now.set(id, state)
        if (this.#seen.get(id) !== state) changed.add(uid)
      }
      for (const { id = '', state, labels } of sandboxes) note(id, `s${state ?? 0}`, labels?.[criLabel.podUid] ?? '')
      for (const { id = '', state, labels } of containers) note(id, `c${state ?? 0}`, labels?.[criLabel.podUid] ?? '')
      for (const worker of this.workers())
        for (const { id } of [
          ...worker.runtime.sandboxes,
          ...worker.runtime.containers.filter(({ state }) => state === 'running'),
        ])
          if (!now.has(id)) changed.add(worker.uid)
      this.#seen = now
      for (const uid of changed) this.wake(uid)
    } catch (error) {
      log.debug({ error: (error as Error).message }, 'containers not listed')
    }
  }

  #scheduleOrphans(): void {
    if (this.#stopped) return
    this.#orphanTimer = this.#options.clock.after(orphanRoundMs, () => {
      void this.#removeOrphans().finally(() => this.#scheduleOrphans())
    })
  }

  /** Sandboxes, volumes and control groups of pods that are no longer here. */
  async #removeOrphans(): Promise<void> {
    const { runtime, volumes, cgroups, log } = this.#options
    try {
      const orphans = new Set<string>()
      for (const { id = '', labels } of await runtime.listPodSandboxes()) {
        const uid = labels?.[criLabel.podUid]
        if (uid === undefined || this.#workers.has(uid)) continue
        orphans.add(uid)
        log.info({ pod: labels?.[criLabel.podName], uid }, 'removing an orphaned pod')
        const running = await runtime.listContainers({ podSandboxId: id, state: { state: ContainerState.running } })
        await Promise.all(running.map(container => runtime.stopContainer(container.id ?? '', orphanGraceSeconds)))
        await runtime.stopPodSandbox(id)
        await runtime.removePodSandbox(id)
      }
      for (const directory of logDirectories(this.#options.services.logsDirectory))
        if (!this.#workers.has(directory.uid)) rmSync(directory.path, { recursive: true, force: true })
      for (const uid of volumes.podUids()) if (!this.#workers.has(uid)) await volumes.remove(uid)
      const { resizes } = this.#options.services
      for (const uid of resizes.uids()) if (!this.#workers.has(uid)) resizes.drop(uid)
      for (const uid of cgroups.podUids()) if (!this.#workers.has(uid)) cgroups.remove(uid)
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'orphaned pods not removed')
    }
  }
}

/** Pods' folders of logs, named NAMESPACE_NAME_UID. */
function logDirectories(directory: string): { path: string; uid: string }[] {
  try {
    return readdirSync(directory).map(name => ({ path: join(directory, name), uid: name.split('_').at(-1) ?? '' }))
  } catch {
    return []
  }
}

/** Marks the API object of a static pod. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror'
