/** Registers the node, keeps its status and its Lease (Kubernetes documentation, "Nodes", heartbeats). */
import { Lease } from '../../api/coordination/v1/lease.ts'
import { Node, type NodeStatus } from '../../api/core/v1/node.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Client } from '../../client/client.ts'
import { microTimeOf, timeOf } from '../../client/timestamps.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../machinery/api-error.ts'
import type { RuntimeClient } from '../cri/runtime-client.ts'
import type { MachineFacts } from './node-info.ts'
import { allocatableOf, emptyNode, type NodeFacts, nodeLabels, nodeStatusOf, statusChanged } from './node-status.ts'

export interface NodeReporterOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly runtime: RuntimeClient
  readonly nodeName: string
  readonly machine: MachineFacts
  readonly kubeletPort: number
  readonly version: string
  readonly runtimeVersion: string
  readonly maxPods: number
  readonly labels: Readonly<Record<string, string>>
  readonly taints: Node['spec']['taints']
  annotations(): Readonly<Record<string, string>>
  hostIps(): readonly string[]
  /** Conditions that hold because the node runs short. */
  pressure(): readonly string[]
  volumesInUse(): readonly string[]
  event(type: 'Normal' | 'Warning', reason: string, message: string): void
}

const leaseNamespace = 'kube-node-lease'
const leaseSeconds = 40
const leaseEveryMs = 10_000
const statusEveryMs = 10_000
const unchangedEveryMs = 300_000
/** Until ready, the status is looked at more often, so that a new node serves soon. */
const startingEveryMs = 200

export class NodeReporter {
  readonly #options: NodeReporterOptions
  #node: Node
  #lease: Lease | undefined
  #writtenAtMs = Number.NEGATIVE_INFINITY
  #written: NodeStatus | undefined
  /** The last write of the status that has begun, and the one that begins after it. */
  #writing: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  readonly #timers = new Set<Timer>()
  #stopped = false
  #ready = false

  constructor(options: NodeReporterOptions) {
    this.#options = options
    const { nodeName, machine, maxPods } = options
    this.#node = emptyNode(nodeName, machine.architecture, allocatableOf(machine, maxPods))
  }

  /** As last read or written; before registration with what is known of the machine. */
  get node(): Node {
    return this.#node
  }

  get isReady(): boolean {
    return this.#ready
  }

  /** Registers the node; resolves when its first status is written. Retries until stopped. */
  async start(): Promise<void> {
    while (!this.#stopped)
      try {
        await this.#register()
        await this.report()
        break
      } catch (error) {
        this.#options.log.warn({ error: (error as Error).message }, 'node not registered')
        await new Promise<void>(resolve => void this.#options.clock.after(1_000, resolve))
      }
    this.#repeat(
      () => this.#renewLease(),
      () => leaseEveryMs,
      0,
    )
    this.#repeat(
      () => this.report(),
      () => (this.#ready ? statusEveryMs : startingEveryMs),
      startingEveryMs,
    )
  }

  /** Writes the status if it has changed; resolves when all that was true at the call is written. One write at a time. */
  report(): Promise<void> {
    this.#next ??= this.#writing
      .catch(() => {})
      .then(() => {
        this.#next = undefined
        this.#writing = this.#writeStatus()
        return this.#writing
      })
    return this.#next
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) timer.cancel()
  }

  #repeat(act: () => Promise<void>, everyMs: () => number, firstMs: number): void {
    if (this.#stopped) return
    const timer = this.#options.clock.after(firstMs, () => {
      this.#timers.delete(timer)
      void act()
        .catch((error: unknown) => this.#options.log.warn({ error: (error as Error).message }, 'node not reported'))
        .finally(() => this.#repeat(act, everyMs, everyMs()))
    })
    this.#timers.add(timer)
  }

  async #register(): Promise<void> {
    const { client, nodeName, machine, labels, taints } = this.#options
    const nodes = client.of(Node)
    const wanted = { ...nodeLabels(nodeName, machine.architecture), ...labels }
    const status = nodeStatusOf(await this.#facts(), undefined)
    try {
      this.#node = await nodes.create('', {
        metadata: { name: nodeName, labels: wanted, annotations: this.#options.annotations() },
        spec: { ...(taints ? { taints } : {}) },
        status,
      })
      this.#options.event('Normal', 'Starting', 'Starting kubelet.')
      return
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
    this.#node = await nodes.get('', nodeName)
    await this.#keepMetadata(wanted)
    this.#options.event('Normal', 'Starting', 'Starting kubelet.')
  }

