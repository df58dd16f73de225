/**
 * The edge of simulated nodes: registers them, renews their leases, and carries out what is planned for the pods on
 * them. Requests at once are bounded. A server that is slower than the nodes' heartbeats gets fewer of them, the longest
 * overdue first: were they left out by chance, some node would miss all of its turns and count as gone.
 */
import { Lease } from '../api/coordination/v1/lease.ts'
import { Node } from '../api/core/v1/node.ts'
import { Pod } from '../api/core/v1/pod.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Client } from '../client/client.ts'
import { WatchingInformer } from '../client/informer.ts'
import { microTimeOf, timeOf } from '../client/timestamps.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../machinery/api-error.ts'
import {
  dueBetween,
  endsByItself,
  isReported,
  leaseEveryMs,
  leaseNamespace,
  leaseSpec,
  type NodeShape,
  nodeAddress,
  nodeName,
  nodeOf,
  nodeStatus,
  planPod,
  podAddress,
  simulatedLabel,
} from './plan.ts'

export interface SimulatorOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  readonly count: number
  readonly shape: NodeShape
}

export interface Counts {
  readonly nodes: number
  readonly reported: number
  readonly deleted: number
  readonly renewed: number
  /** Turns of nodes whose heartbeat of the turn before was still waiting. */
  readonly skipped: number
}

const tickMs = 100
const statusEveryMs = 300_000
/** Requests under way at once, of each sort. */
const maxRegistering = 16
const maxHeartbeats = 64
const maxPodRequests = 64
const retryMs = 1000

const isReady = ({ status }: Node): boolean =>
  status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

/** The first of a set, taken out of it. */
function first(set: Set<number>): number | undefined {
  for (const number of set) {
    set.delete(number)
    return number
  }
  return undefined
}

/** Of a node only whether the cluster takes it for ready. */
function projectNode({ metadata: { name, uid, resourceVersion }, status }: Node): Node {
  const conditions = status.conditions?.filter(({ type }) => type === 'Ready')
  return { metadata: { name, uid, resourceVersion }, status: { conditions } } as unknown as Node
}

/** Of a pod only what is planned by: 150,000 of them are held. */
function projectPod(pod: Pod): Pod {
  const { name, namespace, uid, resourceVersion, deletionTimestamp } = pod.metadata
  const ownerReferences = endsByItself(pod) ? pod.metadata.ownerReferences : undefined
  const reported = pod.status.phase === 'Running' && ownerReferences === undefined && isReported(pod)
  const ready = pod.status.conditions?.filter(({ type }) => type === 'Ready')
  const kept = {
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
    spec: {
      nodeName: pod.spec.nodeName,
      containers: reported ? [] : pod.spec.containers.map(({ name, image }) => ({ name, image })),
    },
    status: { phase: pod.status.phase, ...(reported ? {} : { conditions: ready }) },
  }
  return kept as unknown as Pod
}

export class Simulator {
  readonly #options: SimulatorOptions
  readonly #pods: WatchingInformer<Pod>
  readonly #nodes: WatchingInformer<Node>
  readonly #numbers = new Map<string, number>()
  /** As last written; a node without one gets it at its next heartbeat. */
  readonly #leases: (Lease | undefined)[]
  /** How many pods each node has started, for their addresses. */
  readonly #slots: Uint32Array
  /** Keys of pods with something to do; never more than there are pods on the nodes. */
  readonly #waiting = new Set<string>()
  readonly #underWay = new Set<string>()
  readonly #timers = new Set<Timer>()
  readonly #counts = { nodes: 0, reported: 0, deleted: 0, renewed: 0, skipped: 0 }
  /** Numbers of nodes whose lease is due, and whose status is, in the order in which they became so. */
  readonly #leasesDue = new Set<number>()
  readonly #statusesDue = new Set<number>()
  #heartbeats = 0
  #beatFromMs = 0
  #stopped = false

