/**
 * Cluster addresses (IPAddress objects) and node ports (a RangeAllocation) of services. What is taken or given back is
 * written in the service's own transaction: nothing leaks when a write fails, and two servers cannot take the same.
 */
import { RangeAllocation } from '../../../api/core/v1/range-allocation.ts'
import { Service } from '../../../api/core/v1/service.ts'
import { IPAddress } from '../../../api/networking/v1/ip-address.ts'
import { ServiceCIDR } from '../../../api/networking/v1/service-cidr.ts'
import type { Clock } from '../../../base/clock.ts'
import { loggerOf } from '../../../base/log.ts'
import { internalError, invalidError } from '../../../machinery/api-error.ts'
import { invalid } from '../../../schema/field-error.ts'
import { decodeObject } from '../../../schema/json-decode.ts'
import { encodeObject } from '../../../schema/json-encode.ts'
import type { Kind } from '../../../schema/kind.ts'
import { decodeEnvelope, isEnveloped } from '../../../schema/protobuf-decode.ts'
import type { Compare, Operation, Store } from '../../../store/store.ts'
import type { RegistryDeps } from '../registry-deps.ts'
import { cacheOf, keyOf, type Resource } from '../resource.ts'
import type { ResourceTable } from '../resource-table.ts'
import type { ObjectJson, StoredObject } from '../stored-object.ts'
import { isoSeconds } from '../write-request.ts'
import { addressFacts, addressLabels, missingAddresses, serviceFacts, strayAddresses } from './address-repair.ts'
import { type IpFamily, IpRange } from './ip-range.ts'
import { PortBitmap } from './port-bitmap.ts'
import { readyRanges } from './service-ranges.ts'

export interface ServiceAllocatorOptions {
  readonly store: Store
  readonly random: () => number
  readonly cidrs: readonly string[]
  readonly nodePortRange: readonly [first: number, last: number]
}

const portsKey = '/registry/ranges/servicenodeports'
const sliceSize = 500
const repairIntervalMs = 180_000
const log = loggerOf('apiserver/service-allocator')

export interface PortsState {
  readonly bitmap: PortBitmap
  /** modRevision of what was read; 0: not stored yet. */
  readonly revision: number
}

export class ServiceAllocator {
  readonly #options: ServiceAllocatorOptions
  readonly #ranges: readonly IpRange[]
  #table: ResourceTable | undefined

  constructor(options: ServiceAllocatorOptions) {
    this.#options = options
    this.#ranges = options.cidrs.map(cidr => new IpRange(cidr))
  }

  useTable(table: ResourceTable): void {
    this.#table = table
  }

  get families(): readonly IpFamily[] {
    return this.#ranges.map(range => range.family)
  }

  get random(): () => number {
    return this.#options.random
  }

