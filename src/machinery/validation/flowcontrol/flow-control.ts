/** Flow schemas and priority levels (upstream: apis/flowcontrol/validation). */
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../../api/flowcontrol/v1/flow-schema.ts'
import type {
  LimitedPriorityLevelConfiguration,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../../../api/flowcontrol/v1/priority-level-configuration.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { betweenMessage, dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from '../../flowcontrol/default-objects.ts'
import { maxHashBits, requiredHashBits } from '../../flowcontrol/shuffle-sharding.ts'
import { type Errors, isSame, pushInvalid } from '../checks.ts'

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']
const maxMatchingPrecedence = 10_000
const maxQueues = 10_000_000

export function checkFlowSchema(out: Errors, schema: FlowSchema): void {
  const { spec } = schema
  const { name } = schema.metadata
  const precedence = spec.matchingPrecedence
  const at = 'spec.matchingPrecedence'
  if (precedence <= 0) out.push(invalid(at, precedence, 'must be a positive value'))
  if (precedence > maxMatchingPrecedence)
    out.push(invalid(at, precedence, `must not be greater than ${maxMatchingPrecedence}`))
  if (precedence === 1 && name !== 'exempt')
    out.push(invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
  const method = spec.distinguisherMethod
  if (method && !['ByNamespace', 'ByUser'].includes(method.type))
    out.push(notSupported('spec.distinguisherMethod.type', { Type: method.type }, ['ByNamespace', 'ByUser']))
  const level = spec.priorityLevelConfiguration.name
  if (level === '') out.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'))
  else pushInvalid(out, 'spec.priorityLevelConfiguration.name', level, dns1123SubdomainErrors(level))
  spec.rules?.forEach((rule, i) => {
    checkRules(out, `spec.rules[${i}]`, rule)
  })
  const fixed = mandatoryFlowSchemas.get(name ?? '')
  if (fixed && !isSame(spec, fixed)) out.push(invalid('spec', spec, `spec of '${name}' must equal the fixed value`))
  checkConditions(out, schema.status.conditions)
}

function checkRules(out: Errors, path: string, rule: PolicyRulesWithSubjects): void {
  if (!rule.subjects?.length) out.push(required(`${path}.subjects`, 'subjects must contain at least one value'))
  rule.subjects?.forEach((subject, i) => {
    checkSubject(out, `${path}.subjects[${i}]`, subject)
  })
  if (!rule.resourceRules?.length && !rule.nonResourceRules?.length)
    out.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  rule.resourceRules?.forEach((one, i) => {
    checkResourceRule(out, `${path}.resourceRules[${i}]`, one)
  })
  rule.nonResourceRules?.forEach((one, i) => {
    checkNonResourceRule(out, `${path}.nonResourceRules[${i}]`, one)
  })
}

const subjectMembers = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const

function checkSubject(out: Errors, path: string, subject: Subject): void {
  if (!(subject.kind in subjectMembers)) {
    out.push(notSupported(`${path}.kind`, subject.kind, Object.keys(subjectMembers).sort()))
    return
  }
  for (const [kind, member] of Object.entries(subjectMembers)) {
    if (kind === subject.kind) {
      if (!subject[member])
        out.push(required(`${path}.${member}`, `${member} is required when subject kind is '${kind}'`))
    } else if (subject[member]) {
      out.push(forbidden(`${path}.${member}`, `${member} is forbidden when subject kind is not '${kind}'`))
    }
  }
  for (const [kind, member] of [
    ['User', 'user'],
    ['Group', 'group'],
  ] as const)
    if (subject.kind === kind && subject[member]?.name === '') out.push(required(`${path}.${member}.name`))
  const account = subject.kind === 'ServiceAccount' ? subject.serviceAccount : undefined
  if (!account) return
  const at = `${path}.serviceAccount`
  if (account.name === '') out.push(required(`${at}.name`))
  if (account.name !== '' && account.name !== '*')
    pushInvalid(out, `${at}.name`, account.name, dns1123SubdomainErrors(account.name))
  if (account.namespace === '') out.push(required(`${at}.namespace`, 'must specify namespace for service account'))
  else pushInvalid(out, `${at}.namespace`, account.namespace, dns1123LabelErrors(account.namespace))
}

const isWild = (values: readonly string[] | undefined): boolean => values?.includes('*') ?? false

function checkVerbs(out: Errors, path: string, given: readonly string[] | undefined): void {
  const values = given ?? []
  if (values.length === 0) out.push(required(path, 'verbs must contain at least one value'))
  else if (isWild(values)) checkAlone(out, path, values, 'verbs')
  else if (!values.every(verb => verbs.includes(verb))) out.push(notSupported(path, values, verbs))
}

function checkAlone(out: Errors, path: string, values: readonly string[] | undefined, what: string): void {
  if (isWild(values) && values!.length > 1)
    out.push(invalid(path, values, `if '*' is present, must not specify other ${what}`))
}

function checkResourceRule(out: Errors, path: string, rule: ResourcePolicyRule): void {
  checkVerbs(out, `${path}.verbs`, rule.verbs)
  if (!rule.apiGroups?.length)
    out.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  else checkAlone(out, `${path}.apiGroups`, rule.apiGroups, 'api groups')
  if (!rule.resources?.length)
    out.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  else checkAlone(out, `${path}.resources`, rule.resources, 'resources')
  const namespaces = rule.namespaces ?? []
  if (namespaces.length === 0 && !rule.clusterScope) {
    out.push(
      required(`${path}.namespaces`, 'resource rules that are not cluster scoped must supply at least one namespace'),
    )
  } else if (isWild(namespaces)) checkAlone(out, `${path}.namespaces`, namespaces, 'namespaces')
  else {
    namespaces.forEach((namespace, i) => {
      const messages = dns1123LabelErrors(namespace)
      const intro = "each member of this list must be '*' or a DNS-1123 label; "
      pushInvalid(
        out,
        `${path}.namespaces[${i}]`,
        namespace,
        messages.map(message => intro + message),
      )
    })
  }
}

function checkNonResourceRule(out: Errors, path: string, rule: NonResourcePolicyRule): void {
  checkVerbs(out, `${path}.verbs`, rule.verbs)
  const urls = rule.nonResourceURLs ?? []
  const at = `${path}.nonResourceURLs`
  if (urls.length === 0) out.push(required(at, 'nonResourceURLs must contain at least one value'))
  else if (isWild(urls)) checkAlone(out, at, urls, 'non-resource URLs')
  else {
    urls.forEach((url, i) => {
      const wrong = pathError(url)
      if (wrong !== undefined) out.push(invalid(`${at}[${i}]`, url, wrong))
    })
  }
}

function pathError(path: string): string | undefined {
  if (path === '') return 'must not be empty'
  if (path === '/') return undefined
  if (!path.startsWith('/')) return 'must start with slash'
  if (path.includes(' ')) return 'must not contain white-space'
  if (path.includes('//')) return 'must not contain double slash'
  const stars = path.split('*').length - 1
  return stars > 1 || (stars === 1 && !path.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined
}

function checkConditions(out: Errors, conditions: readonly { readonly type?: string }[] | undefined): void {
  const known = new Set<string>()
  conditions?.forEach(({ type = '' }, i) => {
    const at = `status.conditions[${i}].type`
    if (known.has(type)) out.push(duplicate(at, type))
    known.add(type)
    if (type === '') out.push(required(at))
  })
}

export const checkConditionsOf = (out: Errors, object: FlowSchema | PriorityLevelConfiguration): void =>
  checkConditions(out, object.status.conditions)

export function checkPriorityLevel(out: Errors, level: PriorityLevelConfiguration): void {
  const { spec } = level
  const { name } = level.metadata
  if ((name === 'exempt') !== (spec.type === 'Exempt'))
    out.push(invalid('spec.type', spec.type, "must be 'Exempt' if and only if `name` is 'exempt'"))
  if (spec.exempt && spec.type !== 'Exempt') out.push(forbidden('spec.exempt', ''))
  if (spec.limited && spec.type !== 'Limited') out.push(forbidden('spec.limited', ''))
  if (spec.type === 'Exempt') checkShares(out, 'spec.exempt', spec.exempt ?? {})
  else if (spec.type === 'Limited') {
    if (spec.limited) checkLimited(out, 'spec.limited', spec.limited)
    else out.push(required('spec.limited'))
  } else if (spec.type !== '') out.push(notSupported('spec.type', spec.type, ['Exempt', 'Limited']))
  const { type, queuing } = spec.limited?.limitResponse ?? {}
  if (queuing && type !== 'Queue') out.push(forbidden('spec.limited.limitResponse.queuing', ''))
  const fixed = mandatoryPriorityLevels.get(name ?? '')
  if (fixed && name === 'exempt') {
    const have = { ...spec, exempt: fixed.exempt }
    if (!isSame(have, fixed))
      out.push(invalid('spec', spec, `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`))
  } else if (fixed && !isSame(spec, fixed))
    out.push(invalid('spec', spec, `spec of '${name}' must equal the fixed value`))
  checkConditions(out, level.status.conditions)
}

interface Shares {
  readonly nominalConcurrencyShares?: number
  readonly lendablePercent?: number
}

function checkNominal(out: Errors, path: string, { nominalConcurrencyShares: shares }: Shares): void {
  if (shares !== undefined && shares < 0)
    out.push(invalid(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'))
}

function checkPercent(out: Errors, path: string, { lendablePercent: percent }: Shares): void {
  if (percent !== undefined && (percent < 0 || percent > 100))
    out.push(invalid(`${path}.lendablePercent`, percent, betweenMessage(0, 100)))
}

function checkShares(out: Errors, path: string, shares: Shares): void {
  checkNominal(out, path, shares)
  checkPercent(out, path, shares)
}

function checkLimited(out: Errors, path: string, limited: LimitedPriorityLevelConfiguration): void {
  checkNominal(out, path, limited)
  const { type, queuing } = limited.limitResponse
  const at = `${path}.limitResponse`
  if (type === 'Queue') {
    if (queuing) checkQueuing(out, `${at}.queuing`, queuing)
    else out.push(required(`${at}.queuing`))
  } else if (type !== '' && type !== 'Reject') out.push(notSupported(`${at}.type`, type, ['Queue', 'Reject']))
  checkPercent(out, path, limited)
  const borrowing = limited.borrowingLimitPercent
  if (borrowing !== undefined && borrowing < 0)
    out.push(invalid(`${path}.borrowingLimitPercent`, borrowing, 'if specified, must be a non-negative integer'))
}

function checkQueuing(out: Errors, path: string, { queueLengthLimit, queues, handSize }: QueuingConfiguration): void {
  if (queueLengthLimit <= 0) out.push(invalid(`${path}.queueLengthLimit`, queueLengthLimit, 'must be positive'))
  if (queues <= 0) out.push(invalid(`${path}.queues`, queues, 'must be positive'))
  else if (queues > maxQueues) out.push(invalid(`${path}.queues`, queues, `must not be greater than ${maxQueues}`))
  const at = `${path}.handSize`
  if (handSize <= 0) out.push(invalid(at, handSize, 'must be positive'))
  else if (handSize > queues) out.push(invalid(at, handSize, `should not be greater than queues (${queues})`))
  else if (requiredHashBits(queues, handSize) > maxHashBits) {
    const what = `deckSize ${queues} and handSize ${handSize}`
    out.push(invalid(at, handSize, `required entropy bits of ${what} should not be greater than ${maxHashBits}`))
  }
}
