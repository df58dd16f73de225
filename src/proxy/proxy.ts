/** The service proxy of one node: watches Services and EndpointSlices and keeps the kernel's rules equal to them. */
import type { Service } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import { type Clock, sleep, type Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Informer } from '../client/informer.ts'
import { type CommandRunner, NftablesTable } from './nftables.ts'
import { wantedRules } from './rules.ts'
import { staleFlows, type UdpServices, udpServicesOf } from './stale-flows.ts'

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
}

export interface Proxy {
  /** Resolves when no rule sends new connections to any of the addresses, or after `timeoutMs`. */
  drained(addresses: readonly string[], timeoutMs: number): Promise<void>
  /** Resolves after the first rules are in the kernel. */
  readonly ready: Promise<void>
  stop(): Promise<void>
}

const serviceIndex = 'service'
const serviceLabel = 'kubernetes.io/service-name'
/** After a failure, the rules are tried again so much later. */
const retryMs = 1000
/** What the kernel holds is replaced as a whole so often, in case somebody else changed it. */
const resyncMs = 3_600_000
const conntrackTimeoutMs = 10_000

export function startProxy(options: ProxyOptions): Proxy {
  const { services, endpointSlices, clock, log, nodeName } = options
  const table = new NftablesTable(options.runner, `ip ${options.table}`)
  const ready = Promise.withResolvers<void>()
  let stopped = false
  let dirty = false
  let syncing: Promise<void> | undefined
  let retry: Timer | undefined
  let udp: UdpServices = new Map()
  /** Addresses in rules of the last applied state. */
  let routed = new Set<string>()
  const waiters = new Set<() => void>()

  endpointSlices.addIndex(serviceIndex, slice => {
    const name = slice.metadata.labels?.[serviceLabel]
    return name === undefined ? [] : [`${slice.metadata.namespace}/${name}`]
  })
  const slicesOf = (namespace: string, name: string) => endpointSlices.byIndex(serviceIndex, `${namespace}/${name}`)

  async function sync(): Promise<void> {
    const current = services.list()
    const rules = wantedRules({ ...options, services: current, slicesOf })
    await table.apply(rules)
    const nextUdp = udpServicesOf(current, slicesOf, nodeName)
    for (const call of staleFlows(udp, nextUdp))
      await options.runner.run('conntrack', call, { timeoutMs: conntrackTimeoutMs })
    udp = nextUdp
    routed = routedAddresses(rules.chains)
    ready.resolve()
    for (const wake of waiters) wake()
  }

  /** One transaction at a time; changes that arrive meanwhile share the next one. */
  async function run(): Promise<void> {
    while (dirty && !stopped) {
      dirty = false
      try {
        await sync()
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
    if (stopped || syncing || !services.hasSynced() || !endpointSlices.hasSynced()) return
    syncing = run().finally(() => {
      syncing = undefined
      if (dirty) markDirty()
    })
  }

  const unsubscribe = [services.subscribe(markDirty), endpointSlices.subscribe(markDirty)]
  void Promise.all([services.synced(), endpointSlices.synced()]).then(markDirty)
  const resync = setInterval(() => {
    table.forget()
    markDirty()
  }, resyncMs)
  resync.unref()

  return {
    ready: ready.promise,
    async drained(addresses, timeoutMs) {
      const isDrained = () => addresses.every(address => !routed.has(address))
      const deadline = new AbortController()
      const timer = clock.after(timeoutMs, () => deadline.abort())
      try {
        while (!isDrained() && !stopped && !deadline.signal.aborted) {
          const { promise, resolve } = Promise.withResolvers<void>()
          waiters.add(resolve)
          await Promise.race([promise, sleep(timeoutMs, deadline.signal).catch(() => {})])
          waiters.delete(resolve)
        }
      } finally {
        timer.cancel()
        deadline.abort()
      }
    },
    async stop() {
      stopped = true
      for (const stop of unsubscribe) stop()
      clearInterval(resync)
      retry?.cancel()
      for (const wake of waiters) wake()
      await syncing
    },
  }
}

const dnatPattern = /(?:dnat ip to |: )(\d+\.\d+\.\d+\.\d+)(?::| \. )/g

function routedAddresses(chains: ReadonlyMap<string, { readonly rules: readonly string[] }>): Set<string> {
  const found = new Set<string>()
  for (const { rules } of chains.values())
    for (const rule of rules)
      if (rule.includes('dnat')) for (const match of rule.matchAll(dnatPattern)) if (match[1]) found.add(match[1])
  return found
}
