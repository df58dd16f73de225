/** Authorization by roles and bindings (rbac.authorization.k8s.io/v1). */
import { ClusterRole } from '../../api/rbac/v1/cluster-role.ts'
import { Role } from '../../api/rbac/v1/role.ts'
import type { PolicyRule, RoleRef, Subject } from '../../api/rbac/v1/rules.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { Attributes, Authorization, Authorizer, NonResourceRule, ResourceRule } from './authorizer.ts'
import { type Grant, RbacBindings } from './rbac-bindings.ts'
import { ruleAllows } from './rules.ts'

function describe({ namespace, binding, roleRef, subject }: Grant): string {
  const role = `${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${describeSubject(subject, namespace)}`
  return namespace === ''
    ? `ClusterRoleBinding ${JSON.stringify(binding)} of ${role}`
    : `RoleBinding ${JSON.stringify(`${binding}/${namespace}`)} of ${role}`
}

const describeSubject = (subject: Subject, namespace: string): string =>
  subject.kind === 'ServiceAccount'
    ? `ServiceAccount ${JSON.stringify(`${subject.name}/${subject.namespace || namespace}`)}`
    : `${subject.kind} ${JSON.stringify(subject.name)}`

export class RbacAuthorizer implements Authorizer {
  readonly #reader: ObjectReader
  readonly #bindings: RbacBindings

  constructor(reader: ObjectReader) {
    this.#reader = reader
    this.#bindings = new RbacBindings(reader)
  }

  close(): void {
    this.#bindings.close()
  }

  async authorize(attributes: Attributes): Promise<Authorization> {
    const errors = new Set<string>()
    for (const grant of this.#bindings.grantsOf(attributes.user, attributes.namespace)) {
      const rules = this.rulesOf(grant.roleRef, grant.namespace)
      if (typeof rules === 'string') errors.add(rules)
      else if (rules.some(rule => ruleAllows(attributes, rule)))
        return { decision: 'allow', reason: `RBAC: allowed by ${describe(grant)}` }
    }
    const list = [...errors]
    const reason = list.length === 0 ? '' : `RBAC: ${list.length === 1 ? list[0] : `[${list.join(', ')}]`}`
    return { decision: 'noOpinion', reason }
  }

  /** The rules that apply to a user in a namespace, or cluster-wide where it is ''. */
  policyRulesFor(user: UserInfo, namespace: string): { rules: PolicyRule[]; errors: string[] } {
    const rules: PolicyRule[] = []
    const errors = new Set<string>()
    for (const grant of this.#bindings.grantsOf(user, namespace)) {
      const granted = this.rulesOf(grant.roleRef, grant.namespace)
      if (typeof granted === 'string') errors.add(granted)
      else rules.push(...granted)
    }
    return { rules, errors: [...errors] }
  }

  async rulesFor(user: UserInfo, namespace: string): ReturnType<Authorizer['rulesFor']> {
    const { rules, errors } = this.policyRulesFor(user, namespace)
    const resourceRules: ResourceRule[] = []
    const nonResourceRules: NonResourceRule[] = []
    for (const { verbs, apiGroups = [], resources = [], resourceNames, nonResourceURLs = [] } of rules) {
      if (resources.length > 0)
        resourceRules.push({ verbs, apiGroups, resources, ...(resourceNames ? { resourceNames } : {}) })
      if (nonResourceURLs.length > 0) nonResourceRules.push({ verbs, nonResourceURLs })
    }
    const incomplete = errors.length > 0
    return {
      resourceRules,
      nonResourceRules,
      incomplete,
      ...(incomplete ? { evaluationError: errors.join(', ') } : {}),
    }
  }

  /** The rules of a role, or why there are none: `clusterrole.rbac.authorization.k8s.io "x" not found`. */
  rulesOf(roleRef: RoleRef, bindingNamespace: string): readonly PolicyRule[] | string {
    if (roleRef.kind !== 'ClusterRole' && roleRef.kind !== 'Role')
      return `unsupported role reference kind: ${JSON.stringify(roleRef.kind)}`
    const role =
      roleRef.kind === 'ClusterRole'
        ? this.#reader.get(ClusterRole, '', roleRef.name)
        : this.#reader.get(Role, bindingNamespace, roleRef.name)
    if (role) return role.rules ?? []
    return `${roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(roleRef.name)} not found`
  }
}
