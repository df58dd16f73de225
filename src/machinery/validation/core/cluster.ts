/** Nodes, namespaces, quotas, limits and bindings. */
import type { Binding } from '../../../api/core/v1/binding.ts'
import type { LimitRange, LimitRangeItem } from '../../../api/core/v1/limit-range.ts'
import type { Namespace } from '../../../api/core/v1/namespace.ts'
import type { Node } from '../../../api/core/v1/node.ts'
import type { ResourceQuota } from '../../../api/core/v1/resource-quota.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { cidrErrors, ipFamilyOf } from '../../../schema/formats.ts'
import { ownMember } from '../../../schema/json-exact.ts'
import { parseQuantity } from '../../quantity.ts'
import { computeNames, isQuotaOfHugePages } from '../../quota/pods.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkTaints } from './affinity.ts'
import { checkAmount, checkContainerResourceName, checkResourceName, quotaResources } from './resources.ts'

export function checkNode(out: Errors, node: Node): void {
  checkTaints(out, 'metadata.taints', node.spec.taints)
  checkSwap(out, node)
  checkDeclaredFeatures(out, node.status.declaredFeatures ?? [])
  checkPodCidrs(out, node)
}

function checkSwap(out: Errors, { status }: Node): void {
  const capacity = status.nodeInfo?.swap?.capacity
  if (capacity !== undefined && BigInt(capacity) <= 0)
    out.push(invalid('metadata.nodeSwapStatus.capacity', capacity, 'must be greater than zero'))
}

function checkPodCidrs(out: Errors, { spec }: Node): void {
  const ranges = spec.podCIDRs ?? []
  ranges.forEach((range, i) => {
    pushInvalid(out, `spec.podCIDRs[${i}]`, range, cidrErrors(range))
  })
  if (ranges.length > 1 && (ranges.length > 2 || ipFamilyOf(ranges[0]!) === ipFamilyOf(ranges[1]!))) {
    out.push(invalid('spec.podCIDRs', ranges, 'may specify no more than one CIDR for each IP family'))
  }
}

export function checkNodeUpdate(out: Errors, node: Node, old: Node): void {
  checkTaints(out, 'metadata.taints', node.spec.taints)
  checkPodCidrs(out, node)
  checkNodeStatus(out, node)
  if (old.spec.podCIDRs?.length && !isSame(node.spec.podCIDRs, old.spec.podCIDRs))
    out.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'))
  if (old.spec.providerID && node.spec.providerID !== old.spec.providerID) {
    out.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  }
  if ((node.spec.externalID ?? '') !== (old.spec.externalID ?? ''))
    out.push(forbidden('spec.externalID', 'may not be updated'))
}

export function checkNodeStatus(out: Errors, { status }: Node): void {
  for (const list of ['capacity', 'allocatable'] as const) {
    for (const [name, text] of Object.entries(status[list] ?? {})) {
      checkAmount(out, `status.${list}.${name}`, name, text)
    }
  }
  checkDeclaredFeatures(out, status.declaredFeatures ?? [])
  const addresses = new Set<string>()
  status.addresses?.forEach((address, i) => {
    const identity = `${address.type}/${address.address}`
    if (addresses.has(identity)) out.push(duplicate(`status.addresses[${i}]`, address))
    addresses.add(identity)
  })
}

const featureName = /^([A-Z][a-zA-Z0-9]*)(\/[a-zA-Z0-9]+)*$/

/** KEP-5328: sorted, without repeats. */
function checkDeclaredFeatures(out: Errors, features: readonly string[]): void {
  features.forEach((feature, i) => {
    const at = `status.declaredFeatures[${i}]`
    const shown = `invalid feature name ${JSON.stringify(feature)}`
    if (feature.length > 253) out.push(invalid(at, feature, `${shown}: must be no more than 253 characters`))
    else if (!featureName.test(feature))
      out.push(
        invalid(
          at,
          feature,
          `${shown}: must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`,
        ),
      )
    const next = features[i + 1]
    if (next === undefined) return
    const nextAt = `status.declaredFeatures[${i + 1}]`
    if (feature === next) out.push(duplicate(nextAt, next))
    else if (feature > next) out.push(invalid(nextAt, next, 'list must be sorted alphabetically'))
  })
}

export const checkNamespace = (out: Errors, namespace: Namespace): void =>
  checkFinalizers(out, namespace, () => 'spec.finalizers')

export const checkNamespaceFinalizers = (out: Errors, namespace: Namespace): void =>
  checkFinalizers(out, namespace, i => `spec.finalizers[${i}]`)