  constructor(options: SimulatorOptions) {
    this.#options = options
    const { client, clock, random, log, count, shape } = options
    this.#leases = new Array(count)
    this.#slots = new Uint32Array(count)
    for (let number = 0; number < count; number++) this.#numbers.set(nodeName(shape, number), number)
    this.#pods = new WatchingInformer(
      client.of(Pod),
      { fieldSelector: 'spec.nodeName!=' },
      { clock, random, log },
      projectPod,
    )
    this.#pods.addIndex('node', pod => [pod.spec.nodeName ?? ''])
    this.#nodes = new WatchingInformer(
      client.of(Node),
      { labelSelector: `${simulatedLabel}=true` },
      { clock, random, log },
      projectNode,
    )
  }

  get counts(): Counts {
    return this.#counts
  }

  /** Resolves when all nodes are registered; goes on until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#stop(), { once: true })
    let next = 0
    const register = async () => {
      while (next < this.#options.count && !signal.aborted) await this.#register(next++)
    }
    await Promise.all(Array.from({ length: maxRegistering }, register))
    if (signal.aborted) return
    this.#beatFromMs = this.#options.clock.monotonic()
    this.#after(tickMs, () => this.#tick(this.#beatFromMs))
    this.#pods.subscribe(({ type, object }) => {
      if (type !== 'deleted') this.#look(object)
    })
    this.#nodes.subscribe(({ type, object, old }) => {
      if (type !== 'deleted') this.#lookAtNode(object, old)
    })
    this.#pods.start(signal)
    this.#nodes.start(signal)
    await Promise.all([this.#pods.synced(), this.#nodes.synced()])
  }

  #stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) timer.cancel()
  }

  #after(delayMs: number, run: () => void): void {
    if (this.#stopped) return
    const timer = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(timer)
      run()
    })
    this.#timers.add(timer)
  }

  async #register(number: number): Promise<void> {
    const { client, clock, shape } = this.#options
    await client
      .of(Node)
      .create('', nodeOf(shape, number, timeOf(clock.now())))
      .catch((error: unknown) => {
        if (!isAlreadyExists(error)) throw error
      })
    await this.#renewLease(number)
    this.#counts.nodes++
  }

  /** Heartbeats are spread evenly, so that 5,000 nodes do not speak at once. */
  #tick(lastMs: number): void {
    const { clock, count } = this.#options
    const nowMs = clock.monotonic()
    const [from, to] = [lastMs - this.#beatFromMs, nowMs - this.#beatFromMs]
    for (const number of dueBetween(count, leaseEveryMs, from, to)) this.#due(this.#leasesDue, number)
    for (const number of dueBetween(count, statusEveryMs, from, to)) this.#due(this.#statusesDue, number)
    this.#beat()
    this.#after(tickMs, () => this.#tick(nowMs))
  }

  #due(set: Set<number>, number: number): void {
    if (set.has(number)) this.#counts.skipped++
    else set.add(number)
  }

  #beat(): void {
    while (!this.#stopped && this.#heartbeats < maxHeartbeats) {
      const lease = first(this.#leasesDue)
      const number = lease ?? first(this.#statusesDue)
      if (number === undefined) return
      this.#heartbeats++
      const written = lease === undefined ? this.#reportNode(number) : this.#renewLease(number)
      written
        .catch((error: unknown) => this.#options.log.warn({ err: error }, 'a heartbeat was not written'))
        .finally(() => {
          this.#heartbeats--
          this.#beat()
        })
    }
  }

  async #renewLease(number: number): Promise<void> {
    const { client, clock, shape } = this.#options
    const name = nodeName(shape, number)
    const leases = client.of(Lease)
    const spec = leaseSpec(name, microTimeOf(clock.now()))
    const known = this.#leases[number]
    try {
      this.#leases[number] = known
        ? await leases.update({ ...known, spec: { ...known.spec, ...spec } })
        : await leases.create(leaseNamespace, { metadata: { name, namespace: leaseNamespace }, spec })
      this.#counts.renewed++
    } catch (error) {
      this.#leases[number] = undefined
      if (isAlreadyExists(error) || isConflict(error)) this.#leases[number] = await leases.get(leaseNamespace, name)
      else if (!isNotFound(error)) throw error
    }
  }

  async #reportNode(number: number): Promise<void> {
    const { client, clock, shape } = this.#options
    const name = nodeName(shape, number)
    const { conditions } = nodeStatus(shape, number, timeOf(clock.now()))
    const beats = conditions?.map(({ type, lastHeartbeatTime }) => ({ type, lastHeartbeatTime }))
    const known = this.#nodes.get('', name)
    const status = { conditions: known && !isReady(known) ? conditions : beats }
    await client.of(Node).patch('', name, 'strategic', { status }, 'status')
  }

  /** A node that was taken for gone says that it is there, and says of its pods what they are. */
  #lookAtNode(node: Node, old: Node | undefined): void {
    const number = this.#numbers.get(node.metadata.name)
    if (number === undefined) return
    if (isReady(node)) {
      if (old === undefined || !isReady(old))
        for (const pod of this.#pods.byIndex('node', node.metadata.name)) this.#look(pod)
    } else {
      this.#due(this.#statusesDue, number)
      this.#beat()
    }
  }

  #look(pod: Pod): void {
    const number = this.#numbers.get(pod.spec.nodeName ?? '')
    if (number === undefined || !this.#plan(pod, number)) return
    this.#waiting.add(`${pod.metadata.namespace}/${pod.metadata.name}`)
    this.#pump()
  }

  #plan(pod: Pod, number: number) {
    const node = this.#nodes.get('', pod.spec.nodeName ?? '')
    return planPod(pod, {
      // Until the node counts as ready again, what it says of its pods would be undone.
      nodeIsReady: node === undefined || isReady(node),
      nowIso: timeOf(this.#options.clock.now()),
      hostAddress: nodeAddress(number),
      podAddress: podAddress(number, this.#slots[number] ?? 0),
    })
  }

  #pump(): void {
    for (const key of this.#waiting) {
      if (this.#stopped || this.#underWay.size >= maxPodRequests) return
      if (this.#underWay.has(key)) continue
      this.#waiting.delete(key)
      this.#underWay.add(key)
      void this.#act(key)
        .catch((error: unknown) => {
          this.#options.log.warn({ pod: key, err: error }, 'a pod was not reported')
          this.#after(retryMs, () => {
            this.#waiting.add(key)
            this.#pump()
          })
        })
        .finally(() => {
          this.#underWay.delete(key)
          this.#pump()
        })
    }
  }

  async #act(key: string): Promise<void> {
    const [namespace = '', name = ''] = key.split('/')
    const pod = this.#pods.get(namespace, name)
    const number = this.#numbers.get(pod?.spec.nodeName ?? '')
    if (!pod || number === undefined) return
    const action = this.#plan(pod, number)
    if (!action) return
    // The address is taken before the answer, since more pods of the node may be under way.
    this.#slots[number] = (this.#slots[number] ?? 0) + 1
    const pods = this.#options.client.of(Pod)
    const { uid } = pod.metadata
    try {
      if (action.do === 'delete') {
        await pods.delete(namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } })
        this.#counts.deleted++
        return
      }
      await pods.patch(namespace, name, 'strategic', { metadata: { uid }, status: action.status }, 'status')
      this.#counts.reported++
    } catch (error) {
      // Gone, or another pod by now: its own events tell.
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }
}
