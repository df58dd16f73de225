/**
 * Grants resizes (KEP-1287): what a pod's spec asks for becomes its allocation once the node has room for it. Until then the
 * resize is deferred and tried again when room may have been made, the most important pod first.
 */
import type { Pod, PodCondition } from '../../api/core/v1/pod.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { timeOf } from '../../client/timestamps.ts'
import type { ContainerRecord } from '../pods/pod-runtime.ts'
import { limitsWithin } from '../resources/limits-within.ts'
import { podAmount } from '../resources/linux-resources.ts'
import { qosClassOf } from '../resources/qos.ts'
import {
  type Allocation,
  allocationOf,
  largerRequests,
  resizable,
  sameRequirements,
  withAllocation,
} from './allocation.ts'
import type { AllocationStore } from './allocation-store.ts'
import { ResizeConditions } from './resize-conditions.ts'
import { resizeMessage } from './resize-message.ts'
import type { ResizeMetrics } from './resize-metrics.ts'
import { isResizing } from './resize-plan.ts'

/** A pod of the node, as its worker shows it. */
export interface ResizableWorker {
  readonly uid: string
  /** As the API has it. */
  readonly source: Pod
  /** Whether it still runs. */
  readonly isActive: boolean
  /** Its allocation or its conditions have changed. */
  reallocated(): void
}

export interface PodResizesOptions {
  readonly store: AllocationStore
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: ResizeMetrics
  /** Why the node has no room for the pod as it is given here; undefined: it has. */
  problem(pod: Pod): Promise<string | undefined>
  worker(uid: string): ResizableWorker | undefined
  event(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void
}

/** What may have made room; labels of a metric. */
export type Trigger =
  | 'pod_resized'
  | 'pod_updated'
  | 'pods_added'
  | 'pods_removed'
  | 'pod_terminated'
  | 'periodic_retry'

const retryEveryMs = 180_000

export class PodResizes {
  readonly conditions: ResizeConditions
  readonly #options: PodResizesOptions
  /** In the order in which they are tried; as many as pods on the node. */
  #waiting: string[] = []
  #retrying: Promise<void> = Promise.resolve()
  #timer: Timer | undefined
  #stopped = false

