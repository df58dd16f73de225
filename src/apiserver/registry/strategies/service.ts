/** Services: addresses and node ports by type, kept over updates, given back at the end. */
import { randomUUID } from 'node:crypto'
import type { Service } from '../../../api/core/v1/service.ts'
import { invalidError } from '../../../machinery/api-error.ts'
import { checkClusterIps } from '../../../machinery/validation/core/service.ts'
import { invalid } from '../../../schema/field-error.ts'
import type { Compare, Operation } from '../../../store/store.ts'
import { familyOf, type IpFamily } from '../allocators/ip-range.ts'
import { GuessedPorts } from '../allocators/port-bitmap.ts'
import { nodePortsOf, type ServiceAllocator } from '../allocators/service-allocator.ts'
import type { ObjectJson } from '../stored-object.ts'
import type { SideWrites, Strategy, WriteContext } from '../strategy.ts'
import { strategyOf, textAt } from './base.ts'

interface ServicePort {
  port: number
  protocol?: string
  nodePort?: number
}

interface ServiceSpec {
  type?: string
  clusterIP?: string
  clusterIPs?: string[]
  ipFamilies?: IpFamily[]
  ipFamilyPolicy?: string
  ports?: ServicePort[]
  selector?: Record<string, string>
  allocateLoadBalancerNodePorts?: boolean
  externalTrafficPolicy?: string
  internalTrafficPolicy?: string
  externalIPs?: string[]
  loadBalancerClass?: string
  healthCheckNodePort?: number
}

const specOf = (service: ObjectJson | undefined): ServiceSpec => (service?.spec ?? {}) as ServiceSpec

export const serviceStrategy = (allocator: ServiceAllocator): Strategy =>
  strategyOf({
    hasStatus: true,
    createOnUpdate: true,
    fieldNames: ['spec.clusterIP', 'spec.type'],
    selectableFields: object => ({
      'spec.clusterIP': textAt(object, 'spec', 'clusterIP'),
      'spec.type': textAt(object, 'spec', 'type'),
    }),
    prepareForCreate(object) {
      object.status = { loadBalancer: {} }
      normaliseAddresses(object, undefined)
      fillFamilies(object, undefined, allocator)
    },
    prepareForUpdate(object, old) {
      object.spec = { ...(object.spec as object) }
      keepAllocated(object, old)
      dropTypeDependent(object, old)
      normaliseAddresses(object, old)
      fillFamilies(object, old, allocator)
    },
    sideWrites: (object, old, context) => allocate(allocator, object, old, context),
  })

const needsAddress = (spec: ServiceSpec): boolean => spec.type !== 'ExternalName' && spec.clusterIP !== 'None'

const needsPorts = (spec: ServiceSpec): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)

/** `clusterIP` and the first of `clusterIPs` are one fact; an older client writes only the former. */
function normaliseAddresses(object: ObjectJson, old: ObjectJson | undefined): void {
  const spec = specOf(object)
  const before = specOf(old)
  if (!spec.clusterIP && spec.clusterIPs?.length) {
    if (old && before.clusterIP) delete spec.clusterIPs
  } else if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
  else if (spec.clusterIP && old && spec.clusterIP !== before.clusterIP && spec.clusterIPs?.[0] === before.clusterIP) {
    spec.clusterIPs = [spec.clusterIP]
  }
}

