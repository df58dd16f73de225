/** Which pods belong together by default: those that a pod's services and its workload select. */
import type { ReplicaSet } from '../api/apps/v1/replica-set.ts'
import type { StatefulSet } from '../api/apps/v1/stateful-set.ts'
import type { ReplicationController } from '../api/core/v1/replication-controller.ts'
import type { Service } from '../api/core/v1/service.ts'
import type { Informer } from '../client/informer.ts'
import { labelSelectorOf, type Selector, selectorOfLabels } from '../machinery/selectors/label-selector.ts'
import type { ClusterView } from './framework.ts'
import type { PodInfo } from './pod-info.ts'

export interface OwnerSources {
  readonly services: Pick<Informer<Service>, 'list'>
  readonly replicaSets: Pick<Informer<ReplicaSet>, 'get'>
  readonly statefulSets: Pick<Informer<StatefulSet>, 'get'>
  readonly replicationControllers: Pick<Informer<ReplicationController>, 'get'>
}

function controllerSelector(info: PodInfo, sources: OwnerSources): Selector | undefined {
  const owner = info.pod.metadata.ownerReferences?.find(({ controller }) => controller === true)
  if (owner === undefined) return undefined
  switch (`${owner.apiVersion} ${owner.kind}`) {
    case 'apps/v1 ReplicaSet': {
      const owned = sources.replicaSets.get(info.namespace, owner.name)
      return owned === undefined ? undefined : labelSelectorOf(owned.spec.selector)
    }
    case 'apps/v1 StatefulSet': {
      const owned = sources.statefulSets.get(info.namespace, owner.name)
      return owned === undefined ? undefined : labelSelectorOf(owned.spec.selector)
    }
    case 'v1 ReplicationController': {
      const owned = sources.replicationControllers.get(info.namespace, owner.name)
      return owned === undefined ? undefined : selectorOfLabels(owned.spec?.selector)
    }
    default:
      return undefined
  }
}

/** Selectors are read from their object once, and go with it. */
const readOnce = <T extends object>(read: (object: T) => Selector | undefined) => {
  const known = new WeakMap<T, { readonly selector: Selector | undefined }>()
  return (object: T): Selector | undefined => {
    let entry = known.get(object)
    if (entry === undefined) {
      entry = { selector: read(object) }
      known.set(object, entry)
    }
    return entry.selector
  }
}

const serviceSelector = readOnce(({ spec }: Service) =>
  !spec.selector || Object.keys(spec.selector).length === 0 ? undefined : selectorOfLabels(spec.selector),
)

export function ownersSelector(sources: OwnerSources): ClusterView['selectorOfOwners'] {
  return info => {
    const selectors: Selector[] = []
    for (const service of sources.services.list(info.namespace)) {
      const selector = serviceSelector(service)
      if (selector?.matches(info.labels) === true) selectors.push(selector)
    }
    const controller = controllerSelector(info, sources)
    if (controller !== undefined && controller.requirements.length > 0) selectors.push(controller)
    if (selectors.length === 0) return undefined
    return {
      id: selectors.map(({ requirements }) => JSON.stringify(requirements)).join(' '),
      matches: labels => selectors.every(selector => selector.matches(labels)),
    }
  }
}