  constructor(options: PodResizesOptions) {
    this.#options = options
    this.conditions = new ResizeConditions(() => timeOf(options.clock.now()))
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  isAllocated(uid: string): boolean {
    return this.#options.store.allocated(uid) !== undefined
  }

  /** The pod as the node has granted it. */
  allocatedPod(pod: Pod): Pod {
    return withAllocation(pod, this.#options.store.allocated(pod.metadata.uid))
  }

  /** What its containers were last given; for a pod whose record is lost, what is allocated to it. */
  actuated(pod: Pod): Allocation {
    return this.#options.store.actuated(pod.metadata.uid) ?? allocationOf(this.allocatedPod(pod))
  }

  /** With the larger of what is allocated to an allocated pod and what it still has: that much of the node it takes. */
  heldPod(pod: Pod): Pod {
    const actuated = this.#options.store.actuated(pod.metadata.uid)
    return actuated ? withAllocation(pod, largerRequests(allocationOf(pod), actuated)) : pod
  }

  uids(): string[] {
    return this.#options.store.uids()
  }

  /** Of a pod that is no longer here. */
  drop(uid: string): void {
    this.#options.store.remove(uid)
  }

  /** Called once the node has taken the pod up. One that was here before keeps its allocation. */
  admitted(pod: Pod): void {
    const { store } = this.#options
    const { uid } = pod.metadata
    if (store.allocated(uid) === undefined) store.setAllocated(uid, allocationOf(pod))
    this.conditions.restore(pod)
    if (this.allocatedPod(pod) === pod) return
    this.#wait(uid)
    this.retry('pods_added')
  }

  /** The spec has changed in the API. */
  updated(before: Pod, pod: Pod): void {
    const { metrics } = this.#options
    const { uid } = pod.metadata
    if (!metrics.requested(before, pod) || !this.isAllocated(uid)) return
    if (this.allocatedPod(pod) !== pod) {
      this.#wait(uid)
      this.retry('pod_updated')
    } else this.#clearPending(pod, 'reverted')
  }

  /** Notes in the conditions whether everything that runs has its allocation. */
  observe(pod: Pod, running: readonly ContainerRecord[]): void {
    const { uid, generation } = pod.metadata
    if (!this.isAllocated(uid)) return
    if (isResizing(pod, running, this.#options.store.actuated(uid))) {
      this.conditions.setInProgress(uid, '', '', generation)
      this.#count()
      return
    }
    const cleared = this.conditions.clear(uid, 'PodResizeInProgress')
    if (!cleared) return
    const message = resizeMessage('Pod resize completed', pod, cleared.observedGeneration)
    this.#options.event(pod, 'Normal', 'ResizeCompleted', message)
    this.#count()
    this.retry('pod_resized')
  }

  failed(pod: Pod, message: string): void {
    const { uid, generation } = pod.metadata
    if (!this.conditions.setInProgress(uid, 'Error', message, generation)) return
    const seen = this.conditions.inProgress(uid)?.observedGeneration
    this.#options.event(pod, 'Warning', 'ResizeError', resizeMessage('Pod resize error', pod, seen, message))
    this.#count()
  }

  /** A container has been started with what is allocated to it. */
  started(pod: Pod, containerName: string): void {
    const { store } = this.#options
    const container = resizable(pod).find(({ name }) => name === containerName)
    if (!container) return
    const before = this.actuated(pod)
    const limits = limitsWithin(pod.spec.resources, container.resources)
    const given = { ...container.resources, ...(Object.keys(limits).length === 0 ? {} : { limits }) }
    const known = store.actuated(pod.metadata.uid)
    if (known && sameRequirements(known.containers[containerName], given)) return
    store.setActuated(pod.metadata.uid, { ...before, containers: { ...before.containers, [containerName]: given } })
  }

  /** The pod's group has been made with what is allocated to the pod. */
  groupMade(pod: Pod): void {
    const { pod: _, ...others } = this.actuated(pod)
    const podLevel = pod.spec.resources
    this.#options.store.setActuated(pod.metadata.uid, {
      ...others,
      ...(podLevel === undefined ? {} : { pod: podLevel }),
    })
  }

  setActuated(uid: string, actuated: Allocation): void {
    this.#options.store.setActuated(uid, actuated)
  }

  forget(pod: Pod): void {
    const { uid } = pod.metadata
    this.#clearPending(pod, 'terminated')
    this.conditions.forget(uid)
    this.#options.store.remove(uid)
    this.#waiting = this.#waiting.filter(other => other !== uid)
    this.#count()
    this.retry('pods_removed')
  }

  /** Tries what waits, one after another: each may take what the next would need. */
  retry(trigger: Trigger): void {
    if (this.#stopped || this.#waiting.length === 0) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(retryEveryMs, () => this.retry('periodic_retry'))
    this.#retrying = this.#retrying.then(() => this.#retryAll(trigger))
  }

  async #retryAll(trigger: Trigger): Promise<void> {
    for (const uid of this.#ordered()) {
      const worker = this.#options.worker(uid)
      if (this.#stopped) return
      let isWaiting = worker?.isActive === true
      try {
        if (worker && isWaiting) isWaiting = await this.#try(worker, trigger)
      } catch (error) {
        // Such as a full disk: the next round tries again.
        this.#options.log.warn({ uid, error: (error as Error).message }, 'resize not granted')
      }
      if (!isWaiting) this.#waiting = this.#waiting.filter(other => other !== uid)
    }
  }

  /** Gives whether it waits still. */
  async #try(worker: ResizableWorker, trigger: Trigger): Promise<boolean> {
    const { store, metrics, problem, event } = this.#options
    const pod = worker.source
    const { uid, generation } = pod.metadata
    const before = this.conditions.of(uid)
    const wasDeferred = this.conditions.pending(uid)?.reason === 'Deferred'
    if (this.allocatedPod(pod) === pod) {
      this.#clearPending(pod, 'reverted')
      if (before.length !== this.conditions.of(uid).length) worker.reallocated()
      return false
    }
    const message = await problem(pod)
    // It has changed meanwhile: tried again with what it asks for now.
    if (worker.source !== pod && worker.source.metadata.generation !== generation)
      return worker.isActive && (await this.#try(worker, trigger))
    if (message !== undefined) {
      const isNews = this.conditions.setPending(uid, 'Deferred', message, generation)
      if (isNews) {
        event(pod, 'Warning', 'ResizeDeferred', resizeMessage('Pod resize Deferred', pod, generation, message))
        this.#count()
        worker.reallocated()
      }
      return true
    }
    // One whose record was lost has what was allocated until now.
    store.setActuated(uid, this.actuated(pod))
    store.setAllocated(uid, allocationOf(pod))
    this.#clearPending(pod, 'accepted')
    this.conditions.clear(uid, 'PodResizeInProgress')
    this.conditions.setInProgress(uid, '', '', generation)
    event(pod, 'Normal', 'ResizeStarted', resizeMessage('Pod resize started', pod, generation))
    if (wasDeferred) metrics.accepted(trigger)
    this.#count()
    worker.reallocated()
    return false
  }

  #wait(uid: string): void {
    if (!this.#waiting.includes(uid)) this.#waiting.push(uid)
  }

  #clearPending(pod: Pod, resolution: 'accepted' | 'reverted' | 'terminated'): void {
    const cleared = this.conditions.clear(pod.metadata.uid, 'PodResizePending')
    if (!cleared) return
    if (cleared.reason === 'Deferred' && cleared.lastTransitionTime) {
      const seconds = (this.#options.clock.now() - Date.parse(cleared.lastTransitionTime)) / 1000
      this.#options.metrics.deferred(seconds, resolution, pod.spec.priority)
    }
    this.#count()
  }

  #ordered(): string[] {
    const known = this.#waiting.flatMap(uid => {
      const pod = this.#options.worker(uid)?.source
      return pod ? [{ uid, pod, allocated: this.allocatedPod(pod), since: this.conditions.pending(uid) }] : []
    })
    return known.sort(byUrgency).map(({ uid }) => uid)
  }

