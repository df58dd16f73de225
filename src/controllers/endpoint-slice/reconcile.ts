/** The difference between the slices there are and the endpoints wanted, with as few writes as is simple (KEP-752). */
import { type Endpoint, type EndpointPort, EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import type { OwnerReference } from '../../api/meta/v1/object-meta.ts'
import { type Action, create, remove, update } from '../runtime/action.ts'
import { same } from '../runtime/same.ts'
import { canonicalJson } from '../runtime/template-hash.ts'

export type AddressType = 'IPv4' | 'IPv6' | 'FQDN'

/** Endpoints that share their ports; each goes into slices of its own. */
export interface EndpointGroup {
  readonly addressType: AddressType
  readonly ports: readonly EndpointPort[]
  readonly endpoints: readonly Endpoint[]
}

export interface SliceOwner {
  readonly namespace: string
  readonly serviceName: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly reference: OwnerReference
}

/** Upstream's `--max-endpoints-per-slice`. */
const maxEndpoints = 100

const groupKey = (addressType: string, ports: readonly EndpointPort[] | undefined): string =>
  canonicalJson([addressType, [...(ports ?? [])].map(canonicalJson).sort()])

/** The same backend, whatever its conditions. */
const endpointKey = (endpoint: Endpoint): string => canonicalJson([endpoint.targetRef?.uid ?? '', endpoint.addresses])

export function reconcileSlices(
  owner: SliceOwner,
  groups: readonly EndpointGroup[],
  slices: readonly EndpointSlice[],
): Action[] {
  const actions: Action[] = []
  const left = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const key = groupKey(slice.addressType, slice.ports)
    left.set(key, [...(left.get(key) ?? []), slice])
  }
  for (const group of groups) {
    const key = groupKey(group.addressType, group.ports)
    actions.push(...reconcileGroup(owner, group, left.get(key) ?? []))
    left.delete(key)
  }
  for (const stale of left.values()) actions.push(...stale.map(slice => remove(EndpointSlice, slice)))
  return actions
}

function reconcileGroup(owner: SliceOwner, group: EndpointGroup, slices: readonly EndpointSlice[]): Action[] {
  const wanted = new Map(group.endpoints.map(endpoint => [endpointKey(endpoint), endpoint]))
  const contents = slices.map(slice => {
    const kept: Endpoint[] = []
    for (const endpoint of slice.endpoints ?? []) {
      const found = wanted.get(endpointKey(endpoint))
      if (!found) continue
      kept.push(found)
      wanted.delete(endpointKey(endpoint))
    }
    return { slice, kept }
  })
  const added = [...wanted.values()]
  for (const { kept } of contents) kept.push(...added.splice(0, Math.max(0, maxEndpoints - kept.length)))
  const actions: Action[] = []
  // A group without endpoints is the placeholder: it keeps one empty slice.
  const placeholder = group.endpoints.length === 0
  for (const [at, { slice, kept }] of contents.entries()) {
    if (kept.length === 0 && !(placeholder && at === 0)) actions.push(remove(EndpointSlice, slice))
    else actions.push(...changed(owner, slice, kept))
  }
  if (placeholder && contents.length === 0) actions.push(made(owner, group, []))
  while (added.length > 0) actions.push(made(owner, group, added.splice(0, maxEndpoints)))
  return actions
}

function changed(owner: SliceOwner, slice: EndpointSlice, endpoints: Endpoint[]): Action[] {
  const annotations = { ...slice.metadata.annotations, ...owner.annotations }
  const unchanged =
    same(endpoints, slice.endpoints ?? []) &&
    same(owner.labels, slice.metadata.labels) &&
    same([owner.reference], slice.metadata.ownerReferences)
  if (unchanged) return []
  const metadata = { ...slice.metadata, labels: { ...owner.labels }, annotations, ownerReferences: [owner.reference] }
  return [update(EndpointSlice, { ...slice, metadata, endpoints })]
}

const made = (owner: SliceOwner, group: EndpointGroup, endpoints: Endpoint[]): Action =>
  create(EndpointSlice, owner.namespace, {
    metadata: {
      generateName: `${owner.serviceName}-`,
      namespace: owner.namespace,
      labels: { ...owner.labels },
      annotations: { ...owner.annotations },
      ownerReferences: [owner.reference],
    },
    addressType: group.addressType,
    endpoints,
    ports: [...group.ports],
  })