/** Upstream says which one it is for the subresource alone. */
function checkFinalizers(out: Errors, { spec }: Namespace, pathOf: (index: number) => string): void {
  spec.finalizers?.forEach((finalizer, i) => {
    const at = pathOf(i)
    pushInvalid(out, at, finalizer, labelKeyErrors(finalizer))
    if (!finalizer.includes('/') && finalizer !== 'kubernetes') {
      out.push(invalid(at, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'))
    }
  })
}

export function checkNamespaceStatus(out: Errors, namespace: Namespace): void {
  const isDeleted = namespace.metadata.deletionTimestamp !== undefined
  if (!isDeleted && namespace.status.phase !== 'Active') {
    out.push(invalid('status.Phase', namespace.status.phase, "may only be 'Active' if `deletionTimestamp` is empty"))
  }
  if (isDeleted && namespace.status.phase !== 'Terminating') {
    out.push(
      invalid('status.Phase', namespace.status.phase, "may only be 'Terminating' if `deletionTimestamp` is not empty"),
    )
  }
}

export function checkLimitRange(out: Errors, range: LimitRange): void {
  const types = new Set<string>()
  range.spec.limits?.forEach((item, i) => {
    const at = `spec.limits[${i}]`
    const messages = labelKeyErrors(item.type)
    pushInvalid(out, `${at}.type`, item.type, messages)
    if (
      messages.length === 0 &&
      !item.type.includes('/') &&
      !['Container', 'Pod', 'PersistentVolumeClaim'].includes(item.type)
    ) {
      out.push(invalid(`${at}.type`, item.type, 'must be a standard limit type or fully qualified'))
    }
    if (types.has(item.type)) out.push(duplicate(`${at}.type`, item.type))
    types.add(item.type)
    checkLimitItem(out, at, item)
  })
}

function checkLimitItem(out: Errors, path: string, item: LimitRangeItem): void {
  const { min = {}, max = {}, default: limits = {}, defaultRequest = {}, maxLimitRequestRatio = {} } = item
  const isPod = item.type === 'Pod'
  const checkName = isPod || item.type === 'Container' ? checkContainerResourceName : checkResourceName
  const checkNames = (list: string, amounts: Readonly<Record<string, string>>): void => {
    for (const name of Object.keys(amounts)) checkName(out, `${path}.${list}[${name}]`, name)
  }
  checkNames('max', max)
  checkNames('min', min)
  for (const [list, amounts] of Object.entries({ default: limits, defaultRequest })) {
    if (!isPod) checkNames(list, amounts)
    else if (Object.keys(amounts).length > 0)
      out.push(forbidden(`${path}.${list}`, "may not be specified when `type` is 'Pod'"))
  }
  if (item.type === 'PersistentVolumeClaim' && min.storage === undefined && max.storage === undefined) {
    out.push(
      required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
    )
  }
  checkNames('maxLimitRequestRatio', maxLimitRequestRatio)
  const lists = [max, min, ...(isPod ? [] : [limits, defaultRequest]), maxLimitRequestRatio]
  const names = new Set(lists.flatMap(list => Object.keys(list)))
  const order = (a: string | undefined, b: string | undefined): boolean =>
    a !== undefined && b !== undefined && parseQuantity(a).compare(parseQuantity(b)) > 0
  for (const name of names) {
    const [least, most, request, limit] = [min, max, defaultRequest, limits].map(list => ownMember(list, name))
    const at = (list: string): string => `${path}.${list}[${name}]`
    if (order(least, most)) out.push(invalid(at('min'), least, `min value ${least} is greater than max value ${most}`))
    if (order(least, request)) {
      out.push(
        invalid(at('defaultRequest'), request, `min value ${least} is greater than default request value ${request}`),
      )
    }
    if (order(request, most)) {
      out.push(
        invalid(at('defaultRequest'), request, `default request value ${request} is greater than max value ${most}`),
      )
    }
    if (order(request, limit)) {
      out.push(
        invalid(
          at('defaultRequest'),
          request,
          `default request value ${request} is greater than default limit value ${limit}`,
        ),
      )
    }
    if (order(least, limit)) {
      out.push(invalid(at('default'), limit, `min value ${least} is greater than default value ${limit}`))
    }
    if (order(limit, most))
      out.push(invalid(at('default'), limit, `default value ${limit} is greater than max value ${most}`))
    const ratio = ownMember(maxLimitRequestRatio, name)
    if (ratio !== undefined && parseQuantity(ratio).compare(parseQuantity('1')) < 0) {
      out.push(invalid(at('maxLimitRequestRatio'), ratio, `ratio ${ratio} is less than 1`))
    }
  }
}

const isQuotaName = (name: string): boolean => quotaResources.has(name) || isQuotaOfHugePages(name)

const countedNames =
  /^(pods|resourcequotas|services(\..*)?|replicationcontrollers|secrets|persistentvolumeclaims|configmaps|count\/.*)$/

export function checkQuota(out: Errors, quota: ResourceQuota): void {
  checkQuotaAmounts(out, 'spec.hard', quota.spec.hard)
  checkScopes(out, quota)
  checkScopeSelector(out, quota)
}

const conflictingScopes = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const
const ofPods = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity']
const ofClaims = 'VolumeAttributesClass'
const quotaScopes: ReadonlySet<string> = new Set([...ofPods, 'PriorityClass', ofClaims])

/** Whether what is counted can be told apart by a scope. */
function fits(scope: string, name: string): boolean {
  if (scope === 'BestEffort') return name === 'pods'
  if (scope === ofClaims) return name === 'persistentvolumeclaims' || name === 'requests.storage'
  return !quotaScopes.has(scope) || name === 'pods' || computeNames.includes(name)
}

/** The standard names that a quota limits, in order. */
const limitedNames = ({ spec }: ResourceQuota): string[] =>
  Object.keys(spec.hard ?? {})
    .filter(isQuotaName)
    .sort()

function checkScopes(out: Errors, quota: ResourceQuota): void {
  const scopes: readonly string[] = quota.spec.scopes ?? []
  const names = limitedNames(quota)
  for (const scope of scopes) {
    if (!quotaScopes.has(scope)) out.push(invalid('spec.scopes', scopes, 'unsupported scope'))
    for (const name of names)
      if (!fits(scope, name)) out.push(invalid('spec.scopes', scopes, 'unsupported scope applied to resource'))
  }
  for (const pair of conflictingScopes)
    if (pair.every(scope => scopes.includes(scope))) out.push(invalid('spec.scopes', scopes, 'conflicting scopes'))
}

function checkScopeSelector(out: Errors, quota: ResourceQuota): void {
  const selector = quota.spec.scopeSelector
  if (!selector) return
  const at = 'spec.scopeSelector.matchExpressions'
  const names = limitedNames(quota)
  for (const { scopeName, operator, values = [] } of selector.matchExpressions ?? []) {
    if (!quotaScopes.has(scopeName)) out.push(invalid(`${at}.scopeName`, scopeName ?? '', 'unsupported scope'))
    for (const name of names)
      if (!fits(scopeName, name)) out.push(invalid(at, selector, 'unsupported scope applied to resource'))
    if (ofPods.includes(scopeName) && operator !== 'Exists') {
      out.push(
        invalid(
          `${at}.operator`,
          operator ?? '',
          `must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity`,
        ),
      )
    }
    checkScopeValues(out, at, operator ?? '', values)
  }
  const scopes: readonly string[] = selector.matchExpressions?.map(({ scopeName }) => scopeName) ?? []
  for (const pair of conflictingScopes)
    if (pair.every(scope => scopes.includes(scope))) out.push(invalid(at, quota.spec.scopes, 'conflicting scopes'))
}

function checkScopeValues(out: Errors, path: string, operator: string, values: readonly string[]): void {
  const at = `${path}.values`
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      out.push(required(at, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      out.push(invalid(at, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"))
  } else out.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'))
}

function checkQuotaAmounts(out: Errors, path: string, amounts: Readonly<Record<string, string>> | undefined): void {
  for (const [name, text] of Object.entries(amounts ?? {})) {
    const at = `${path}[${name}]`
    checkResourceName(out, at, name)
    if (!name.includes('/') && !isQuotaName(name)) {
      out.push(invalid(at, name, 'must be a standard resource for quota'))
    }
    checkAmount(out, at, name, text)
    if (countedNames.test(name) && parseQuantity(text).milliValue() % 1000 !== 0) {
      out.push(invalid(at, text, 'must be an integer'))
    }
  }
}

export function checkQuotaUpdate(out: Errors, quota: ResourceQuota, old: ResourceQuota): void {
  checkQuota(out, quota)
  const sorted = (scopes: readonly string[] | undefined) => [...(scopes ?? [])].sort()
  checkImmutable(out, 'spec.scopes', sorted(quota.spec.scopes), sorted(old.spec.scopes))
}

export function checkQuotaStatus(out: Errors, { status }: ResourceQuota): void {
  checkQuotaAmounts(out, 'status.hard', status.hard)
  checkQuotaAmounts(out, 'status.used', status.used)
}

export function checkBinding(out: Errors, binding: Binding): void {
  const kind = binding.target.kind ?? ''
  if (kind !== '' && kind !== 'Node') out.push(notSupported('target.kind', kind, ['Node', '<empty>']))
  if (!binding.target.name) out.push(required('target.name'))
}
