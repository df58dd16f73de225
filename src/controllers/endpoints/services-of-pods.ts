/** Tells which Services a change of a pod concerns. */
import { Pod } from '../../api/core/v1/pod.ts'
import { Service } from '../../api/core/v1/service.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { type ControllerContext, enqueueChanged, keyOf } from '../runtime/controller.ts'
import { same } from '../runtime/same.ts'
import { selectsPods } from './members.ts'

const selects = (service: Service, pod: Pod): boolean =>
  selectsPods(service) &&
  Object.entries(service.spec.selector ?? {}).every(([key, value]) => pod.metadata.labels?.[key] === value)

export const podsOf = (service: Service, pods: readonly Pod[]): Pod[] => {
  const selector = labelSelectorOf({ matchLabels: service.spec.selector ?? {} })
  return pods.filter(pod => selector.matches(pod.metadata.labels))
}

/** What of a pod its endpoints show. */
const shown = ({ metadata, spec, status }: Pod) => [
  metadata.labels,
  metadata.deletionTimestamp,
  spec.nodeName,
  status.phase,
  status.podIPs,
  status.podIP,
  status.conditions?.find(({ type }) => type === 'Ready')?.status,
]

/** Watches Services and pods; a Service is enqueued when it or one of its pods changes visibly. */
export function watchServices(context: ControllerContext) {
  const services = context.informer(Service)
  const pods = context.informer(Pod)
  enqueueChanged(services, context)
  pods.subscribe(({ object, old }) => {
    if (old !== undefined && same(shown(old), shown(object))) return
    for (const service of services.list(object.metadata.namespace)) {
      if (selects(service, object) || (old !== undefined && selects(service, old))) context.enqueue(keyOf(service))
    }
  })
  return { services, pods }
}