/** A PUT that leaves out what was allocated keeps it, as long as the type still has it. */
function keepAllocated(object: ObjectJson, old: ObjectJson): void {
  const spec = specOf(object)
  const before = specOf(old)
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    if (!spec.clusterIP && !spec.clusterIPs?.length && before.clusterIP) {
      spec.clusterIP = before.clusterIP
      if (before.clusterIPs) spec.clusterIPs = before.clusterIPs
    }
    if (spec.clusterIP === before.clusterIP && !spec.ipFamilies?.length && before.ipFamilies)
      spec.ipFamilies = before.ipFamilies
    if (spec.ipFamilyPolicy === undefined && before.ipFamilyPolicy !== undefined)
      spec.ipFamilyPolicy = before.ipFamilyPolicy
  }
  if (spec.type === 'ExternalName' && before.type !== 'ExternalName' && spec.clusterIP === before.clusterIP) {
    for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) delete spec[name]
  }
  if (needsPorts(spec) && needsPorts(before)) keepNodePorts(spec, before)
  else if (!needsPorts(spec) && spec.type !== 'LoadBalancer') dropNodePorts(spec, before)
  const local = spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
  if (local && !spec.healthCheckNodePort && before.healthCheckNodePort)
    spec.healthCheckNodePort = before.healthCheckNodePort
  if (!local && spec.healthCheckNodePort === before.healthCheckNodePort) delete spec.healthCheckNodePort
}

const isExternallyAccessible = ({ type, externalIPs }: ServiceSpec): boolean =>
  type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (externalIPs?.length ?? 0) > 0)

/** What the old type needed and the new one may not have goes, unless the client changed it: then it is refused. */
function dropTypeDependent(object: ObjectJson, old: ObjectJson): void {
  const spec = specOf(object)
  const before = specOf(old)
  const dropUnchanged = (name: 'externalTrafficPolicy' | 'loadBalancerClass' | 'allocateLoadBalancerNodePorts') => {
    if (spec[name] === before[name]) delete spec[name]
  }
  const hadPolicy = before.type !== 'ExternalName' && spec.internalTrafficPolicy === before.internalTrafficPolicy
  if (spec.type === 'ExternalName' && hadPolicy) delete spec.internalTrafficPolicy
  if (isExternallyAccessible(before) && !isExternallyAccessible(spec)) dropUnchanged('externalTrafficPolicy')
  if (spec.type === 'LoadBalancer') return
  if (before.type === 'LoadBalancer') {
    dropUnchanged('loadBalancerClass')
    dropUnchanged('allocateLoadBalancerNodePorts')
  }
  object.status = { ...(object.status as object), loadBalancer: {} }
}

function keepNodePorts(spec: ServiceSpec, before: ServiceSpec): void {
  const used = new Set((spec.ports ?? []).map(port => port.nodePort).filter(Boolean))
  spec.ports = (spec.ports ?? []).map(port => {
    if (port.nodePort) return port
    const same = before.ports?.find(
      other => other.port === port.port && (other.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    )
    if (!same?.nodePort || used.has(same.nodePort)) return port
    used.add(same.nodePort)
    return { ...port, nodePort: same.nodePort }
  })
}

/** A type without node ports gives back those that it had; ones that the client names anew are for validation to refuse. */
function dropNodePorts(spec: ServiceSpec, before: ServiceSpec): void {
  const had = new Set((before.ports ?? []).map(port => port.nodePort))
  spec.ports = spec.ports?.map(port => {
    if (!port.nodePort || !had.has(port.nodePort)) return port
    const { nodePort: _, ...rest } = port
    return rest
  })
  if (spec.ports === undefined) delete spec.ports
}

type Refusals = ReturnType<typeof invalid>[]

function throwIf(service: ObjectJson, errors: Refusals): void {
  if (errors.length > 0) throw invalidError('', 'Service', service.metadata.name ?? '', errors)
}

const same = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  (a ?? []).length === (b ?? []).length && (a ?? []).every((item, i) => item === b?.[i])

/** A service that prefers two families keeps what it has until its owner asks for something else. */
function keepsPreference(spec: ServiceSpec, before: ServiceSpec): boolean {
  const prefers = (policy: string | undefined) => policy === 'PreferDualStack'
  return (
    prefers(spec.ipFamilyPolicy) &&
    (before.ipFamilyPolicy === undefined || prefers(before.ipFamilyPolicy)) &&
    before.type === spec.type &&
    spec.type !== 'ExternalName' &&
    same(spec.clusterIPs, before.clusterIPs) &&
    same(spec.ipFamilies, before.ipFamilies)
  )
}

/** What an update that takes a family or an address away must say, or gets by saying `SingleStack`. */
function reduceFamilies(spec: ServiceSpec, before: ServiceSpec, errors: Refusals): void {
  const policyPath = 'spec.ipFamilyPolicy'
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (same(spec.clusterIPs, before.clusterIPs)) spec.clusterIPs = spec.clusterIPs?.slice(0, 1)
    if (same(spec.ipFamilies, before.ipFamilies)) spec.ipFamilies = spec.ipFamilies?.slice(0, 1)
    return
  }
  const isReduced = (now: readonly string[] | undefined, then: readonly string[] | undefined) =>
    now?.length === 1 && then?.length === 2 && now[0] === then[0]
  if (isReduced(spec.clusterIPs, before.clusterIPs))
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary cluster IP"))
  if (isReduced(spec.ipFamilies, before.ipFamilies))
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary IP family"))
}

