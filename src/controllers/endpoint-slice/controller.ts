import { Node } from '../../api/core/v1/node.ts'
import { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import { podsOf, watchServices } from '../endpoints/services-of-pods.ts'
import { type ControllerDefinition, objectOf } from '../runtime/controller.ts'
import { managedBy, managedByLabel, planSlices, serviceNameLabel } from './plan.ts'

export const endpointSliceController: ControllerDefinition = {
  name: 'endpointslice-controller',
  workers: 5,
  build(context) {
    const { services, pods } = watchServices(context)
    const nodes = context.informer(Node)
    const slices = context.informer(EndpointSlice)
    const serviceKey = (slice: EndpointSlice) =>
      `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`
    slices.addIndex('service', slice => [serviceKey(slice)])
    const isOwn = (slice: EndpointSlice) => slice.metadata.labels?.[managedByLabel] === managedBy
    slices.subscribe(({ object }) => {
      if (isOwn(object)) context.enqueue(serviceKey(object))
    })
    return {
      plan(key) {
        const service = objectOf(services, key)
        if (!service) return undefined
        const own = slices
          .byIndex('service', key)
          .filter(slice => isOwn(slice) && slice.metadata.deletionTimestamp === undefined)
        const selected = podsOf(service, pods.list(service.metadata.namespace))
        return planSlices({ service, pods: selected, slices: own, nodeOf: name => nodes.get('', name) })
      },
    }
  },
}
