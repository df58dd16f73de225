/** Nodes, namespaces, quotas, limits and bindings. */
import type { Binding } from '../../../api/core/v1/binding.ts'
import type { LimitRange, LimitRangeItem } from '../../../api/core/v1/limit-range.ts'
import type { Namespace } from '../../../api/core/v1/namespace.ts'
import type { Node } from '../../../api/core/v1/node.ts'
import type { ResourceQuota } from '../../../api/core/v1/resource-quota.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { cidrErrors, ipFamilyOf } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkTaints } from './affinity.ts'
import { checkAmount, checkResourceName } from './resources.ts'

export function checkNode(out: Errors, node: Node): void {
  checkTaints(out, 'metadata.taints', node.spec.taints)
  checkPodCidrs(out, node)
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
  if (!isSame(node.spec.podCIDRs, old.spec.podCIDRs)) {
    if (old.spec.podCIDRs?.length) {
      out.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'))
    }
    checkPodCidrs(out, node)
  }
  if (old.spec.providerID && node.spec.providerID !== old.spec.providerID) {
    out.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  }
  checkNodeStatus(out, node)
}

export function checkNodeStatus(out: Errors, { status }: Node): void {
  for (const list of ['capacity', 'allocatable'] as const) {
    for (const [name, text] of Object.entries(status[list] ?? {})) {
      checkAmount(out, `status.${list}.${name}`, name, text)
    }
  }
  const addresses = new Set<string>()
  status.addresses?.forEach((address, i) => {
    const identity = `${address.type}/${address.address}`
    if (addresses.has(identity)) out.push(duplicate(`status.addresses[${i}]`, address))
    addresses.add(identity)
  })
}

export function checkNamespaceUpdate(out: Errors, namespace: Namespace): void {
  checkNamespaceFinalizers(out, namespace)
}

export function checkNamespaceFinalizers(out: Errors, { spec }: Namespace): void {
  spec.finalizers?.forEach(finalizer => {
    pushInvalid(out, 'spec.finalizers', finalizer, labelKeyErrors(finalizer))
    if (!finalizer.includes('/') && finalizer !== 'kubernetes') {
      out.push(
        invalid('spec.finalizers', finalizer, 'name is neither a standard finalizer name nor is it fully qualified'),
      )
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

const limitNames: ReadonlySet<string> = new Set(['cpu', 'memory', 'storage', 'ephemeral-storage'])

export function checkLimitRange(out: Errors, range: LimitRange): void {
  const types = new Set<string>()
  range.spec.limits?.forEach((item, i) => {
    const at = `spec.limits[${i}]`
    pushInvalid(out, `${at}.type`, item.type, labelKeyErrors(item.type))
    if (!item.type.includes('/') && !['Container', 'Pod', 'PersistentVolumeClaim'].includes(item.type)) {
      out.push(invalid(`${at}.type`, item.type, 'must be a standard limit type or fully qualified'))
    }
    if (types.has(item.type)) out.push(duplicate(`${at}.type`, item.type))
    types.add(item.type)
    checkLimitItem(out, at, item)
  })
}

function checkLimitItem(out: Errors, path: string, item: LimitRangeItem): void {
  const { min = {}, max = {}, default: limits = {}, defaultRequest = {}, maxLimitRequestRatio = {} } = item
  if (item.type === 'Pod') {
    if (Object.keys(limits).length) out.push(forbidden(`${path}.default`, "may not be specified when `type` is 'Pod'"))
    if (Object.keys(defaultRequest).length) {
      out.push(forbidden(`${path}.defaultRequest`, "may not be specified when `type` is 'Pod'"))
    }
  }
  if (item.type === 'PersistentVolumeClaim' && min.storage === undefined && max.storage === undefined) {
    out.push(
      required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
    )
  }
  const lists = { min, max, default: limits, defaultRequest, maxLimitRequestRatio }
  const names = new Set(Object.values(lists).flatMap(list => Object.keys(list)))
  for (const [list, amounts] of Object.entries(lists)) {
    for (const name of Object.keys(amounts)) checkResourceName(out, `${path}.${list}[${name}]`, name, limitNames)
  }
  const order = (a: string | undefined, b: string | undefined): boolean =>
    a !== undefined && b !== undefined && parseQuantity(a).compare(parseQuantity(b)) > 0
  for (const name of names) {
    const least = min[name]
    const most = max[name]
    const request = defaultRequest[name]
    const limit = limits[name]
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
    const ratio = maxLimitRequestRatio[name]
    if (ratio !== undefined && parseQuantity(ratio).compare(parseQuantity('1')) < 0) {
      out.push(invalid(at('maxLimitRequestRatio'), ratio, `ratio ${ratio} is less than 1`))
    }
  }
}

const quotaNames: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
])

const countedNames =
  /^(pods|resourcequotas|services(\..*)?|replicationcontrollers|secrets|persistentvolumeclaims|configmaps|count\/.*)$/

export function checkQuota(out: Errors, quota: ResourceQuota): void {
  checkQuotaAmounts(out, 'spec.hard', quota.spec.hard)
  const scopes = quota.spec.scopes ?? []
  if (new Set(scopes).size !== scopes.length) out.push(invalid('spec.scopes', scopes, 'conflicting scopes'))
  for (const [a, b] of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ] as const) {
    if (scopes.includes(a) && scopes.includes(b)) out.push(invalid('spec.scopes', scopes, 'conflicting scopes'))
  }
  quota.spec.scopeSelector?.matchExpressions?.forEach((requirement, i) => {
    const at = `spec.scopeSelector.matchExpressions[${i}]`
    const { scopeName, operator, values = [] } = requirement
    const takesValues = operator === 'In' || operator === 'NotIn'
    if (takesValues && values.length === 0) {
      out.push(
        required(`${at}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"),
      )
    }
    if (!takesValues && values.length > 0) {
      out.push(
        invalid(
          `${at}.values`,
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
      )
    }
    if (/^(Not)?(BestEffort|Terminating)$|^CrossNamespace/.test(scopeName) && operator !== 'Exists') {
      out.push(
        invalid(
          `${at}.operator`,
          operator,
          `must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity`,
        ),
      )
    }
  })
}

function checkQuotaAmounts(out: Errors, path: string, amounts: Readonly<Record<string, string>> | undefined): void {
  for (const [name, text] of Object.entries(amounts ?? {})) {
    const at = `${path}[${name}]`
    pushInvalid(out, at, name, labelKeyErrors(name))
    if (!name.includes('/') && !quotaNames.has(name) && !/^(requests\.)?hugepages-/.test(name)) {
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
