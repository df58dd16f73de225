/** EndpointSlices for Endpoints that somebody keeps by hand for a Service without a selector (KEP-752). */
import { type EndpointAddress, Endpoints } from '../../api/core/v1/endpoints.ts'
import { Service } from '../../api/core/v1/service.ts'
import { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import { managedByLabel, serviceNameLabel } from '../endpoint-slice/plan.ts'
import { type EndpointGroup, reconcileSlices } from '../endpoint-slice/reconcile.ts'
import { familyOf, selectsPods } from '../endpoints/members.ts'
import type { Plan } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'
import { controllerReference } from '../runtime/owners.ts'

const managedBy = 'endpointslicemirroring-controller.k8s.io'

const isMirrored = ({ metadata }: Endpoints): boolean =>
  metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'] !== 'true' &&
  metadata.labels?.['endpoints.kubernetes.io/managed-by'] === undefined &&
  metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] === undefined

export function planMirror(
  service: Service | undefined,
  endpoints: Endpoints | undefined,
  slices: readonly EndpointSlice[],
): Plan {
  if (!service || !endpoints || selectsPods(service) || !isMirrored(endpoints)) {
    return {
      steps: [
        slices.map(slice => ({
          do: 'delete',
          kind: EndpointSlice,
          namespace: slice.metadata.namespace,
          name: slice.metadata.name,
          uid: slice.metadata.uid,
        })),
      ],
    }
  }
  const { namespace, name } = endpoints.metadata
  const labels = { ...endpoints.metadata.labels, [serviceNameLabel]: name, [managedByLabel]: managedBy }
  const owner = {
    namespace,
    serviceName: name,
    labels,
    annotations: {},
    reference: controllerReference(Endpoints, endpoints),
  }
  return { steps: [reconcileSlices(owner, groupsOf(endpoints), slices)] }
}

function groupsOf(endpoints: Endpoints): EndpointGroup[] {
  const groups: EndpointGroup[] = []
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of endpoints.subsets ?? []) {
    for (const addressType of ['IPv4', 'IPv6'] as const) {
      const mine = (list: readonly EndpointAddress[]) => list.filter(({ ip }) => familyOf(ip) === addressType)
      const mirrored = [
        ...mine(addresses).map(address => mirror(address, true)),
        ...mine(notReadyAddresses).map(address => mirror(address, false)),
      ]
      if (mirrored.length === 0) continue
      const named = ports.map(({ name = '', protocol = 'TCP', ...port }) => ({ name, protocol, ...port }))
      groups.push({ addressType, ports: named, endpoints: mirrored })
    }
  }
  return groups
}

const mirror = ({ ip, ...rest }: EndpointAddress, ready: boolean) => ({
  addresses: [ip],
  conditions: { ready },
  ...rest,
})

export const endpointSliceMirroringController: ControllerDefinition = {
  name: 'endpointslicemirroring-controller',
  workers: 5,
  build(context) {
    const services = context.informer(Service)
    const endpoints = context.informer(Endpoints)
    const slices = context.informer(EndpointSlice)
    const serviceKey = (slice: EndpointSlice) =>
      `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`
    const isOwn = (slice: EndpointSlice) => slice.metadata.labels?.[managedByLabel] === managedBy
    slices.addIndex('service', slice => [serviceKey(slice)])
    enqueueChanged(services, context)
    enqueueChanged(endpoints, context)
    slices.subscribe(({ object }) => {
      if (isOwn(object)) context.enqueue(serviceKey(object))
    })
    return {
      plan: key =>
        planMirror(objectOf(services, key), objectOf(endpoints, key), slices.byIndex('service', key).filter(isOwn)),
    }
  },
}
