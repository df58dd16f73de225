/** The service proxy of one node: watches Services and EndpointSlices and keeps the kernel's rules equal to them. */
import type { Service } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import { type Clock, sleep, type Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Informer } from '../client/informer.ts'
import { settled } from './draining.ts'
import { HealthPorts } from './health-ports.ts'
import { type CommandRunner, NftablesTable } from './nftables.ts'
import { isProxied, wantedRules } from './rules.ts'
import { staleFlows, type UdpServices, udpServicesOf } from './stale-flows.ts'
import type { ProxyStatus } from './status-server.ts'

export interface ProxyOptions {
  readonly services: Informer<Service>
  /** EndpointSlices; `startProxy` adds the index it needs. */
  readonly endpointSlices: Informer<EndpointSlice>
  readonly runner: CommandRunner
  readonly clock: Clock
  readonly log: Logger
  /** Name of the nftables table, distinct for every cluster on the machine. */
  readonly table: string
  readonly nodeName: string
  readonly nodeAddresses: readonly string[]
  readonly clusterCidr: string
  readonly serviceCidr: string
  readonly masqueradeMark: number
  /** How often the kernel's table is looked at; 10 s where absent. */
  readonly checkMs?: number
  /** Told how long it took to bring the rules up to date. */
  readonly onSynced?: (seconds: number) => void
}

/** A pod that is about to end. */
export interface DrainedPod {
  readonly uid: string
  readonly addresses: readonly string[]
  /** Services that select it, as `namespace/name`. */
  readonly services: readonly string[]
}

export interface Proxy {
  /**
   * Resolves when the kernel prefers other endpoints to a pod's (one that terminates and has no ready sibling
   * stays the only choice) and the connections made before have had their answers, or after `timeoutMs`. For addresses
   * of pods alone: an address of a node is shared. A server that ends then loses no request that came through this
   * node's rules.
   */
  drained(pod: DrainedPod, timeoutMs: number): Promise<void>
  /** How far the kernel's rules are. */
  status(): ProxyStatus
  /** Resolves after the first rules are in the kernel. */
  readonly ready: Promise<void>
  stop(): Promise<void>
}

const serviceIndex = 'service'
const serviceLabel = 'kubernetes.io/service-name'
/** After a failure, the rules are tried again so much later. */
const retryMs = 1000
/** How often the kernel's table is looked at, in case another program flushed it. One short command. */
const checkMs = 10_000
/** Changes that come while rules are applied share the next transaction, which starts after as long as the last one took, at most so long. */
const maxPauseMs = 500
const conntrackTimeoutMs = 10_000
/** Rules that are wrong for longer are no use to who asks a load balancer (upstream: healthTimeout of two periods). */
const unhealthyAfterMs = 60_000

