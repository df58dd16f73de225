/** Defaults and bounds of what pods and claims ask for (Kubernetes documentation, "Limit Ranges"). */
import type { Container } from '../../api/core/v1/container.ts'
import { LimitRange, type LimitRangeItem } from '../../api/core/v1/limit-range.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { parseQuantity, type Quantity } from '../../machinery/quantity.ts'
import { podTotal } from '../../machinery/quota/pod-totals.ts'
import { ownMember } from '../../schema/json-exact.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { isPod, metadataOf, refusal, setSpec } from './refusal.ts'

type Amounts = Readonly<Record<string, string>>

interface Asked {
  readonly requests: Amounts
  /** A claim has none: its bounds apply to what it requests. */
  readonly limits?: Amounts
}

const annotation = 'kubernetes.io/limit-ranger'

const less = (a: Quantity, b: Quantity): boolean => a.nanos < b.nanos

/** What a container is given where it asks for nothing: a request follows its own limit before any default. */
function withDefaults(container: Container, items: readonly LimitRangeItem[]): { container: Container; set: string[] } {
  const limits: Record<string, string> = { ...container.resources?.limits }
  const requests: Record<string, string> = { ...container.resources?.requests }
  const setRequests: string[] = []
  const setLimits: string[] = []
  for (const item of items) {
    for (const [name, amount] of Object.entries(item.defaultRequest ?? {}))
      if (!Object.hasOwn(requests, name)) {
        requests[name] = ownMember(container.resources?.limits, name) ?? amount
        setRequests.push(name)
      }
    for (const [name, amount] of Object.entries(item.default ?? {}))
      if (!Object.hasOwn(limits, name)) {
        limits[name] = amount
        setLimits.push(name)
      }
  }
  const set = [
    ...(setRequests.length > 0 ? [`${setRequests.sort().join(', ')} request`] : []),
    ...(setLimits.length > 0 ? [`${setLimits.sort().join(', ')} limit`] : []),
  ]
  if (set.length === 0) return { container, set }
  return { container: { ...container, resources: { ...container.resources, limits, requests } } as Container, set }
}

const below = (amount: string | undefined, bound: string): boolean =>
  amount !== undefined && less(parseQuantity(amount), parseQuantity(bound))
const above = (amount: string | undefined, bound: string): boolean =>
  amount !== undefined && less(parseQuantity(bound), parseQuantity(amount))

/** One for each bound at most. */
function boundErrors(type: string, item: LimitRangeItem, { requests, limits }: Asked): string[] {
  const errors: string[] = []
  for (const [name, bound] of Object.entries(item.min ?? {})) {
    const head = `minimum ${name} usage per ${type} is ${bound}`
    const [request, limit] = [ownMember(requests, name), ownMember(limits, name)]
    if (request === undefined) errors.push(`${head}.  No request is specified`)
    else if (below(request, bound)) errors.push(`${head}, but request is ${request}`)
    else if (below(limit, bound)) errors.push(`${head}, but limit is ${limit}`)
  }
  for (const [name, bound] of Object.entries(item.max ?? {})) {
    const head = `maximum ${name} usage per ${type} is ${bound}`
    const [request, limit] = [ownMember(requests, name), ownMember(limits, name)]
    if (limits && limit === undefined) errors.push(`${head}.  No limit is specified`)
    else if (!limits && request === undefined) errors.push(`${head}.  No request is specified`)
    else if (above(limit, bound)) errors.push(`${head}, but limit is ${limit}`)
    else if (above(request, bound)) errors.push(`${head}, but request is ${request}`)
  }
  return limits ? [...errors, ...ratioErrors(type, item, requests, limits)] : errors
}

function ratioErrors(type: string, item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  const errors: string[] = []
  for (const [name, ratio] of Object.entries(item.maxLimitRequestRatio ?? {})) {
    const head = `${name} max limit to request ratio per ${type} is ${ratio}`
    const [request, limit] = [ownMember(requests, name), ownMember(limits, name)].map(one =>
      one === undefined ? 0 : Number(parseQuantity(one).nanos),
    ) as [number, number]
    if (request === 0) errors.push(`${head}, but no request is specified or request is 0`)
    else if (limit === 0) errors.push(`${head}, but no limit is specified or limit is 0`)
    else if (limit / request > Number(parseQuantity(ratio).nanos) / 1e9)
      errors.push(`${head}, but provided ratio is ${(limit / request).toFixed(6)}`)
  }
  return errors
}

/** What a pod asks for as a whole, without what running it takes beyond that. */
function totalOf({ overhead: _, ...spec }: PodSpec): Asked {
  const pod = { spec } as Pod
  return { requests: podTotal(pod, 'requests', 'spec'), limits: podTotal(pod, 'limits', 'spec') }
}

export class LimitRanger implements AdmissionPlugin {
  readonly name = 'LimitRanger'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  admit(attributes: AdmissionAttributes): void {
    if (!isPod(attributes) || attributes.operation !== 'CREATE') return
    const items = this.#items(attributes.namespace).filter(({ type }) => type === 'Container')
    if (items.length === 0) return
    const spec = attributes.object?.spec as PodSpec
    const notes: string[] = []
    const filled = (what: string) => (container: Container) => {
      const { container: next, set } = withDefaults(container, items)
      for (const amounts of set) notes.push(`${amounts} for ${what} ${container.name}`)
      return next
    }
    const containers = (spec.containers ?? []).map(filled('container'))
    const initContainers = spec.initContainers?.map(filled('init container'))
    if (notes.length === 0) return
    setSpec(attributes, { containers, ...(initContainers ? { initContainers } : {}) })
    const metadata = metadataOf(attributes.object)
    const annotations = { ...metadata.annotations, [annotation]: `LimitRanger plugin set: ${notes.join('; ')}` }
    attributes.object = { ...attributes.object, metadata: { ...metadata, annotations } }
  }

  validate(attributes: AdmissionAttributes): void {
    const { operation, group, resource, subresource, object, namespace } = attributes
    const isResize = resource === 'pods' && subresource === 'resize' && operation === 'UPDATE'
    if (group !== '' || (subresource !== '' && !isResize) || !object) return
    const errors: string[] = []
    if (isResize || (resource === 'pods' && operation === 'CREATE')) {
      const spec = object.spec as PodSpec
      for (const item of this.#items(namespace)) {
        if (item.type === 'Pod') errors.push(...boundErrors('Pod', item, totalOf(spec)))
        if (item.type !== 'Container') continue
        for (const { resources } of [...spec.containers, ...(spec.initContainers ?? [])])
          errors.push(
            ...boundErrors('Container', item, { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} }),
          )
      }
    } else if (resource === 'persistentvolumeclaims' && (operation === 'CREATE' || operation === 'UPDATE')) {
      const { resources } = object.spec as { resources?: { requests?: Amounts } }
      const requests = resources?.requests ?? {}
      for (const item of this.#items(namespace))
        if (item.type === 'PersistentVolumeClaim')
          errors.push(...boundErrors('PersistentVolumeClaim', item, { requests }))
    }
    const unique = [...new Set(errors)]
    if (unique.length === 0) return
    throw refusal(attributes, unique.length === 1 ? (unique[0] as string) : `[${unique.join(', ')}]`)
  }

  #items(namespace: string): LimitRangeItem[] {
    return this.#reader.list(LimitRange, namespace).flatMap(({ spec }) => spec.limits ?? [])
  }
}
