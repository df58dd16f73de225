/** Values of a pod's own fields and resources, for variables and files (API: ObjectFieldSelector, ResourceFieldSelector). */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { ResourceFieldSelector } from '../../api/core/v1/selectors.ts'
import { milliOf, unitsOf } from '../resources/amounts.ts'

export interface FieldFacts {
  readonly hostIps: readonly string[]
  readonly podIps: readonly string[]
}

const quoted = (values: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(values ?? {})
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')

/** Throws on a path that is not supported. */
export function fieldValue(pod: Pod, path: string, facts: FieldFacts): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path)
  if (subscript) return pod.metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2]!] ?? ''
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name
    case 'metadata.namespace':
      return pod.metadata.namespace
    case 'metadata.uid':
      return pod.metadata.uid
    case 'metadata.labels':
      return quoted(pod.metadata.labels)
    case 'metadata.annotations':
      return quoted(pod.metadata.annotations)
    case 'spec.nodeName':
      return pod.spec.nodeName ?? ''
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? ''
    case 'status.hostIP':
      return facts.hostIps[0] ?? ''
    case 'status.hostIPs':
      return facts.hostIps.join(',')
    case 'status.podIP':
      return facts.podIps[0] ?? ''
    case 'status.podIPs':
      return facts.podIps.join(',')
    default:
      throw new Error(`unsupported fieldPath: ${path}`)
  }
}

/** Limits that are not set count as what the node can give. */
export function resourceValue(
  pod: Pod,
  container: Container,
  selector: ResourceFieldSelector,
  allocatable: Readonly<Record<string, string>>,
): string {
  const named =
    selector.containerName === undefined || selector.containerName === ''
      ? container
      : [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(({ name }) => name === selector.containerName)
  if (!named) throw new Error(`container ${selector.containerName} not found`)
  const [which = '', ...rest] = selector.resource.split('.')
  const name = rest.join('.')
  if (which !== 'limits' && which !== 'requests')
    throw new Error(`unsupported container resource : ${selector.resource}`)
  const { limits, requests } = named.resources ?? {}
  const amount =
    which === 'limits' ? (limits?.[name] ?? allocatable[name]) : (requests?.[name] ?? limits?.[name] ?? '0')
  const divisor = selector.divisor === undefined || selector.divisor === '0' ? '1' : selector.divisor
  if (name === 'cpu') return `${Math.ceil(milliOf(amount) / milliOf(divisor))}`
  return `${Math.ceil(unitsOf(amount) / unitsOf(divisor))}`
}
