/** EndpointSlices of Services with a selector (documentation: "EndpointSlices"). */
import type { Node } from '../../api/core/v1/node.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { Service } from '../../api/core/v1/service.ts'
import type { Endpoint, EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import {
  addressesOf,
  familyOf,
  hostnameOf,
  isHeadless,
  isMember,
  referenceToPod,
  selectsPods,
  targetPortsOf,
} from '../endpoints/members.ts'
import { nothingToDo, type Plan } from '../runtime/action.ts'
import { controllerReference } from '../runtime/owners.ts'
import { isReady, isTerminating } from '../runtime/pods.ts'
import { canonicalJson } from '../runtime/template-hash.ts'
import { type EndpointGroup, reconcileSlices } from './reconcile.ts'

export const managedBy = 'endpointslice-controller.k8s.io'
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const serviceNameLabel = 'kubernetes.io/service-name'
const headlessLabel = 'service.kubernetes.io/headless'

export interface SliceState {
  readonly service: Service
  readonly pods: readonly Pod[]
  readonly slices: readonly EndpointSlice[]
  readonly nodeOf: (name: string) => Node | undefined
}

export function planSlices({ service, pods, slices, nodeOf }: SliceState): Plan {
  if (!selectsPods(service) || service.metadata.deletionTimestamp !== undefined) return nothingToDo
  const members = pods.filter(isMember)
  const families = service.spec.ipFamilies?.length ? service.spec.ipFamilies : (['IPv4'] as const)
  const groups = families.flatMap(family => groupsOf(service, members, family, nodeOf))
  const { namespace, name } = service.metadata
  const owner = {
    namespace,
    serviceName: name,
    labels: {
      ...ownLabels(service),
      [serviceNameLabel]: name,
      [managedByLabel]: managedBy,
      ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    },
    annotations: changedAt(members),
    reference: controllerReference(Service, service),
  }
  return { steps: [reconcileSlices(owner, groups, slices)] }
}

/** A Service's labels, without those that only the controller may set. */
function ownLabels(service: Service): Record<string, string> {
  const reserved = new Set([serviceNameLabel, managedByLabel, headlessLabel])
  return Object.fromEntries(Object.entries(service.metadata.labels ?? {}).filter(([name]) => !reserved.has(name)))
}

function groupsOf(
  service: Service,
  members: readonly Pod[],
  family: 'IPv4' | 'IPv6',
  nodeOf: SliceState['nodeOf'],
): EndpointGroup[] {
  const groups = new Map<string, { ports: ReturnType<typeof targetPortsOf>; endpoints: Endpoint[] }>()
  for (const pod of members) {
    const addresses = addressesOf(pod).filter(address => familyOf(address) === family)
    if (addresses.length === 0) continue
    const ports = targetPortsOf(pod, service)
    // Only headless Services may have endpoints without ports.
    if (ports.length === 0 && !isHeadless(service)) continue
    const key = canonicalJson(ports)
    const group = groups.get(key) ?? { ports, endpoints: [] }
    group.endpoints.push(endpointOf(service, pod, addresses[0]!, nodeOf))
    groups.set(key, group)
  }
  if (groups.size === 0) return [{ addressType: family, ports: [], endpoints: [] }]
  return [...groups.values()].map(group => ({ addressType: family, ...group }))
}

function endpointOf(service: Service, pod: Pod, address: string, nodeOf: SliceState['nodeOf']): Endpoint {
  const serving = isReady(pod)
  const terminating = isTerminating(pod)
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating)
  const hostname = hostnameOf(pod, service)
  const { nodeName } = pod.spec
  const zone = nodeName ? nodeOf(nodeName)?.metadata.labels?.['topology.kubernetes.io/zone'] : undefined
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    targetRef: referenceToPod(pod),
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
  }
}

/** When the newest change of a pod's readiness was, for measuring how long it takes until traffic follows. */
function changedAt(members: readonly Pod[]): Record<string, string> {
  const times = members.map(
    pod => pod.status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '',
  )
  const newest = times.sort().at(-1)
  return newest ? { 'endpoints.kubernetes.io/last-change-trigger-time': newest } : {}
}
