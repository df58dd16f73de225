/** Which flow schema a request belongs to (KEP-1040, "Matching"). Schemas are compiled once; pure. */
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../api/flowcontrol/v1/flow-schema.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import { serviceAccountUsername } from '../authentication/users.ts'
import type { RequestInfo } from '../chain/request-info.ts'

type Test<T> = (value: T) => boolean
type Matcher = (user: UserInfo, info: RequestInfo) => boolean

const always = (): boolean => true

/** `*` or one of some values. */
function among(values: readonly string[] | undefined): Test<string> {
  if (values?.includes('*')) return always
  const [only] = values ?? []
  if (values?.length === 1) return value => value === only
  const set = new Set(values)
  return value => set.has(value)
}

function subjectTest({ kind, user, group, serviceAccount }: Subject): Test<UserInfo> {
  switch (kind) {
    case 'User': {
      const name = user?.name
      return name === '*' ? always : ({ username }) => username === name
    }
    case 'Group': {
      const name = group?.name ?? ''
      return name === '*' ? always : ({ groups }) => groups.includes(name)
    }
    case 'ServiceAccount': {
      const { namespace = '', name = '' } = serviceAccount ?? {}
      const username = serviceAccountUsername(namespace, name === '*' ? '' : name)
      return name === '*' ? user => user.username.startsWith(username) : user => user.username === username
    }
    default:
      return () => false
  }
}

function resourceTest(rule: ResourcePolicyRule): Test<RequestInfo> {
  const verb = among(rule.verbs)
  const group = among(rule.apiGroups)
  const resource = among(rule.resources)
  const namespace = among(rule.namespaces)
  return info =>
    verb(info.verb) &&
    group(info.apiGroup) &&
    resource(info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`) &&
    (info.namespace === '' ? rule.clusterScope === true : namespace(info.namespace))
}

function pathTest(rule: NonResourcePolicyRule): Test<RequestInfo> {
  const verb = among(rule.verbs)
  const urls = rule.nonResourceURLs ?? []
  const path = urls.includes('*')
    ? always
    : (value: string) => urls.some(url => (url.endsWith('/*') ? value.startsWith(url.slice(0, -1)) : value === url))
  return info => verb(info.verb) && path(info.path)
}

function rulesMatcher({ subjects, resourceRules, nonResourceRules }: PolicyRulesWithSubjects): Matcher {
  const who = (subjects ?? []).map(subjectTest)
  const resources = (resourceRules ?? []).map(resourceTest)
  const paths = (nonResourceRules ?? []).map(pathTest)
  return (user, info) =>
    who.some(test => test(user)) && (info.isResourceRequest ? resources : paths).some(test => test(info))
}

export interface CompiledSchema {
  readonly schema: FlowSchema
  readonly level: string
  matches(user: UserInfo, info: RequestInfo): boolean
  /** What tells the flows of the schema apart. */
  distinguisher(user: UserInfo, info: RequestInfo): string
}

function compile(schema: FlowSchema): CompiledSchema {
  const { rules = [], distinguisherMethod, priorityLevelConfiguration } = schema.spec
  const matchers = rules.map(rulesMatcher)
  const method = distinguisherMethod?.type
  return {
    schema,
    level: priorityLevelConfiguration.name,
    matches: (user, info) => matchers.some(match => match(user, info)),
    distinguisher: (user, info) =>
      method === 'ByUser' ? user.username : method === 'ByNamespace' ? info.namespace : '',
  }
}

/** The lowest precedence first; of equal ones the name decides. Schemas without an existing level are left out. */
export function compileSchemas(schemas: Iterable<FlowSchema>, hasLevel: (name: string) => boolean): CompiledSchema[] {
  return [...schemas]
    .filter(({ spec }) => hasLevel(spec.priorityLevelConfiguration.name))
    .sort(
      (a, b) => a.spec.matchingPrecedence - b.spec.matchingPrecedence || (a.metadata.name < b.metadata.name ? -1 : 1),
    )
    .map(compile)
}
