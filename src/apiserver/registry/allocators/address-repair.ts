/** Where Services and IPAddress objects disagree, after another server or a restore: what has to be mended. Pure. */
import type { Service } from '../../../api/core/v1/service.ts'
import type { IPAddress } from '../../../api/networking/v1/ip-address.ts'
import type { StoredObject } from '../stored-object.ts'
import { familyOf, type IpFamily } from './ip-range.ts'

export interface ServiceFacts {
  readonly key: string
  readonly revision: number
  readonly namespace: string
  readonly name: string
  readonly addresses: readonly string[]
}

export interface AddressFacts {
  readonly key: string
  readonly revision: number
  readonly address: string
  readonly family: string | undefined
  /** Made by this allocator, here or in another server. */
  readonly isOurs: boolean
  readonly createdAtMs: number
  /** `namespace/name` of the Service that has it. */
  readonly service: string | undefined
}

export interface MissingAddress {
  readonly address: string
  readonly family: IpFamily
  readonly service: ServiceFacts
  /** Of the object that lies in its place; 0: there is none. */
  readonly revision: number
}

export interface StrayAddress {
  readonly stray: AddressFacts
  /** `namespace/name` of the Service that it names, and the revision of what is there. */
  readonly service: string | undefined
  readonly serviceRevision: number
}

/** Another server's request may still be about to make the Service of an address: the longest time that one lasts. */
const graceMs = 60_000
const managedByLabel = 'ipaddress.kubernetes.io/managed-by'
const familyLabel = 'ipaddress.kubernetes.io/ip-family'
const allocatorName = 'ipallocator.k8s.io'

export const addressLabels = (family: IpFamily) => ({ [familyLabel]: family, [managedByLabel]: allocatorName })

export function serviceFacts({ key, revision, objectOnce }: StoredObject): ServiceFacts {
  const { metadata, spec = {} } = objectOnce as unknown as Service
  const { namespace = '', name } = metadata
  const all = spec.type === 'ExternalName' ? [] : (spec.clusterIPs ?? [])
  return { key, revision, namespace, name, addresses: all.filter(address => familyOf(address) !== undefined) }
}

export function addressFacts({ key, revision, objectOnce }: StoredObject): AddressFacts {
  const { metadata, spec } = objectOnce as unknown as IPAddress
  const { group = '', resource, namespace = '', name = '' } = spec?.parentRef ?? {}
  return {
    key,
    revision,
    address: metadata.name,
    family: metadata.labels?.[familyLabel],
    isOurs: metadata.labels?.[managedByLabel] === allocatorName,
    createdAtMs: Date.parse(metadata.creationTimestamp ?? ''),
    service: group === '' && resource === 'services' ? `${namespace}/${name}` : undefined,
  }
}

const nameOf = ({ namespace, name }: ServiceFacts): string => `${namespace}/${name}`

/** Addresses of Services without an IPAddress, or with one that says something else. Of several that have the same, the one named keeps it. */
export function missingAddresses(
  services: readonly ServiceFacts[],
  addresses: readonly AddressFacts[],
): MissingAddress[] {
  const known = new Map(addresses.map(one => [one.address, one]))
  const holders = new Map<string, ServiceFacts[]>()
  for (const service of services)
    for (const address of service.addresses) holders.set(address, [...(holders.get(address) ?? []), service])
  const missing: MissingAddress[] = []
  for (const [address, having] of holders) {
    const family = familyOf(address)
    const [first] = having
    if (!family || !first) continue
    const stored = known.get(address)
    const named = having.find(service => nameOf(service) === stored?.service)
    if (named && stored?.isOurs && stored.family === family) continue
    missing.push({ address, family, service: named ?? first, revision: stored?.revision ?? 0 })
  }
  return missing
}

/** Addresses that were taken for Services that do not have them. */
export function strayAddresses(
  services: readonly ServiceFacts[],
  addresses: readonly AddressFacts[],
  nowMs: number,
): StrayAddress[] {
  const known = new Map(services.map(service => [nameOf(service), service]))
  return addresses.flatMap(stray => {
    const service = stray.service === undefined ? undefined : known.get(stray.service)
    if (!stray.isOurs || service?.addresses.includes(stray.address)) return []
    if (nowMs - stray.createdAtMs < graceMs) return []
    return [{ stray, service: stray.service, serviceRevision: service?.revision ?? 0 }]
  })
}
