/**
 * Nobody gives away what they do not hold (RBAC documentation, "Privilege escalation prevention and bootstrapping"): a
 * role's rules must be the writer's own, unless the writer may `escalate`; a binding's role likewise, unless the writer
 * may `bind` it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ClusterRole } from '../../api/rbac/v1/cluster-role.ts'
import type { RoleBinding } from '../../api/rbac/v1/role-binding.ts'
import type { PolicyRule } from '../../api/rbac/v1/rules.ts'
import { forbiddenError, notFoundError } from '../../machinery/api-error.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'
import { mastersGroup } from '../authentication/users.ts'
import type { Attributes, Authorizer } from './authorizer.ts'
import { missingRules, showRule } from './cover.ts'
import type { RbacAuthorizer } from './rbac-authorizer.ts'

const rbacGroup = 'rbac.authorization.k8s.io'
const fullAuthority: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

/** Whether an update changes only what the garbage collector changes. */
function onlyCollectorFields(object: Record<string, unknown>, old: Record<string, unknown> | undefined): boolean {
  if (!old) return false
  const rest = (value: Record<string, unknown>) => {
    const { finalizers, ownerReferences, managedFields, resourceVersion, generation, ...metadata } =
      value.metadata as Record<string, unknown>
    return { ...value, metadata }
  }
  return isDeepStrictEqual(rest(object), rest(old))
}

export class EscalationCheck implements AdmissionPlugin {
  readonly name = 'RBACEscalationCheck'
  readonly #rbac: RbacAuthorizer
  readonly #authorizer: Authorizer

  /** `authorizer` answers for the verbs `bind` and `escalate`; `rbac` knows which rules a user holds. */
  constructor(rbac: RbacAuthorizer, authorizer: Authorizer) {
    this.#rbac = rbac
    this.#authorizer = authorizer
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { group, resource, subresource, operation, object, oldObject, user } = attributes
    if (group !== rbacGroup || subresource !== '' || !object) return
    if (operation !== 'CREATE' && operation !== 'UPDATE') return
    if (user.groups.includes(mastersGroup) || onlyCollectorFields(object, oldObject)) return
    if (resource === 'roles' || resource === 'clusterroles') await this.#role(attributes)
    else if (resource === 'rolebindings' || resource === 'clusterrolebindings') await this.#binding(attributes)
  }

  async #role(attributes: AdmissionAttributes): Promise<void> {
    const { resource, namespace, name } = attributes
    if (await this.#may(attributes, 'escalate', resource, namespace, name)) return
    const { rules = [], aggregationRule } = attributes.object as unknown as ClusterRole
    const old = attributes.oldObject as unknown as ClusterRole | undefined
    this.#confirm(attributes, rules)
    if (aggregationRule || old?.aggregationRule) {
      const { rules: held } = this.#rbac.policyRulesFor(attributes.user, namespace)
      if (missingRules(held, fullAuthority).length > 0)
        throw this.#forbidden(attributes, 'must have cluster-admin privileges to use the aggregationRule')
    }
  }

  async #binding(attributes: AdmissionAttributes): Promise<void> {
    const { roleRef } = attributes.object as unknown as RoleBinding
    const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles'
    if (await this.#may(attributes, 'bind', resource, attributes.namespace, roleRef.name)) return
    const rules = this.#rbac.rulesOf(roleRef, attributes.namespace)
    if (typeof rules === 'string') throw notFoundError(rbacGroup, resource, roleRef.name)
    this.#confirm(attributes, rules)
  }

  async #may(by: AdmissionAttributes, verb: string, resource: string, namespace: string, name: string) {
    const asked: Attributes = {
      user: by.user,
      verb,
      resourceRequest: true,
      group: rbacGroup,
      version: by.version,
      resource,
      subresource: '',
      namespace,
      name,
      path: '',
    }
    return (await this.#authorizer.authorize(asked)).decision === 'allow'
  }

  #confirm(attributes: AdmissionAttributes, rules: readonly PolicyRule[]): void {
    const { user, namespace } = attributes
    const held = this.#rbac.policyRulesFor(user, namespace)
    const missing = missingRules(held.rules, rules)
    if (missing.length === 0) return
    const groups = user.groups.map(one => JSON.stringify(one)).join(' ')
    const lines = missing.map(showRule).sort()
    const errors = held.errors.length === 0 ? '' : `; resolution errors: [${held.errors.join(' ')}]`
    throw this.#forbidden(
      attributes,
      `user ${JSON.stringify(user.username)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${errors}`,
    )
  }

  #forbidden({ resource, name, object }: AdmissionAttributes, why: string) {
    const own = (object?.metadata as { name?: string } | undefined)?.name ?? name
    return forbiddenError(rbacGroup, resource, own, why)
  }
}
