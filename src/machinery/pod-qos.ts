/** A pod's quality-of-service class (Kubernetes documentation, "Pod Quality of Service Classes"; KEP-2837 for pod-level resources). */
import type { PodSpec } from '../api/core/v1/pod-spec.ts'
import type { ResourceRequirements } from '../api/core/v1/resources.ts'
import { parseQuantity } from './quantity.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-')

/** What a pod may ask for as a whole. */
export const isPodLevelResource = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name)

const positive = (text: string | undefined): string | undefined =>
  text === undefined || parseQuantity(text).sign() <= 0 ? undefined : text

function classOf(resources: ResourceRequirements | undefined): QosClass {
  let any = false
  let guaranteed = true
  for (const name of ['cpu', 'memory']) {
    const limit = positive(resources?.limits?.[name])
    const request = positive(resources?.requests?.[name])
    if (limit !== undefined || request !== undefined) any = true
    if (limit === undefined) guaranteed = false
    else if (request !== undefined && !parseQuantity(request).equals(parseQuantity(limit))) guaranteed = false
  }
  if (!any) return 'BestEffort'
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

type Spec = Pick<PodSpec, 'containers' | 'initContainers' | 'resources'>

export const hasPodLevelResources = ({ resources }: Spec): boolean =>
  [resources?.limits, resources?.requests].some(amounts => Object.keys(amounts ?? {}).some(isPodLevelResource))

export function qosClassOf(spec: Spec): QosClass {
  if (hasPodLevelResources(spec)) return classOf(spec.resources)
  const classes = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map(({ resources }) =>
    classOf(resources),
  )
  const [first = 'BestEffort'] = classes
  return classes.every(one => one === first) ? first : 'Burstable'
}