  /** Those of the family from which addresses are given: the server's own first, then those of further ServiceCIDRs. */
  async rangesOf(family: IpFamily): Promise<readonly IpRange[]> {
    const cache = cacheOf(this.#resourceOf(ServiceCIDR as Kind))
    await cache.ready()
    const cidrs = cache.under(cache.prefix).map(({ object }) => object as unknown as ServiceCIDR)
    return readyRanges(this.#ranges, cidrs).filter(range => range.family === family)
  }

  #resourceOf(kind: Kind): Resource {
    const resource = this.#table?.ofKind(kind)
    if (!resource) throw new Error(`${kind.gvk.kind} is not served`)
    return resource
  }

  /** An address that nobody has. Throws where all ranges are full. */
  async freeAddress(family: IpFamily): Promise<string> {
    const resource = this.#resourceOf(IPAddress as Kind)
    await cacheOf(resource).ready()
    const taken = (address: string) => cacheOf(resource).get(keyOf(resource, '', address)) !== undefined
    for (const range of await this.rangesOf(family)) {
      const address = this.#freeIn(range, taken)
      if (address !== undefined) return address
    }
    throw internalError('failed to allocate a serviceIP: range is full')
  }

  #freeIn(range: IpRange, taken: (address: string) => boolean): string | undefined {
    const { staticBand, usable } = range
    // The first address of the server's own ranges is that of the service `kubernetes`, which asks for it by name.
    const kept = new Set(this.#ranges.map(own => own.first))
    for (const [from, to] of [
      [staticBand + 1, usable],
      [1, staticBand],
    ] as const) {
      const size = to - from + 1
      if (size <= 0) continue
      const start = Math.floor(this.#options.random() * size)
      for (let i = 0; i < size; i++) {
        const address = range.at(from + ((start + i) % size))
        if (!kept.has(address) && !taken(address)) return address
      }
    }
    return undefined
  }

  async isTaken(address: string): Promise<boolean> {
    const resource = this.#resourceOf(IPAddress as Kind)
    await cacheOf(resource).ready()
    return cacheOf(resource).get(keyOf(resource, '', address)) !== undefined
  }

  takeAddress(
    address: string,
    family: IpFamily,
    { name, namespace }: { readonly name: string; readonly namespace?: string },
    nowIso: string,
    uid: string,
    /** Of what lies there already; 0: nothing may. */
    revision = 0,
  ): [Compare, Operation] {
    const resource = this.#resourceOf(IPAddress as Kind)
    const key = keyOf(resource, '', address)
    const object = {
      kind: 'IPAddress',
      apiVersion: IPAddress.apiVersion,
      metadata: {
        name: address,
        uid,
        creationTimestamp: nowIso,
        labels: addressLabels(family),
      },
      spec: { parentRef: { group: '', resource: 'services', namespace, name } },
    }
    return [
      { key, target: 'modRevision', is: '=', number: revision },
      { put: key, value: encodeObject(IPAddress as Kind, object) },
    ]
  }

  giveAddress(address: string): Operation {
    return { delete: keyOf(this.#resourceOf(IPAddress as Kind), '', address) }
  }

  async readPorts(): Promise<PortsState> {
    const [first, last] = this.#options.nodePortRange
    const result = await this.#options.store.range({ start: portsKey })
    const kv = result.kvs[0]
    if (!kv) return { bitmap: new PortBitmap(first, last), revision: 0 }
    const stored = (
      isEnveloped(kv.value) ? decodeEnvelope(RangeAllocation, kv.value) : decodeObject(RangeAllocation, kv.value).object
    ) as { range?: string; data?: string }
    const bitmap = new PortBitmap(first, last, stored.range === `${first}-${last}` ? stored.data : '')
    return { bitmap, revision: kv.modRevision }
  }

  writePorts({ bitmap, revision }: PortsState): [Compare, Operation] {
    const object = {
      kind: 'RangeAllocation',
      apiVersion: 'v1',
      metadata: {},
      range: bitmap.range,
      data: bitmap.base64,
    }
    return [
      { key: portsKey, target: 'modRevision', is: '=', number: revision },
      { put: portsKey, value: encodeObject(RangeAllocation as Kind, object) },
    ]
  }

  refusePort(service: ObjectJson, index: number, port: number, why: string): never {
    throw invalidError('', 'Service', service.metadata.name, [invalid(`spec.ports[${index}].nodePort`, port, why)])
  }

  /** Makes the allocations agree with the services, now and then: a stock API server, or a restore, may have left a difference. */
  startRepair(clock: Clock, deps: RegistryDeps): () => void {
    let stopped = false
    let timer = clock.after(0, () => void run())
    const run = async () => {
      if (stopped) return
      await this.repair(deps, clock.now()).catch(error =>
        log.warn({ error: (error as Error).message }, 'repair failed'),
      )
      if (!stopped) timer = clock.after(repairIntervalMs, () => void run())
    }
    return () => {
      stopped = true
      timer.cancel()
    }
  }

  async repair(deps: RegistryDeps, nowMs: number): Promise<void> {
    await this.#repairPorts(deps)
    await this.#repairAddresses(deps, nowMs)
  }

  /**
   * Every address of a Service has its IPAddress, and none of ours is without a Service. Each is mended only while both
   * are as they were read: servers that repair at once do no harm.
   */
  async #repairAddresses({ store, newUid }: RegistryDeps, nowMs: number): Promise<void> {
    const [services, addresses] = [Service, IPAddress].map(kind => this.#resourceOf(kind as Kind)) as [
      Resource,
      Resource,
    ]
    await Promise.all([cacheOf(services).fresh(), cacheOf(addresses).fresh()])
    const [allServices, allAddresses] = [services, addresses].map(resource => {
      const cache = cacheOf(resource)
      return cache.under(cache.prefix)
    }) as [readonly StoredObject[], readonly StoredObject[]]
    const ofServices = await inSlices(allServices, serviceFacts)
    const ofAddresses = await inSlices(allAddresses, addressFacts)
    const unchanged = (key: string, number: number): Compare => ({ key, target: 'modRevision', is: '=', number })
    for (const { address, family, service, revision } of missingAddresses(ofServices, ofAddresses)) {
      log.warn({ address, namespace: service.namespace, service: service.name }, 'address is not allocated; repairing')
      const now = isoSeconds(nowMs)
      const [compare, operation] = this.takeAddress(address, family, service, now, newUid(), revision)
      const same = unchanged(service.key, service.revision)
      await store.transact({ compare: [compare, same], success: [operation], failure: [] })
    }
    for (const { stray, service, serviceRevision } of strayAddresses(ofServices, ofAddresses, nowMs)) {
      log.warn({ address: stray.address, service }, 'address has leaked; cleaning up')
      const compare = [unchanged(stray.key, stray.revision)]
      const [namespace = '', name = ''] = service?.split('/') ?? []
      if (name !== '') compare.push(unchanged(keyOf(services, namespace, name), serviceRevision))
      await store.transact({ compare, success: [{ delete: stray.key }], failure: [] })
    }
  }

  async #repairPorts(deps: RegistryDeps): Promise<void> {
    const services = this.#resourceOf(Service as Kind)
    const cache = cacheOf(services)
    const state = await this.readPorts()
    await cache.fresh()
    const [first, last] = this.#options.nodePortRange
    const wanted = new PortBitmap(first, last)
    const ports = await inSlices(cache.under(cache.prefix), stored => nodePortsOf(stored.objectOnce))
    for (const port of ports.flat()) wanted.add(port)
    if (wanted.base64 === state.bitmap.base64) return
    const [compare, operation] = this.writePorts({ bitmap: wanted, revision: state.revision })
    // The services were read after the ports: a write between the two changes the ports' revision, and this one fails.
    await deps.store.transact({ compare: [compare], success: [operation], failure: [] })
  }
}

/** Hands the thread back now and then: there may be tens of thousands. */
async function inSlices<T>(stored: readonly StoredObject[], factsOf: (one: StoredObject) => T): Promise<T[]> {
  const facts: T[] = []
  for (const one of stored) {
    facts.push(factsOf(one))
    if (facts.length % sliceSize === 0) await new Promise(resolve => setImmediate(resolve))
  }
  return facts
}

export function nodePortsOf(service: ObjectJson): number[] {
  const { ports, healthCheckNodePort } = (service.spec ?? {}) as {
    ports?: { nodePort?: number }[]
    healthCheckNodePort?: number
  }
  const own = (ports ?? []).map(port => port.nodePort ?? 0)
  return [...new Set([...own, healthCheckNodePort ?? 0].filter(port => port > 0))]
}
