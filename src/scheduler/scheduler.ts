/**
 * The edge of the scheduler: feeds what the informers tell to the pure parts, one pod after the other, and carries out what
 * they decide. A pod counts as on its node from the decision on; the binding itself goes on beside the next decisions.
 */
import { ReplicaSet } from '../api/apps/v1/replica-set.ts'
import { StatefulSet } from '../api/apps/v1/stateful-set.ts'
import { Namespace } from '../api/core/v1/namespace.ts'
import { Node } from '../api/core/v1/node.ts'
import { Pod } from '../api/core/v1/pod.ts'
import { ReplicationController } from '../api/core/v1/replication-controller.ts'
import { Service } from '../api/core/v1/service.ts'
import { PodDisruptionBudget } from '../api/policy/v1/pod-disruption-budget.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Client } from '../client/client.ts'
import type { Informer, InformerEvent } from '../client/informer.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import { SeriesEventRecorder } from '../client/series-event-recorder.ts'
import { ClusterState, type ReadyNode } from './cluster-state.ts'
import { type CycleResult, SchedulingCycle } from './cycle.ts'
import { filterPlugins, scorePlugins } from './default-plugins.ts'
import { noNodesMessage, rejectionMessage } from './fit-message.ts'
import { ownersSelector } from './owners-selector.ts'
import { PodBinder } from './plugins/default-binder.ts'
import { Preemption } from './plugins/default-preemption.ts'
import { type PodInfo, podInfoOf, podKeyOf } from './pod-info.ts'
import { PodWriter } from './pod-writer.ts'
import { type QueuedPod, SchedulingQueue } from './queue.ts'
import type { ClusterEvent } from './queueing-hints.ts'
import type { AttemptResult, SchedulerMetrics } from './scheduler-metrics.ts'
import type { VolumePlan } from './volumes/pod-volumes.ts'
import { VolumeBinder } from './volumes/volume-binder.ts'

export interface SchedulerOptions {
  readonly client: Client
  /** Not necessarily started or synced. */
  readonly informers: InformerFactory
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Stops it, as `stop()` does. */
  readonly signal: AbortSignal
  readonly log: Logger
  readonly metrics?: SchedulerMetrics
}

export interface RunningScheduler {
  /** Starts nothing new and resolves when what was under way has ended. */
  stop(): Promise<void>
}

const schedulerName = 'default-scheduler'
/** Longest time spent on decisions before the event loop gets a turn. */
const sliceMs = 10

const isOver = ({ status }: Pod): boolean => status.phase === 'Succeeded' || status.phase === 'Failed'
const isAssigned = ({ spec }: Pod): boolean => (spec.nodeName ?? '') !== ''
const isOurs = (pod: Pod): boolean =>
  (pod.spec.schedulerName || schedulerName) === schedulerName && pod.metadata.deletionTimestamp === undefined

class Scheduler implements RunningScheduler {
  readonly #options: SchedulerOptions
  readonly #state = new ClusterState()
  readonly #queue: SchedulingQueue
  readonly #cycle: SchedulingCycle
  readonly #preemption: Preemption
  readonly #binder: PodBinder
  readonly #volumes: VolumeBinder
  readonly #writer: PodWriter
  readonly #events: SeriesEventRecorder
  readonly #pods: Informer<Pod>
  readonly #budgets: Informer<PodDisruptionBudget>
  readonly #unsubscribe: (() => void)[] = []
  #turnPlanned = false
  #wakeTimer: Timer | undefined
  #stopped = false
  #stopping: Promise<void> | undefined

