/** Endpoints of Services with a selector: the older form of EndpointSlices. */
import { type EndpointAddress, type EndpointSubset, Endpoints } from '../../api/core/v1/endpoints.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Service } from '../../api/core/v1/service.ts'
import { create, nothingToDo, type Plan, remove, update } from '../runtime/action.ts'
import { isReady, isTerminating } from '../runtime/pods.ts'
import { same } from '../runtime/same.ts'
import { canonicalJson } from '../runtime/template-hash.ts'
import {
  addressesOf,
  familyOf,
  hostnameOf,
  isHeadless,
  isMember,
  referenceToPod,
  selectsPods,
  targetPortsOf,
} from './members.ts'

/** More are cut off (upstream's maxCapacity), and the annotation says so. */
const maxAddresses = 1000
const overCapacity = 'endpoints.kubernetes.io/over-capacity'

export function planEndpoints(service: Service, pods: readonly Pod[], current: Endpoints | undefined): Plan {
  if (!selectsPods(service)) return nothingToDo
  const { subsets, cut } = subsetsOf(service, pods)
  const { namespace, name } = service.metadata
  const labels = {
    ...service.metadata.labels,
    'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
    ...(isHeadless(service) ? { 'service.kubernetes.io/headless': '' } : {}),
  }
  const { [overCapacity]: _, ...kept } = current?.metadata.annotations ?? {}
  const annotations = cut ? { ...kept, [overCapacity]: 'truncated' } : kept
  if (!current)
    return { steps: [[create(Endpoints, namespace, { metadata: { name, namespace, labels, annotations }, subsets })]] }
  const { subsets: before = [], metadata } = current
  if (same(before, subsets) && same(metadata.labels, labels) && same(metadata.annotations ?? {}, annotations))
    return nothingToDo
  return { steps: [[update(Endpoints, { ...current, metadata: { ...metadata, labels, annotations }, subsets })]] }
}

export const planWithoutService = (current: Endpoints): Plan => ({ steps: [[remove(Endpoints, current)]] })

function subsetsOf(service: Service, pods: readonly Pod[]): { subsets: EndpointSubset[]; cut: boolean } {
  const family = service.spec.ipFamilies?.[0] ?? 'IPv4'
  const groups = new Map<
    string,
    { ports: ReturnType<typeof targetPortsOf>; ready: EndpointAddress[]; notReady: EndpointAddress[] }
  >()
  let count = 0
  const members = pods.filter(pod => isMember(pod) && !isTerminating(pod))
  for (const pod of members) {
    const ip = addressesOf(pod).find(address => familyOf(address) === family)
    if (ip === undefined) continue
    const ports = targetPortsOf(pod, service)
    if ((ports.length === 0 && !isHeadless(service)) || count === maxAddresses) continue
    count++
    const key = canonicalJson(ports)
    const group = groups.get(key) ?? { ports, ready: [], notReady: [] }
    groups.set(key, group)
    const hostname = hostnameOf(pod, service)
    const address = {
      ip,
      ...(hostname === undefined ? {} : { hostname }),
      ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
      targetRef: referenceToPod(pod),
    }
    const ready = service.spec.publishNotReadyAddresses === true || isReady(pod)
    group[ready ? 'ready' : 'notReady'].push(address)
  }
  const byIp = (a: EndpointAddress, b: EndpointAddress): number => (a.ip < b.ip ? -1 : 1)
  const subsets = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, ready, notReady }]) => ({
      ...(ready.length === 0 ? {} : { addresses: ready.sort(byIp) }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.sort(byIp) }),
      ports: ports.map(({ name, ...port }) => (name === '' ? port : { name, ...port })),
    }))
  return { subsets, cut: members.length > maxAddresses }
}