export function startProxy(options: ProxyOptions): Proxy {
  const { services, endpointSlices, clock, log, nodeName } = options
  const table = new NftablesTable(options.runner, `ip ${options.table}`)
  const ready = Promise.withResolvers<void>()
  let stopped = false
  let dirty = false
  let syncing: Promise<void> | undefined
  let retry: Timer | undefined
  let udp: UdpServices = new Map()
  /** Counts the changes that were seen, and those of them that the kernel's rules hold. */
  let seen = 0
  let applied = 0
  let appliedAtMs = clock.now()
  /** Since when a change waits. */
  let behindSinceMs: number | undefined = clock.now()
  const isHealthy = () => behindSinceMs === undefined || clock.now() - behindSinceMs < unhealthyAfterMs
  const healthPorts = new HealthPorts({ nodeName, clock, log, isHealthy })
  /** Of the rules in the kernel. */
  let routed: ReadonlySet<string> = new Set()
  const waiters = new Set<() => void>()
  const stopping = new AbortController()
  const pause = (delayMs: number) => sleep(delayMs, stopping.signal).catch(() => {})

  endpointSlices.addIndex(serviceIndex, slice => {
    const name = slice.metadata.labels?.[serviceLabel]
    return name === undefined ? [] : [`${slice.metadata.namespace}/${name}`]
  })
  const slicesOf = (namespace: string, name: string) => endpointSlices.byIndex(serviceIndex, `${namespace}/${name}`)

  async function sync(): Promise<void> {
    const current = services.list()
    const snapshot = seen
    const rules = wantedRules({ ...options, services: current, slicesOf })
    const nextUdp = udpServicesOf(current, slicesOf, nodeName)
    const startedMs = clock.monotonic()
    await table.apply(rules)
    options.onSynced?.((clock.monotonic() - startedMs) / 1000)
    routed = rules.routed
    applied = snapshot
    appliedAtMs = clock.now()
    behindSinceMs = seen === applied ? undefined : appliedAtMs
    healthPorts.update(current, slicesOf)
    ready.resolve()
    for (const wake of waiters) wake()
    const calls = staleFlows(udp, nextUdp)
    udp = nextUdp
    await deleteFlows(calls)
  }

  /** Without `conntrack`, old UDP flows end by their timeout: the rules matter more. */
  async function deleteFlows(calls: readonly string[][]): Promise<void> {
    try {
      for (const call of calls) await options.runner.run('conntrack', call, { timeoutMs: conntrackTimeoutMs })
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'cannot delete old UDP flows')
    }
  }

  /** One transaction at a time; changes that arrive meanwhile share the next one. */
  async function run(): Promise<void> {
    while (dirty && !stopped) {
      dirty = false
      const startedMs = clock.monotonic()
      try {
        await sync()
        if (!stopped) await pause(Math.min(clock.monotonic() - startedMs, maxPauseMs))
      } catch (error) {
        log.error({ err: error }, 'cannot apply the service rules')
        retry?.cancel()
        retry = clock.after(retryMs, markDirty)
        return
      }
    }
  }

  function markDirty(): void {
    dirty = true
    seen += 1
    behindSinceMs ??= clock.now()
    if (stopped || syncing || !services.hasSynced() || !endpointSlices.hasSynced()) return
    syncing = run().finally(() => {
      syncing = undefined
      if (dirty) markDirty()
    })
  }

  /** Whether the slices of a service have it that the pod ends: nothing makes it ready again after that. */
  const endsIn = (service: string, uid: string): boolean =>
    endpointSlices
      .byIndex(serviceIndex, service)
      .some(slice =>
        slice.endpoints?.some(
          ({ targetRef, conditions }) => targetRef?.uid === uid && conditions?.terminating === true,
        ),
      )

  function isRouted(name: string): boolean {
    const [namespace = '', plain = ''] = name.split('/')
    const service = services.get(namespace, plain)
    return service !== undefined && isProxied(service)
  }

  const onSlices = () => {
    markDirty()
    for (const wake of waiters) wake()
  }
  const unsubscribe = [services.subscribe(markDirty), endpointSlices.subscribe(onSlices)]
  void Promise.all([services.synced(), endpointSlices.synced()]).then(markDirty)
  async function check(): Promise<void> {
    try {
      if (!syncing && (await table.isIntact('services')) === false && !syncing && !stopped) {
        log.warn({ table: options.table }, 'the service rules were changed by another program: replacing them')
        table.forget()
        markDirty()
      }
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'cannot look at the service rules')
    }
    if (!stopped) checking = clock.after(options.checkMs ?? checkMs, () => void check())
  }
  let checking = clock.after(options.checkMs ?? checkMs, () => void check())

  return {
    ready: ready.promise,
    status: () => ({ isHealthy: isHealthy(), lastUpdatedMs: appliedAtMs }),
    async drained({ uid, addresses, services: names }, timeoutMs) {
      // Not routed now may mean not yet: rules on their way, or a slice that still calls the pod ready, would bring it in.
      let endsAt: number | undefined
      const isDrained = () => {
        if (endsAt === undefined && names.every(name => !isRouted(name) || endsIn(name, uid))) endsAt = seen
        return endsAt !== undefined && applied >= endsAt && addresses.every(address => !routed.has(address))
      }
      const deadline = new AbortController()
      const timer = clock.after(timeoutMs, () => deadline.abort())
      try {
        while (!isDrained() && !stopped && !deadline.signal.aborted) {
          const { promise, resolve } = Promise.withResolvers<void>()
          waiters.add(resolve)
          await Promise.race([promise, sleep(timeoutMs, deadline.signal).catch(() => {})])
          waiters.delete(resolve)
        }
        if (!stopped && !deadline.signal.aborted) await settled(options.runner, clock, addresses, deadline.signal)
      } finally {
        timer.cancel()
        deadline.abort()
      }
    },
    async stop() {
      stopped = true
      healthPorts.stop()
      for (const stop of unsubscribe) stop()
      checking.cancel()
      stopping.abort()
      retry?.cancel()
      for (const wake of waiters) wake()
      await syncing
    },
  }
}
