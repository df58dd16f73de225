import { Endpoints } from '../../api/core/v1/endpoints.ts'
import { type ControllerDefinition, keyOf, objectOf } from '../runtime/controller.ts'
import { planEndpoints, planWithoutService } from './plan.ts'
import { podsOf, watchServices } from './services-of-pods.ts'

export const endpointsController: ControllerDefinition = {
  name: 'endpoint-controller',
  workers: 5,
  build(context) {
    const { services, pods } = watchServices(context)
    const endpoints = context.informer(Endpoints)
    endpoints.subscribe(({ object }) => context.enqueue(keyOf(object)))
    return {
      plan(key) {
        const service = objectOf(services, key)
        const current = objectOf(endpoints, key)
        if (service) return planEndpoints(service, podsOf(service, pods.list(service.metadata.namespace)), current)
        // Of a Service that is gone; what others made under a name without Service stays.
        const own = current?.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller'
        return current && own ? planWithoutService(current) : undefined
      },
    }
  },
}
