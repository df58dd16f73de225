/** A pod's quality-of-service class (Kubernetes documentation, "Pod Quality of Service Classes"). */
import { parseQuantity } from '../../../machinery/quantity.ts'
import { at } from './base.ts'

const counted = ['cpu', 'memory']

type Resources = Record<string, string>

export function qosClassOf(spec: unknown): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const podResources = at(spec, 'resources')
  const holders =
    podResources !== undefined && hasAny(podResources)
      ? [podResources]
      : [...listOf(at(spec, 'containers')), ...listOf(at(spec, 'initContainers'))].map(container =>
          at(container, 'resources'),
        )
  let any = false
  let guaranteed = true
  for (const resources of holders) {
    const limits = (at(resources, 'limits') ?? {}) as Resources
    const requests = (at(resources, 'requests') ?? {}) as Resources
    for (const name of counted) {
      const limit = positive(limits[name])
      const request = positive(requests[name])
      if (limit !== undefined || request !== undefined) any = true
      if (limit === undefined) guaranteed = false
      else if (request !== undefined && !parseQuantity(request).equals(parseQuantity(limit))) guaranteed = false
    }
  }
  if (!any) return 'BestEffort'
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function hasAny(resources: unknown): boolean {
  return ['limits', 'requests'].some(part =>
    counted.some(name => positive((at(resources, part) as Resources | undefined)?.[name]) !== undefined),
  )
}

const positive = (text: string | undefined): string | undefined =>
  text === undefined || parseQuantity(text).sign() <= 0 ? undefined : text
