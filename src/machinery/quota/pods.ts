/** Pods: what they request and may use, while they have not ended. */
import type { PodAffinityTerm } from '../../api/core/v1/affinity.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { hasPodLevelResources, isHugePages, qosClassOf } from '../pod-qos.ts'
import { type Amounts, addAmounts } from './amounts.ts'
import { fitsSelector, objectCountName, type QuotaEvaluator } from './evaluator.ts'
import { podTotal } from './pod-totals.ts'

const countName = objectCountName('', 'pods')

const basic = ['cpu', 'memory', 'ephemeral-storage']

/** What quotas call the resources that pods compute with. */
export const computeNames: readonly string[] = ['', 'requests.', 'limits.'].flatMap(prefix =>
  basic.map(name => prefix + name),
)

const named: ReadonlySet<string> = new Set([countName, 'pods', ...computeNames])

export const isQuotaOfHugePages = (name: string): boolean => /^(requests\.)?hugepages-/.test(name)

const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')
const isExtendedRequest = (name: string): boolean =>
  name.startsWith('requests.') && (!isNative(name) || name.startsWith('requests.deviceclass.resource.kubernetes.io/'))

/** Resources that every container must name where a quota bounds them. */
const demanded: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
])

function countedAs(requests: Amounts, limits: Amounts): Record<string, string> {
  const usage: Record<string, string> = { pods: '1' }
  for (const name of basic) {
    const [request, limit] = [requests[name], limits[name]]
    if (request !== undefined) {
      usage[name] = request
      usage[`requests.${name}`] = request
    }
    if (limit !== undefined) usage[`limits.${name}`] = limit
  }
  for (const [name, request] of Object.entries(requests)) {
    if (isHugePages(name)) usage[name] = request
    if (isHugePages(name) || !isNative(name)) usage[`requests.${name}`] = request
  }
  return usage
}

/** Whether a pod still uses anything but its place in the count of objects. */
function isCounted({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true
  return nowMs <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000
}

const isTerminating = ({ spec }: Pod): boolean => (spec.activeDeadlineSeconds ?? -1) >= 0

const isBestEffort = (pod: Pod): boolean => qosClassOf(pod.spec) === 'BestEffort'

const crossesNamespaces = ({ namespaces, namespaceSelector }: PodAffinityTerm): boolean =>
  (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined

function hasCrossNamespaceAffinity({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  return [podAffinity, podAntiAffinity].some(
    affinity =>
      affinity?.requiredDuringSchedulingIgnoredDuringExecution?.some(crossesNamespaces) ||
      affinity?.preferredDuringSchedulingIgnoredDuringExecution?.some(({ podAffinityTerm }) =>
        crossesNamespaces(podAffinityTerm),
      ),
  )
}

export const podEvaluator: QuotaEvaluator = {
  handles({ operation, subresource, object, oldObject }) {
    if (subresource === 'resize') return operation === 'UPDATE'
    if (subresource !== '') return false
    return operation === 'CREATE' || isTerminating(object as Pod) !== isTerminating(oldObject as Pod)
  },
  matchingResources: names =>
    names.filter(name => named.has(name) || isQuotaOfHugePages(name) || isExtendedRequest(name)),
  matchesScope(selector, object) {
    const pod = object as Pod
    switch (selector.scopeName) {
      case 'Terminating':
        return isTerminating(pod)
      case 'NotTerminating':
        return !isTerminating(pod)
      case 'BestEffort':
        return isBestEffort(pod)
      case 'NotBestEffort':
        return !isBestEffort(pod)
      case 'PriorityClass':
        return fitsSelector(selector, pod.spec.priorityClassName || undefined)
      case 'CrossNamespacePodAffinity':
        return hasCrossNamespaceAffinity(pod)
      default:
        return false
    }
  },
  constraintError(required, object) {
    const pod = object as Pod
    if (hasPodLevelResources(pod.spec)) return undefined
    const missing = new Map<string, Set<string>>()
    for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
      const has = countedAs(container.resources?.requests ?? {}, container.resources?.limits ?? {})
      for (const name of required) {
        if (!demanded.has(name) || has[name] !== undefined) continue
        missing.set(name, (missing.get(name) ?? new Set()).add(container.name))
      }
    }
    if (missing.size === 0) return undefined
    const parts = [...missing].map(([name, containers]) => `${name} for: ${[...containers].sort().join(',')}`)
    return `must specify ${parts.sort().join('; ')}`
  },
  usage(object, nowMs) {
    const pod = object as Pod
    if (!isCounted(pod, nowMs)) return { [countName]: '1' }
    return addAmounts({ [countName]: '1' }, countedAs(podTotal(pod, 'requests'), podTotal(pod, 'limits')))
  },
}
