/** Names and amounts of resources (upstream: ValidateResourceRequirements, validateResourceName). */
import type { ResourceRequirements } from '../../../api/core/v1/resources.ts'
import { duplicate, forbidden, invalid, notFound, notSupported, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors } from '../../../schema/formats.ts'
import { ownMember } from '../../../schema/json-exact.ts'
import { notNegativeMessage } from '../../../schema/validators.ts'
import { isHugePages } from '../../pod-qos.ts'
import { parseQuantity } from '../../quantity.ts'
import { computeNames } from '../../quota/pods.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { type Errors, pushInvalid } from '../checks.ts'

const standardContainerResources: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage'])
/** Those that a quota can count. */
export const quotaResources: ReadonlySet<string> = new Set([
  ...computeNames,
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
])
/** Those, and what else can be asked for. */
const standardResources: ReadonlySet<string> = new Set([...quotaResources, 'storage'])

/** A name without a domain, or in Kubernetes' own. */
export const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')
const isExtendedResource = (name: string): boolean => !isNativeResource(name) && !name.startsWith('requests.')
const mayBeOvercommitted = (name: string): boolean => isNativeResource(name) && !isHugePages(name)

/** A resource that a container may ask for. */
export function checkContainerResourceName(out: Errors, path: string, name: string): void {
  const messages = labelKeyErrors(name)
  pushInvalid(out, path, name, messages)
  if (!name.includes('/')) {
    if (messages.length === 0 && !standardResources.has(name) && !isHugePages(name)) {
      out.push(invalid(path, name, 'must be a standard resource type or fully qualified'))
    }
    if (!standardContainerResources.has(name) && !isHugePages(name)) {
      out.push(invalid(path, name, 'must be a standard resource for containers'))
    }
  } else if (!isNativeResource(name) && name.startsWith('requests.')) {
    out.push(invalid(path, name, "doesn't follow extended resource name standard"))
  }
}

/** A qualified name; one without a domain has to be known. */
export function checkResourceName(out: Errors, path: string, name: string): void {
  const messages = labelKeyErrors(name)
  pushInvalid(out, path, name, messages)
  if (messages.length === 0 && !name.includes('/') && !standardResources.has(name) && !isHugePages(name)) {
    out.push(invalid(path, name, 'must be a standard resource type or fully qualified'))
  }
}

const podResources: ReadonlySet<string> = new Set(['cpu', 'memory'])

/** A resource that a pod as a whole may ask for. */
export function checkPodResourceName(out: Errors, path: string, name: string): void {
  const before = out.length
  checkResourceName(out, path, name)
  if (out.length === before && !podResources.has(name) && !isHugePages(name))
    out.push(notSupported(path, name, ['cpu', 'hugepages-', 'memory']))
}

/** An amount that is not negative, and whole where the resource is counted. */
export function checkAmount(out: Errors, path: string, name: string, text: string): void {
  const amount = parseQuantity(text)
  if (amount.sign() < 0) out.push(invalid(path, text, notNegativeMessage))
  const isWhole = isExtendedResource(name) || isHugePages(name)
  if (isWhole && amount.milliValue() % 1000 !== 0) out.push(invalid(path, text, 'must be an integer'))
}

export function checkResources(
  out: Errors,
  path: string,
  resources: ResourceRequirements | undefined,
  claims: ReadonlySet<string>,
  checkName = checkContainerResourceName,
): void {
  if (!resources) return
  const limits = resources.limits ?? {}
  const requests = resources.requests ?? {}
  for (const [name, text] of Object.entries(limits)) checkOne(out, `${path}.limits`, name, text, checkName)
  for (const [name, text] of Object.entries(requests)) {
    checkOne(out, `${path}.requests`, name, text, checkName)
    checkAgainstLimit(out, path, name, text, ownMember(limits, name))
  }
  const all = [...Object.keys(limits), ...Object.keys(requests)]
  if (all.some(isHugePages) && !all.includes('cpu') && !all.includes('memory')) {
    out.push(forbidden(path, 'HugePages require cpu or memory'))
  }
  checkClaims(out, `${path}.claims`, resources.claims ?? [], claims)
}

function checkClaims(
  out: Errors,
  path: string,
  used: NonNullable<ResourceRequirements['claims']>,
  known: ReadonlySet<string>,
): void {
  const seen = new Set<string>()
  used.forEach(({ name, request = '' }, i) => {
    const at = `${path}[${i}]`
    if (name === '') {
      out.push(required(at))
      return
    }
    if (seen.has(name)) out.push(duplicate(at, name))
    else {
      if (request !== '') pushInvalid(out, `${at}.request`, request, dns1123LabelErrors(request))
      const key = request === '' ? name : `${name}/${request}`
      if (seen.has(key)) out.push(duplicate(at, key))
      else if (request === '' && [...seen].some(other => other.startsWith(`${name}/`))) out.push(duplicate(at, name))
      seen.add(key)
    }
    if (known.has(name)) return
    const names = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`
    const missing = notFound(at, name)
    out.push({ ...missing, message: `${missing.message}: must be one of the names in pod.spec.resourceClaims${names}` })
  })
}

function checkOne(out: Errors, path: string, name: string, text: string, checkName: typeof checkResourceName): void {
  const at = `${path}[${name}]`
  checkName(out, at, name)
  checkAmount(out, at, name, text)
}

function checkAgainstLimit(out: Errors, path: string, name: string, text: string, limit: string | undefined): void {
  if (limit === undefined) {
    if (!mayBeOvercommitted(name)) {
      out.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'))
    }
    return
  }
  const order = parseQuantity(text).compare(parseQuantity(limit))
  if (order !== 0 && !mayBeOvercommitted(name)) {
    out.push(invalid(`${path}.requests`, text, `must be equal to ${name} limit of ${limit}`))
  } else if (order > 0) {
    out.push(invalid(`${path}.requests`, text, `must be less than or equal to ${name} limit of ${limit}`))
  }
}

const resizable = ['cpu', 'memory']
const resizePolicies = ['NotRequired', 'RestartContainer']

/** Upstream leaves the index out of most of these paths. */
export function checkResizePolicy(
  out: Errors,
  path: string,
  policies: readonly { resourceName: string; restartPolicy: string }[],
  podRestartPolicy: string | undefined,
): void {
  const seen = new Set<string>()
  policies.forEach(({ resourceName, restartPolicy }, i) => {
    if (seen.has(resourceName)) out.push(duplicate(`${path}[${i}]`, resourceName))
    seen.add(resourceName)
    if (resourceName === '') out.push(required(path))
    else if (!resizable.includes(resourceName)) out.push(notSupported(path, resourceName, resizable))
    if (restartPolicy === '') out.push(required(path))
    else if (!resizePolicies.includes(restartPolicy)) out.push(notSupported(path, restartPolicy, resizePolicies))
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired')
      out.push(invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
  })
}