/** Families and their policy, as far as a client has not said them (upstream: initIPFamilyFields). */
function fillFamilies(object: ObjectJson, old: ObjectJson | undefined, allocator: ServiceAllocator): void {
  const spec = specOf(object)
  const before = specOf(old)
  const [defaultFamily] = allocator.families
  if (spec.type === 'ExternalName' || !defaultFamily || (old && keepsPreference(spec, before))) return
  const isOpen = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0
  spec.ipFamilyPolicy ??= before.ipFamilyPolicy ?? (isOpen ? 'RequireDualStack' : 'SingleStack')
  const errors: Refusals = []
  checkClusterIps(errors, object as unknown as Service)
  throwIf(object, errors)
  if (old) reduceFamilies(spec, before, errors)
  if (spec.ipFamilyPolicy === 'SingleStack') {
    const many = (what: string) =>
      invalid(
        'spec.ipFamilyPolicy',
        'SingleStack',
        `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
      )
    if (spec.clusterIPs?.length === 2) errors.push(many('cluster IPs'))
    if (spec.ipFamilies?.length === 2) errors.push(many('IP families'))
  }
  inferFamilies(spec, allocator, errors)
  throwIf(object, errors)
  const families: IpFamily[] = spec.ipFamilies?.length ? [...spec.ipFamilies] : []
  if (!isOpen) checkConfigured(spec, families, allocator, errors)
  throwIf(object, errors)
  if (families.length === 0) families.push(defaultFamily)
  const wantsTwo = spec.ipFamilyPolicy !== 'SingleStack' && (isOpen || allocator.families.length === 2)
  if (wantsTwo && families.length === 1) families.push(families[0] === 'IPv4' ? 'IPv6' : 'IPv4')
  spec.ipFamilies = families
}

/** Addresses that are given say their families. */
function inferFamilies(spec: ServiceSpec, allocator: ServiceAllocator, errors: Refusals): void {
  for (const [i, address] of (spec.clusterIPs ?? []).entries()) {
    const family = familyOf(address)
    if (address === 'None') return
    if (family === undefined || i < (spec.ipFamilies?.length ?? 0)) continue
    if (allocator.families.includes(family)) spec.ipFamilies = [...(spec.ipFamilies ?? []), family]
    else errors.push(invalid(`spec.clusterIPs[${i}]`, spec.clusterIPs, `${family} is not configured on this cluster`))
  }
}

function checkConfigured(
  spec: ServiceSpec,
  families: readonly IpFamily[],
  allocator: ServiceAllocator,
  errors: Refusals,
): void {
  if (spec.ipFamilyPolicy === 'RequireDualStack' && allocator.families.length < 2) {
    const message = 'this cluster is not configured for dual-stack services'
    errors.push(invalid('spec.ipFamilyPolicy', 'RequireDualStack', message))
  }
  for (const [i, family] of families.entries())
    if (!allocator.families.includes(family))
      errors.push(invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'))
}

async function allocate(
  allocator: ServiceAllocator,
  object: ObjectJson | undefined,
  old: ObjectJson | undefined,
  context: WriteContext,
): Promise<SideWrites | undefined> {
  const compare: Compare[] = []
  const operations: Operation[] = []
  const undo: (() => void)[] = []
  await allocateAddresses(allocator, object, old, context, compare, operations, undo)
  await allocatePorts(allocator, object, old, context.dryRun, compare, operations, undo)
  if (operations.length === 0 && compare.length === 0) return undefined
  return {
    compare,
    operations,
    retry() {
      for (const step of undo.reverse()) step()
      return true
    },
  }
}

const addressesOf = (service: ObjectJson | undefined): string[] =>
  (specOf(service).clusterIPs ?? []).filter(address => address !== 'None' && address !== '')

async function allocateAddresses(
  allocator: ServiceAllocator,
  object: ObjectJson | undefined,
  old: ObjectJson | undefined,
  context: WriteContext,
  compare: Compare[],
  operations: Operation[],
  undo: (() => void)[],
): Promise<void> {
  const had = addressesOf(old)
  if (object && needsAddress(specOf(object))) {
    const spec = specOf(object)
    const before = { clusterIP: spec.clusterIP, clusterIPs: spec.clusterIPs }
    const addresses = [...addressesOf(object)]
    for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
      const wanted = addresses[index]
      // A dry run takes no address: upstream shows a range's own in its place.
      const stand = context.dryRun ? (await allocator.rangesOf(family))[0]?.network : undefined
      const address = wanted ?? stand ?? (await allocator.freeAddress(family))
      addresses[index] = address
      if (had.includes(address)) continue
      if (wanted !== undefined) await checkWanted(allocator, object, index, address, family, context.dryRun)
      if (context.dryRun) continue
      if (!object.metadata.name) refuseNameless(object, wanted, address)
      if (wanted !== undefined && (await allocator.isTaken(wanted))) {
        refuseAddress(object, wanted, 'provided IP is already allocated')
      }
      const [condition, operation] = allocator.takeAddress(
        address,
        family,
        object.metadata,
        context.nowIso,
        randomUUID(),
      )
      compare.push(condition)
      operations.push(operation)
    }
    if (addresses.length > 0) {
      spec.clusterIPs = addresses
      spec.clusterIP = addresses[0] as string
      undo.push(() => {
        for (const name of ['clusterIP', 'clusterIPs'] as const) {
          if (before[name] === undefined) delete spec[name]
          else Object.assign(spec, { [name]: before[name] })
        }
      })
    }
  }
  const kept = new Set(addressesOf(object))
  for (const address of had) if (!kept.has(address)) operations.push(allocator.giveAddress(address))
}

async function checkWanted(
  allocator: ServiceAllocator,
  service: ObjectJson,
  index: number,
  address: string,
  family: IpFamily,
  dryRun: boolean,
): Promise<void> {
  if (familyOf(address) !== family)
    refuseAddress(service, address, `expected an ${family} value as indicated by spec.ipFamilies[${index}]`)
  const ranges = await allocator.rangesOf(family)
  if (ranges.some(range => range.hasHost(address))) return
  refuseAddress(
    service,
    address,
    dryRun
      ? `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${ranges[0]?.cidr}`
      : 'the provided network does not match the current range',
  )
}

function refuseAddress(service: ObjectJson, address: string, why: string): never {
  throw invalidError('', 'Service', service.metadata.name, [
    invalid('spec.clusterIPs', specOf(service).clusterIPs ?? [], `failed to allocate IP ${address}: ${why}`),
  ])
}

/** Upstream finds that there is no name when it writes the address's own object. */
function refuseNameless(service: ObjectJson, wanted: string | undefined, address: string): never {
  const inner = `IPAddress.networking.k8s.io ${JSON.stringify(address)} is invalid: spec.parentRef.name: Required value`
  const why = `failed to allocate IP${wanted === undefined ? '' : ` ${wanted}`}: ${inner}`
  throw invalidError('', 'Service', '', [invalid('spec.clusterIPs', specOf(service).clusterIPs ?? [''], why)])
}

async function allocatePorts(
  allocator: ServiceAllocator,
  object: ObjectJson | undefined,
  old: ObjectJson | undefined,
  dryRun: boolean,
  compare: Compare[],
  operations: Operation[],
  undo: (() => void)[],
): Promise<void> {
  const had = old ? nodePortsOf(old) : []
  const spec = specOf(object)
  const needs = object !== undefined && needsPorts(spec)
  const needsHealth = object !== undefined && spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
  const wantsNew = needs && (spec.ports ?? []).some(port => !port.nodePort || !had.includes(port.nodePort))
  const wantsHealth = needsHealth && !(spec.healthCheckNodePort && had.includes(spec.healthCheckNodePort))
  const keeps = object ? nodePortsOf(object) : []
  if (!wantsNew && !wantsHealth && had.every(port => keeps.includes(port))) return
  const state = await allocator.readPorts()
  const bitmap = dryRun ? new GuessedPorts(...state.bitmap.parts) : state.bitmap
  const before = { ports: spec.ports, healthCheckNodePort: spec.healthCheckNodePort }
  if (needs) spec.ports = withNodePorts(allocator, object as ObjectJson, spec.ports ?? [], had, bitmap)
  if (needsHealth) takeHealthPort(allocator, object as ObjectJson, spec, had, bitmap)
  undo.push(() => Object.assign(spec, before))
  const kept = object ? nodePortsOf(object) : []
  for (const port of had) if (!kept.includes(port)) bitmap.remove(port)
  const [condition, operation] = allocator.writePorts(state)
  compare.push(condition)
  operations.push(operation)
}

type Bitmap = Awaited<ReturnType<ServiceAllocator['readPorts']>>['bitmap']

function withNodePorts(
  allocator: ServiceAllocator,
  service: ObjectJson,
  ports: readonly ServicePort[],
  had: readonly number[],
  bitmap: Bitmap,
): ServicePort[] {
  /** One number serves TCP and UDP of the same port. */
  const own = new Map<number, number>()
  // Wishes come before free choice, which must not take what a later port asks for.
  for (const [index, { port, nodePort }] of ports.entries()) {
    if (!nodePort) continue
    if (!had.includes(nodePort) && ![...own.values()].includes(nodePort)) {
      if (!bitmap.inRange(nodePort)) {
        allocator.refusePort(
          service,
          index,
          nodePort,
          `provided port is not in the valid range. The range of valid ports is ${bitmap.range}`,
        )
      }
      if (bitmap.has(nodePort)) allocator.refusePort(service, index, nodePort, 'provided port is already allocated')
      bitmap.add(nodePort)
    }
    own.set(port, nodePort)
  }
  return ports.map((port, index) => {
    if (port.nodePort) return port
    const shared = own.get(port.port)
    const clash = ports.some(
      other => other.nodePort === shared && (other.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    )
    if (shared !== undefined && !clash) return { ...port, nodePort: shared }
    const nodePort = bitmap.free(allocator.random)
    if (nodePort === undefined) allocator.refusePort(service, index, 0, 'range is full')
    bitmap.add(nodePort as number)
    own.set(port.port, nodePort as number)
    return { ...port, nodePort: nodePort as number }
  })
}

function takeHealthPort(
  allocator: ServiceAllocator,
  service: ObjectJson,
  spec: ServiceSpec,
  had: readonly number[],
  bitmap: Bitmap,
): void {
  const wanted = spec.healthCheckNodePort
  if (wanted && had.includes(wanted)) return
  if (wanted && bitmap.has(wanted)) {
    throw invalidError('', 'Service', service.metadata.name, [
      invalid(
        'spec.healthCheckNodePort',
        wanted,
        'failed to allocate requested HealthCheck NodePort: provided port is already allocated',
      ),
    ])
  }
  const port = wanted || bitmap.free(allocator.random)
  if (port === undefined) return
  bitmap.add(port)
  spec.healthCheckNodePort = port
}
