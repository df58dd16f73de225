/**
 * Pods that wait for a node: the active ones in order of priority, those in back-off, those that no node would take until
 * something changes, and those with gates (documentation: "Scheduling Framework", queues). It holds as many as there are
 * pending pods in the cluster. The clock is handed in; nothing here waits.
 */
import { Heap } from './heap.ts'
import { isGated } from './plugins/scheduling-gates.ts'
import type { PodInfo } from './pod-info.ts'
import type { ClusterEvent } from './queueing-hints.ts'

const firstBackoffMs = 1000
const longestBackoffMs = 10_000
/** A pod that nothing has helped is tried again after so long (upstream: podMaxInUnschedulablePodsDuration). */
const longestUnschedulableMs = 300_000

type Place = 'active' | 'backoff' | 'unschedulable' | 'gated' | 'inFlight' | 'gone'

export interface QueuedPod {
  info: PodInfo
  place: Place
  /** Times that it was tried. */
  attempts: number
  /** When it last became active. */
  activeSince: number
  /** When it first was; undefined while it has gates. */
  firstActiveMs: number | undefined
  /** When it was last tried. */
  triedMs: number
  /** Order among pods of the same moment. */
  serial: number
  backoffUntilMs: number
  unschedulableSinceMs: number
  /** Plugins that refused it; empty after an error. */
  rejectedBy: ReadonlySet<string>
}

/** Whether an event may help a pod that this plugin has refused. */
export type Hint = (plugin: string, event: ClusterEvent, info: PodInfo) => boolean