  #count(): void {
    const pending: { reason: string; priority: number | undefined }[] = []
    let inProgress = 0
    for (const uid of this.conditions.uids()) {
      const condition = this.conditions.pending(uid)
      const priority = this.#options.worker(uid)?.source.spec.priority
      if (condition) pending.push({ reason: condition.reason ?? '', priority })
      if (this.conditions.inProgress(uid)) inProgress++
    }
    this.#options.metrics.setCounts(pending, inProgress)
  }
}

export interface Candidate {
  readonly pod: Pod
  readonly allocated: Pod
  readonly since: PodCondition | undefined
}

const asksForMore = ({ pod, allocated }: Candidate): boolean =>
  ['cpu', 'memory'].some(name => podAmount(pod, 'requests', name) > podAmount(allocated, 'requests', name))

/** What asks for no more goes first; then by priority, class of service, and how long it has waited. */
export function byUrgency(a: Candidate, b: Candidate): number {
  const increases = Number(asksForMore(a)) - Number(asksForMore(b))
  if (increases !== 0) return increases
  const priority = (b.pod.spec.priority ?? 0) - (a.pod.spec.priority ?? 0)
  if (priority !== 0) return priority
  const guaranteed = (one: Candidate) => Number(qosClassOf(one.pod) === 'Guaranteed')
  if (guaranteed(a) !== guaranteed(b)) return guaranteed(b) - guaranteed(a)
  const waitsSince = (one: Candidate) => Date.parse(one.since?.lastTransitionTime ?? '') || Number.MAX_SAFE_INTEGER
  return waitsSince(a) - waitsSince(b)
}
