/** Which requests are recorded, and how much of them (audit.k8s.io/v1 Policy; Kubernetes documentation, "Auditing"). */
import { isMap, isSeq, parseDocument } from 'yaml'

export type Level = 'None' | 'Metadata' | 'Request' | 'RequestResponse'
export type Stage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic'

const levels: readonly Level[] = ['None', 'Metadata', 'Request', 'RequestResponse']
const stages: readonly Stage[] = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic']

export interface GroupResources {
  readonly group: string
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}

export interface Rule {
  readonly level: Level
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly verbs: readonly string[]
  readonly resources: readonly GroupResources[]
  readonly namespaces: readonly string[]
  readonly nonResourceURLs: readonly string[]
  readonly omitStages: readonly Stage[]
  readonly omitManagedFields?: boolean
}

export interface Policy {
  readonly rules: readonly Rule[]
  readonly omitStages: readonly Stage[]
  readonly omitManagedFields: boolean
}

/** What a rule is asked about. */
export interface Auditable {
  readonly username: string
  readonly groups: readonly string[]
  readonly verb: string
  readonly isResourceRequest: boolean
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly path: string
}

export class PolicyError extends Error {
  override readonly name = 'PolicyError'
}

const listOrAny = (list: readonly string[], value: string): boolean => list.length === 0 || list.includes(value)

/** Subresources are named: `pods` is not `pods/log`, `pods/*` is every subresource of pods, `*`+`/scale` one of all. */
function resourceMatches({ resources }: GroupResources, { resource, subresource }: Auditable): boolean {
  if (resources.length === 0) return true
  const combined = subresource === '' ? resource : `${resource}/${subresource}`
  return resources.some(
    one =>
      one === '*' ||
      one === combined ||
      (subresource !== '' && (one === `*/${subresource}` || one === `${resource}/*`)),
  )
}

const pathMatches = (patterns: readonly string[], path: string): boolean =>
  patterns.some(one => one === '*' || one === path || (one.endsWith('*') && path.startsWith(one.slice(0, -1))))

export function ruleMatches(rule: Rule, request: Auditable): boolean {
  if (!listOrAny(rule.users, request.username)) return false
  if (rule.userGroups.length > 0 && !rule.userGroups.some(group => request.groups.includes(group))) return false
  if (!listOrAny(rule.verbs, request.verb)) return false
  if (rule.namespaces.length === 0 && rule.resources.length === 0 && rule.nonResourceURLs.length === 0) return true
  if (!request.isResourceRequest) return pathMatches(rule.nonResourceURLs, request.path)
  if (rule.namespaces.length === 0 && rule.resources.length === 0) return false
  // '' in the list stands for what has no namespace.
  if (!listOrAny(rule.namespaces, request.namespace)) return false
  return (
    rule.resources.length === 0 ||
    rule.resources.some(
      one => one.group === request.group && resourceMatches(one, request) && listOrAny(one.resourceNames, request.name),
    )
  )
}

/** The first rule that matches; undefined: the request is not recorded. */
export const ruleFor = (policy: Policy, request: Auditable): Rule | undefined =>
  policy.rules.find(rule => ruleMatches(rule, request))

type Json = Record<string, unknown>

function strings(value: unknown, path: string): string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.some(one => typeof one !== 'string'))
    throw new PolicyError(`${path}: must be a list of strings`)
  return value as string[]
}

function stagesOf(value: unknown, path: string): Stage[] {
  const list = strings(value, path)
  const unknown = list.find(one => !stages.includes(one as Stage))
  if (unknown !== undefined) throw new PolicyError(`${path}: Unsupported value: ${JSON.stringify(unknown)}`)
  return list as Stage[]
}

const ruleFields = new Set([
  'level',
  'users',
  'userGroups',
  'verbs',
  'resources',
  'namespaces',
  'nonResourceURLs',
  'omitStages',
  'omitManagedFields',
])

function ruleOf(value: Json, path: string): Rule {
  const unknown = Object.keys(value).find(key => !ruleFields.has(key))
  if (unknown !== undefined) throw new PolicyError(`${path}: unknown field ${JSON.stringify(unknown)}`)
  if (!levels.includes(value.level as Level))
    throw new PolicyError(
      `${path}.level: ${value.level === undefined ? 'Required value' : `Unsupported value: ${JSON.stringify(value.level)}`}`,
    )
  const resources = (value.resources ?? []) as Json[]
  if (!Array.isArray(resources)) throw new PolicyError(`${path}.resources: must be a list`)
  const rule: Rule = {
    level: value.level as Level,
    users: strings(value.users, `${path}.users`),
    userGroups: strings(value.userGroups, `${path}.userGroups`),
    verbs: strings(value.verbs, `${path}.verbs`),
    resources: resources.map((one, index) => ({
      group: typeof one?.group === 'string' ? one.group : '',
      resources: strings(one?.resources, `${path}.resources[${index}].resources`),
      resourceNames: strings(one?.resourceNames, `${path}.resources[${index}].resourceNames`),
    })),
    namespaces: strings(value.namespaces, `${path}.namespaces`),
    nonResourceURLs: strings(value.nonResourceURLs, `${path}.nonResourceURLs`),
    omitStages: stagesOf(value.omitStages, `${path}.omitStages`),
    ...(typeof value.omitManagedFields === 'boolean' ? { omitManagedFields: value.omitManagedFields } : {}),
  }
  if (rule.nonResourceURLs.length > 0 && (rule.resources.length > 0 || rule.namespaces.length > 0))
    throw new PolicyError(`${path}.nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs`)
  return rule
}

/** Reads a policy file, YAML or JSON. Throws PolicyError with the place of the fault. */
export function parsePolicy(text: string): Policy {
  const document = parseDocument(text)
  const [fault] = document.errors
  if (fault) throw new PolicyError(fault.message)
  if (!isMap(document.contents)) throw new PolicyError('the policy must be an object')
  const policy = document.toJS() as Json
  if (policy.apiVersion !== 'audit.k8s.io/v1' || policy.kind !== 'Policy')
    throw new PolicyError('the policy must have apiVersion audit.k8s.io/v1 and kind Policy')
  if (!isSeq(document.get('rules')) || (policy.rules as Json[]).length === 0)
    throw new PolicyError('rules: Required value')
  return {
    rules: (policy.rules as Json[]).map((rule, index) => ruleOf(rule ?? {}, `rules[${index}]`)),
    omitStages: stagesOf(policy.omitStages, 'omitStages'),
    omitManagedFields: policy.omitManagedFields === true,
  }
}