export class SchedulingQueue {
  readonly #now: () => number
  readonly #hint: Hint
  readonly #pods = new Map<string, QueuedPod>()
  readonly #active = new Heap<QueuedPod>(
    (a, b) =>
      a.info.priority > b.info.priority ||
      (a.info.priority === b.info.priority &&
        (a.activeSince < b.activeSince || (a.activeSince === b.activeSince && a.serial < b.serial))),
  )
  readonly #backoff = new Heap<QueuedPod>((a, b) => a.backoffUntilMs < b.backoffUntilMs)
  readonly #unschedulable = new Set<QueuedPod>()
  #serial = 0

  /** `now` in milliseconds that never go back. */
  constructor(now: () => number, hint: Hint) {
    this.#now = now
    this.#hint = hint
  }

  get size(): number {
    return this.#pods.size
  }

  /** Pods by where they wait. */
  counts(): Record<'active' | 'backoff' | 'unschedulable' | 'gated', number> {
    const counts = { active: 0, backoff: 0, unschedulable: 0, gated: 0 }
    for (const { place } of this.#pods.values()) if (place !== 'inFlight' && place !== 'gone') counts[place]++
    return counts
  }

  placeOf(key: string): Place | undefined {
    return this.#pods.get(key)?.place
  }

  get(key: string): QueuedPod | undefined {
    return this.#pods.get(key)
  }

  /** A new pod, or one whose object has changed. A change of its specification or labels gives it another chance. */
  add(info: PodInfo): void {
    const known = this.#pods.get(info.key)
    if (known === undefined || known.info.uid !== info.uid) {
      this.delete(info.key)
      this.#insert(info)
      return
    }
    const before = known.info
    known.info = info
    if (known.place === 'gated') {
      if (!isGated(info.pod)) this.#activate(known)
    } else if (known.place === 'unschedulable' && differs(before, info)) this.#release(known)
  }

  delete(key: string): void {
    const known = this.#pods.get(key)
    if (known === undefined) return
    // What is still in a heap is skipped when it comes up.
    this.#unschedulable.delete(known)
    known.place = 'gone'
    this.#pods.delete(key)
  }

  /** The next pod to try, which is in flight then. */
  pop(): QueuedPod | undefined {
    this.#wakeBackoff()
    for (let next = this.#active.pop(); next !== undefined; next = this.#active.pop()) {
      if (next.place !== 'active') continue
      next.place = 'inFlight'
      next.attempts++
      next.triedMs = this.#now()
      return next
    }
    return undefined
  }

  /** No node would take it; it waits for an event that concerns one of these plugins. */
  rejected(queued: QueuedPod, plugins: ReadonlySet<string>): void {
    if (queued.place !== 'inFlight') return
    queued.rejectedBy = plugins
    queued.unschedulableSinceMs = this.#now()
    queued.backoffUntilMs = this.#now() + backoffMs(queued.attempts)
    queued.place = 'unschedulable'
    this.#unschedulable.add(queued)
  }

  /** Something failed that has nothing to do with the cluster's room: it is tried again after its back-off. */
  failed(queued: QueuedPod): void {
    if (queued.place !== 'inFlight') return
    queued.rejectedBy = new Set()
    queued.backoffUntilMs = this.#now() + backoffMs(queued.attempts)
    queued.place = 'backoff'
    this.#backoff.push(queued)
  }

  /** Gives every pod another chance that the event may help. */
  moved(event: ClusterEvent): void {
    for (const queued of this.#unschedulable) {
      for (const plugin of queued.rejectedBy) {
        if (!this.#hint(plugin, event, queued.info)) continue
        this.#release(queued)
        break
      }
    }
  }

  /** Whether `pop` would give a pod now. */
  hasReady(): boolean {
    this.#wakeBackoff()
    return topOf(this.#active, 'active') !== undefined
  }

  /** When something becomes ready by itself; undefined if nothing will. */
  nextWakeMs(): number | undefined {
    const backoff = topOf(this.#backoff, 'backoff')?.backoffUntilMs
    const [oldest] = this.#unschedulable
    const leftover = oldest === undefined ? undefined : oldest.unschedulableSinceMs + longestUnschedulableMs
    if (backoff === undefined || leftover === undefined) return backoff ?? leftover
    return Math.min(backoff, leftover)
  }

  #insert(info: PodInfo): void {
    const queued: QueuedPod = {
      info,
      place: 'gated',
      attempts: 0,
      activeSince: 0,
      firstActiveMs: undefined,
      triedMs: 0,
      serial: ++this.#serial,
      backoffUntilMs: 0,
      unschedulableSinceMs: 0,
      rejectedBy: new Set(),
    }
    this.#pods.set(info.key, queued)
    if (!isGated(info.pod)) this.#activate(queued)
  }

  #activate(queued: QueuedPod): void {
    queued.place = 'active'
    queued.activeSince = this.#now()
    queued.firstActiveMs ??= queued.activeSince
    this.#active.push(queued)
  }

  /** Out of the unschedulable ones: at once, or when its back-off is over. */
  #release(queued: QueuedPod): void {
    this.#unschedulable.delete(queued)
    if (queued.backoffUntilMs <= this.#now()) this.#activate(queued)
    else {
      queued.place = 'backoff'
      this.#backoff.push(queued)
    }
  }

  #wakeBackoff(): void {
    const now = this.#now()
    for (let top = this.#backoff.peek(); top !== undefined; top = this.#backoff.peek()) {
      if (top.place === 'backoff' && top.backoffUntilMs > now) break
      this.#backoff.pop()
      if (top.place === 'backoff') this.#activate(top)
    }
    // In order of their time, for they are added when they become unschedulable.
    for (const queued of this.#unschedulable) {
      if (queued.unschedulableSinceMs + longestUnschedulableMs > now) break
      this.#release(queued)
    }
  }
}

const backoffMs = (attempts: number): number =>
  Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(10, Math.max(0, attempts - 1)))

/** The first in a heap that still belongs there. */
function topOf(heap: Heap<QueuedPod>, place: Place): QueuedPod | undefined {
  for (let top = heap.peek(); top !== undefined; top = heap.peek()) {
    if (top.place === place) return top
    heap.pop()
  }
  return undefined
}

function differs(before: PodInfo, after: PodInfo): boolean {
  const relevant = ({ pod }: PodInfo) => JSON.stringify([pod.spec, pod.metadata.labels, pod.metadata.annotations])
  return before.pod !== after.pod && relevant(before) !== relevant(after)
}
