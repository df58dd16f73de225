/** The evaluators of services, claims of storage and claims of devices, and the table of all. */
import type { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { Service } from '../../api/core/v1/service.ts'
import type { ResourceClaim } from '../../api/resource/v1/resource-claim.ts'
import { parseQuantity, Quantity } from '../quantity.ts'
import { countEvaluator, fitsSelector, objectCountName, type QuotaEvaluator } from './evaluator.ts'
import { podEvaluator } from './pods.ts'

const among = (names: readonly string[], known: readonly string[]): string[] =>
  names.filter(name => known.includes(name))

const serviceNames = [objectCountName('', 'services'), 'services', 'services.nodeports', 'services.loadbalancers']

function nodePortsOf({ spec }: Service): number {
  const ports = spec.ports ?? []
  if (spec.type === 'NodePort') return ports.length
  if (spec.type !== 'LoadBalancer') return 0
  return spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort).length : ports.length
}

const serviceEvaluator: QuotaEvaluator = {
  handles: ({ subresource }) => subresource === '',
  matchingResources: names => among(names, serviceNames),
  matchesScope: () => false,
  usage(object) {
    const service = object as Service
    return {
      [objectCountName('', 'services')]: '1',
      services: '1',
      'services.nodeports': String(nodePortsOf(service)),
      'services.loadbalancers': service.spec.type === 'LoadBalancer' ? '1' : '0',
    }
  },
}

const claimCount = objectCountName('', 'persistentvolumeclaims')
const claimNames = ['persistentvolumeclaims', 'requests.storage']
const byClass = '.storageclass.storage.k8s.io/'

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** The class of a claim, by the annotation of old or the field. */
const classOf = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? ''

/** Whole bytes, and the larger size while an expansion that was taken back is not undone. */
function storageOf({ spec, status }: PersistentVolumeClaim): string | undefined {
  const requested = spec.resources.requests?.storage
  if (requested === undefined) return undefined
  const whole = (text: string): Quantity => {
    const { format } = parseQuantity(text)
    return Quantity.ofValue(parseQuantity(text).value(), format)
  }
  const allocated = status?.allocatedResources?.storage
  const asked = whole(requested)
  return String(allocated !== undefined && whole(allocated).compare(asked) > 0 ? whole(allocated) : asked)
}

const attributesClassesOf = ({ spec, status }: PersistentVolumeClaim): string[] =>
  [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter(name => name !== undefined && name !== '') as string[]

const claimEvaluator: QuotaEvaluator = {
  handles({ subresource, object, oldObject }) {
    if (subresource === '') return true
    if (subresource !== 'status') return false
    const [now, before] = [object as PersistentVolumeClaim, oldObject as PersistentVolumeClaim]
    const allocated = (claim: PersistentVolumeClaim) => claim.status.allocatedResources?.storage
    return (
      allocated(now) !== allocated(before) ||
      JSON.stringify(attributesClassesOf(now).sort()) !== JSON.stringify(attributesClassesOf(before).sort())
    )
  },
  matchingResources: names =>
    names.filter(
      name => name === claimCount || claimNames.includes(name) || claimNames.some(one => name.endsWith(byClass + one)),
    ),
  matchesScope(selector, object) {
    if (selector.scopeName !== 'VolumeAttributesClass') return false
    const classes = attributesClassesOf(object as PersistentVolumeClaim)
    return classes.length === 0 ? fitsSelector(selector, undefined) : classes.some(name => fitsSelector(selector, name))
  },
  usage(object) {
    const claim = object as PersistentVolumeClaim
    const usage: Record<string, string> = { [claimCount]: '1', persistentvolumeclaims: '1' }
    const storage = storageOf(claim)
    if (storage !== undefined) usage['requests.storage'] = storage
    const storageClass = classOf(claim)
    if (storageClass === '') return usage
    usage[`${storageClass}${byClass}persistentvolumeclaims`] = '1'
    if (storage !== undefined) usage[`${storageClass}${byClass}requests.storage`] = storage
    return usage
  },
}

const deviceCount = objectCountName('resource.k8s.io', 'resourceclaims')
const byDeviceClass = '.deviceclass.resource.k8s.io/devices'
/** What a request for all devices counts as: it can have no more. */
const mostDevices = 32

interface DeviceWay {
  readonly deviceClassName: string
  readonly allocationMode?: string
  readonly count?: number
}

const devicesOf = ({ allocationMode, count = 1 }: DeviceWay): number => (allocationMode === 'All' ? mostDevices : count)

const deviceClaimEvaluator: QuotaEvaluator = {
  handles: ({ operation, subresource }) => operation === 'CREATE' && subresource === '',
  matchingResources: names => names.filter(name => name === deviceCount || name.endsWith(byDeviceClass)),
  matchesScope: () => false,
  usage(object) {
    const counts = new Map<string, number>()
    for (const { exactly, firstAvailable = [] } of (object as ResourceClaim).spec.devices.requests ?? []) {
      // One of the alternatives is taken: the greatest of each class counts.
      const most = new Map<string, number>()
      for (const way of exactly ? [exactly] : firstAvailable) {
        most.set(way.deviceClassName, Math.max(most.get(way.deviceClassName) ?? 0, devicesOf(way)))
      }
      for (const [name, count] of most) counts.set(name, (counts.get(name) ?? 0) + count)
    }
    const byName = [...counts].map(([name, count]) => [`${name}${byDeviceClass}`, String(count)] as const)
    return { [deviceCount]: '1', ...Object.fromEntries(byName) }
  },
}

const evaluators: Readonly<Record<string, QuotaEvaluator>> = {
  '/pods': podEvaluator,
  '/services': serviceEvaluator,
  '/persistentvolumeclaims': claimEvaluator,
  'resource.k8s.io/resourceclaims': deviceClaimEvaluator,
}

/** Events come and go by the thousand: upstream does not count them. */
const ignored: ReadonlySet<string> = new Set(['/events', 'events.k8s.io/events'])

const counting = new Map<string, QuotaEvaluator>()

export function quotaEvaluatorOf(group: string, resource: string): QuotaEvaluator | undefined {
  const key = `${group}/${resource}`
  if (ignored.has(key)) return undefined
  const known = evaluators[key] ?? counting.get(key)
  if (known) return known
  const made = countEvaluator(group, resource)
  counting.set(key, made)
  return made
}