  /** Labels and annotations of ours that are missing or differ on the Node; those of others stay. */
  async #keepMetadata(labels: Readonly<Record<string, string>>): Promise<void> {
    const { client, nodeName } = this.#options
    const { metadata } = this.#node
    const missing = (wanted: Readonly<Record<string, string>>, known: Readonly<Record<string, string>> = {}) =>
      Object.fromEntries(Object.entries(wanted).filter(([key, value]) => known[key] !== value))
    const patch = {
      labels: missing(labels, metadata.labels),
      annotations: missing(this.#options.annotations(), metadata.annotations),
    }
    if (Object.keys({ ...patch.labels, ...patch.annotations }).length > 0)
      this.#node = await client.of(Node).patch('', nodeName, 'strategic', { metadata: patch })
  }

  async #facts(): Promise<NodeFacts> {
    const { runtime, clock } = this.#options
    const problems: string[] = []
    let images: NodeFacts['images'] = []
    try {
      const status = await runtime.status()
      const condition = (type: string) => status.status?.conditions?.find(item => item.type === type)
      const runtimeReady = condition('RuntimeReady')
      const network = condition('NetworkReady')
      if (runtimeReady?.status !== true) problems.push('container runtime not ready')
      if (network?.status !== true)
        problems.push(
          `container runtime network not ready: NetworkReady=false reason:${network?.reason ?? ''} message:${network?.message ?? ''}`,
        )
      images = await runtime.listImages()
    } catch (error) {
      problems.push(`container runtime is down: ${(error as Error).message}`)
    }
    return {
      machine: this.#options.machine,
      hostName: this.#options.nodeName,
      hostIps: this.#options.hostIps(),
      kubeletPort: this.#options.kubeletPort,
      version: this.#options.version,
      runtimeVersion: this.#options.runtimeVersion,
      maxPods: this.#options.maxPods,
      problems,
      images,
      pressure: this.#options.pressure(),
      volumesInUse: this.#options.volumesInUse(),
      allocated: {},
      nowIso: timeOf(clock.now()),
    }
  }

  async #writeStatus(): Promise<void> {
    const { client, clock, nodeName, log } = this.#options
    await this.#keepMetadata({}).catch(error => {
      if (!isNotFound(error)) throw error
    })
    const facts = await this.#facts()
    const status = nodeStatusOf(facts, this.#written ?? this.#node.status)
    const changed = this.#written === undefined || statusChanged(this.#written, status)
    const dueMs = this.#writtenAtMs + unchangedEveryMs
    if (!changed && clock.monotonic() < dueMs) return
    try {
      this.#node = await client.of(Node).patch('', nodeName, 'strategic', { status: statusPatch(status) }, 'status')
    } catch (error) {
      if (!isNotFound(error)) throw error
      log.info('the node object is gone: registering again')
      await this.#register()
    }
    this.#written = status
    this.#writtenAtMs = clock.monotonic()
    const ready = facts.problems.length === 0
    if (ready !== this.#ready)
      this.#options.event(
        'Normal',
        ready ? 'NodeReady' : 'NodeNotReady',
        `Node ${nodeName} status is now: ${ready ? 'NodeReady' : 'NodeNotReady'}`,
      )
    this.#ready = ready
  }

  async #renewLease(): Promise<void> {
    const { client, clock, nodeName } = this.#options
    const leases = client.of(Lease)
    const spec = { holderIdentity: nodeName, leaseDurationSeconds: leaseSeconds, renewTime: microTimeOf(clock.now()) }
    const owner = this.#node.metadata.uid
    const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: owner }]
    try {
      const known = this.#lease ?? (await leases.get(leaseNamespace, nodeName))
      this.#lease = await leases.update({
        ...known,
        metadata: { ...known.metadata, ownerReferences },
        spec: { ...known.spec, ...spec },
      })
    } catch (error) {
      this.#lease = undefined
      if (isConflict(error)) return
      if (!isNotFound(error)) throw error
      this.#lease = await leases.create(leaseNamespace, { metadata: { name: nodeName, ownerReferences }, spec })
    }
  }
}

/** What is absent from a patch stays: the last volume must be taken back by name, and so must addresses. */
const statusPatch = (status: NodeStatus) => ({
  ...status,
  volumesInUse: status.volumesInUse ?? null,
  addresses: [...(status.addresses ?? []), { $patch: 'replace' }],
})