  constructor(options: SchedulerOptions) {
    this.#options = options
    const { client, informers, clock, random, log } = options
    this.#volumes = new VolumeBinder({ client, informers, clock })
    const view = {
      state: this.#state,
      volumes: this.#volumes.view,
      selectorOfOwners: ownersSelector({
        services: informers.of(Service),
        replicaSets: informers.of(ReplicaSet),
        statefulSets: informers.of(StatefulSet),
        replicationControllers: informers.of(ReplicationController),
      }),
    }
    this.#pods = informers.of(Pod)
    this.#budgets = informers.of(PodDisruptionBudget)
    const plugins = new Map(filterPlugins.map(plugin => [plugin.name, plugin]))
    this.#queue = new SchedulingQueue(
      () => clock.monotonic(),
      (plugin, event, info) => plugins.get(plugin)?.mayHelp(event, info) ?? event.type === 'nodeAdded',
    )
    if (options.metrics) options.metrics.queue = this.#queue
    this.#cycle = new SchedulingCycle({ filters: filterPlugins, scores: scorePlugins }, view, random)
    this.#preemption = new Preemption(this.#cycle, view, random)
    this.#events = new SeriesEventRecorder({ client, clock, log, controller: schedulerName })
    this.#writer = new PodWriter({ client, clock, log, events: this.#events })
    this.#binder = new PodBinder({
      client,
      clock,
      log,
      onBound: (queued, node) => this.#bound(queued, node),
      onFailed: (queued, error) => this.#bindFailed(queued, error),
      onLost: queued => this.#bindingLost(queued),
      onReady: () => this.#plan(),
    })
  }

  async start(): Promise<void> {
    const { informers, signal, log } = this.#options
    if (signal.aborted) return
    signal.addEventListener('abort', () => void this.stop(), { once: true })
    const nodes = informers.of(Node)
    const namespaces = informers.of(Namespace)
    await Promise.race([
      informers.synced(),
      new Promise(resolve => signal.addEventListener('abort', resolve, { once: true })),
    ])
    if (this.#stopped) return
    this.#unsubscribe.push(
      namespaces.subscribe(event => this.#onNamespace(event)),
      nodes.subscribe(event => this.#onNode(event)),
      this.#pods.subscribe(event => this.#onPod(event)),
      this.#volumes.subscribe(event => this.#move(event)),
    )
    log.info({ nodes: this.#state.nodes().length, pending: this.#queue.size }, 'scheduling')
    this.#plan()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#stopped = true
    this.#wakeTimer?.cancel()
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#volumes.stop()
    await Promise.all([this.#binder.stop(), this.#writer.settled()])
    this.#events.stop()
  }

  #onNamespace({ type, object }: InformerEvent<Namespace>): void {
    const { name, labels = {} } = object.metadata
    if (type === 'deleted') this.#state.removeNamespace(name)
    else {
      this.#state.setNamespace(name, labels)
      this.#move({ type: 'namespaceUpdated' })
    }
  }

  #onNode({ type, object }: InformerEvent<Node>): void {
    if (type === 'deleted') {
      this.#state.removeNode(object.metadata.name)
      this.#move({ type: 'nodeDeleted' })
      return
    }
    const { added, ...change } = this.#state.setNode(object)
    if (added) this.#move({ type: 'nodeAdded', node: object })
    else if (change.allocatable || change.labels || change.taints) {
      this.#move({ type: 'nodeUpdated', node: object, ...change })
    }
  }

  #onPod({ type, object }: InformerEvent<Pod>): void {
    const key = podKeyOf(object)
    if (type === 'deleted' || isOver(object)) {
      this.#gone(key)
      return
    }
    const info = podInfoOf(object)
    if (isAssigned(object)) {
      const known = this.#state.knownPod(key)
      this.#queue.delete(key)
      this.#state.withdraw(key)
      this.#state.addPod(info, object.spec.nodeName!)
      if (known === undefined) this.#move({ type: 'podAdded', pod: info })
      else if (known.pod.metadata.labels !== object.metadata.labels || known.pod.spec !== object.spec) {
        if (mattersToOthers(known, info)) this.#move({ type: 'podUpdated', pod: info })
      }
      return
    }
    if (!isOurs(object)) {
      this.#gone(key)
      return
    }
    // A pod that was decided on is left alone until its binding has succeeded or failed.
    const assumed = this.#state.knownPod(key)
    if (assumed !== undefined && assumed.uid === info.uid) return
    if (assumed !== undefined) this.#gone(key)
    this.#state.nominate(info, object.status.nominatedNodeName ?? '')
    this.#queue.add(info)
    this.#plan()
  }

  #gone(key: string): void {
    this.#volumes.podGone(key)
    this.#queue.delete(key)
    this.#state.withdraw(key)
    const info = this.#state.removePod(key)
    if (info !== undefined) this.#move({ type: 'podDeleted', pod: info })
  }

  #move(event: ClusterEvent): void {
    this.#queue.moved(event)
    this.#plan()
  }

  /** Sees to it that a turn comes, soon if there is something to do. */
  #plan(): void {
    if (this.#stopped || this.#turnPlanned) return
    if (this.#queue.hasReady() && this.#binder.hasRoom()) {
      this.#turnPlanned = true
      setImmediate(() => {
        this.#turnPlanned = false
        this.#turn()
      })
      return
    }
    this.#wakeTimer?.cancel()
    const wakeMs = this.#queue.nextWakeMs()
    if (wakeMs === undefined) return
    const { clock } = this.#options
    this.#wakeTimer = clock.after(Math.max(1, wakeMs - clock.monotonic()), () => this.#plan())
  }

  #turn(): void {
    const end = performance.now() + sliceMs
    while (!this.#stopped && this.#binder.hasRoom() && performance.now() < end) {
      const queued = this.#queue.pop()
      if (queued === undefined) break
      try {
        this.#schedule(queued)
      } catch (error) {
        this.#options.log.error({ pod: queued.info.key, err: error }, 'scheduling failed')
        this.#writer.unschedulable(queued.info, 'SchedulerError', (error as Error).message, undefined)
        this.#ended(queued, 'error')
        this.#queue.failed(queued)
      }
    }
    this.#plan()
  }

  #schedule(queued: QueuedPod): void {
    const { info } = queued
    const startedMs = this.#nowMs()
    const result = this.#cycle.run(info)
    this.#options.metrics?.decided(startedMs, this.#nowMs())
    if (result.node === undefined) {
      this.#reject(queued, result)
      return
    }
    const { node } = result
    const volumes = this.#volumes.reserve(info, node)
    this.#state.withdraw(info.key)
    this.#state.assume(info, node.name)
    if (volumes.bindings.length + volumes.provisions.length === 0) this.#binder.bind(queued, node.name)
    else void this.#bindVolumes(queued, volumes, node)
  }

  /** Takes as long as a driver needs; the pod keeps its place on the node meanwhile. */
  async #bindVolumes(queued: QueuedPod, volumes: VolumePlan, node: ReadyNode): Promise<void> {
    try {
      await this.#volumes.bind(queued.info, volumes, node)
    } catch (error) {
      if (!this.#stopped) this.#bindFailed(queued, error as Error)
      return
    }
    if (!this.#stopped) this.#binder.bind(queued, node.name)
  }

  #reject(queued: QueuedPod, { rejections }: CycleResult): void {
    const { info } = queued
    this.#ended(queued, 'unschedulable')
    const nodes = this.#state.nodes().length
    const plugins = new Set([...rejections.values()].map(({ plugin }) => plugin))
    if (nodes === 0) {
      this.#writer.unschedulable(info, 'Unschedulable', noNodesMessage, undefined)
      this.#queue.rejected(queued, new Set(['NoNodes']))
      return
    }
    const found = this.#preemption.plan(info, rejections, this.#budgets.list())
    const why = rejectionMessage(nodes, rejections.values())
    if ('message' in found) {
      // A node that it waits for, and that is being freed, stays its own.
      const waits = found.message.includes('terminating pod')
      const nominated = waits ? this.#state.nominationOf(info.key) : ''
      if (!waits) this.#state.withdraw(info.key)
      this.#writer.unschedulable(info, 'Unschedulable', `${why} ${found.message}`, nominated)
      this.#queue.rejected(queued, plugins)
      return
    }
    const { plan } = found
    this.#options.metrics?.preempted(plan.victims.length)
    this.#state.nominate(info, plan.node)
    for (const other of plan.demoted) {
      this.#state.withdraw(other.key)
      this.#writer.clearNomination(other)
    }
    this.#writer.preempt(info, plan)
    this.#writer.unschedulable(info, 'Unschedulable', why, plan.node)
    this.#queue.rejected(queued, plugins)
  }

  #nowMs(): number {
    return this.#options.clock.monotonic()
  }

  #ended(queued: QueuedPod, result: AttemptResult): void {
    const { metrics } = this.#options
    metrics?.ended(result, queued.triedMs, this.#nowMs())
    if (result === 'scheduled')
      metrics?.podScheduled(queued.attempts, queued.firstActiveMs ?? queued.triedMs, this.#nowMs())
  }

  #bound(queued: QueuedPod, node: string): void {
    if (this.#queue.get(queued.info.key) === queued) this.#queue.delete(queued.info.key)
    this.#writer.scheduled(queued.info, node)
    this.#ended(queued, 'scheduled')
    // What waits for pods beside it need not wait for the informer.
    this.#move({ type: 'podAdded', pod: queued.info })
  }

  #bindFailed(queued: QueuedPod, error: Error): void {
    const { info } = queued
    this.#ended(queued, 'error')
    const wasAssumed = this.#state.isAssumed(info.key)
    this.#state.forget(info.key)
    this.#writer.bindingFailed(info, error)
    // Its object may have changed while the binding was under way, or be gone.
    const pod = this.#pods.get(info.namespace, info.name)
    if (pod === undefined || pod.metadata.uid !== info.uid || isAssigned(pod) || !isOurs(pod)) {
      this.#queue.delete(info.key)
    } else {
      queued.info = podInfoOf(pod)
      this.#queue.failed(queued)
    }
    if (wasAssumed) this.#move({ type: 'podDeleted', pod: info })
    else this.#plan()
  }

  /** Bound long ago, and still not seen on its node: what the informer shows counts. */
  #bindingLost({ info }: QueuedPod): void {
    if (!this.#state.isAssumed(info.key)) return
    this.#options.log.warn({ pod: info.key }, 'a binding was not seen in time; the pod is looked at again')
    this.#state.forget(info.key)
    const pod = this.#pods.get(info.namespace, info.name)
    if (pod !== undefined && pod.metadata.uid === info.uid && !isAssigned(pod) && isOurs(pod)) {
      this.#queue.add(podInfoOf(pod))
    }
    this.#move({ type: 'podDeleted', pod: info })
  }
}

/** Whether other pods' chances may differ: its labels, or less asked for. */
function mattersToOthers(before: PodInfo, after: PodInfo): boolean {
  if (JSON.stringify(before.labels) !== JSON.stringify(after.labels)) return true
  for (const [name, amount] of before.requests) if ((after.requests.get(name) ?? 0) < amount) return true
  return false
}

/** Schedules pods until it is stopped. The informers must be started by the caller, before or after. */
export function startScheduler(options: SchedulerOptions): RunningScheduler {
  const scheduler = new Scheduler(options)
  scheduler.start().catch(error => options.log.error({ err: error }, 'the scheduler could not start'))
  return scheduler
}
