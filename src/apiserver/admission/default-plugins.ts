import type { Authorizer } from '../authorization/authorizer.ts'
import { EscalationCheck } from '../authorization/escalation.ts'
import type { RbacAuthorizer } from '../authorization/rbac-authorizer.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionPlugin } from './admission.ts'
import { DefaultTolerationSeconds } from './default-toleration-seconds.ts'
import { LimitRanger } from './limit-ranger.ts'
import { NamespaceLifecycle } from './namespace-lifecycle.ts'
import { NodeRestriction } from './node-restriction.ts'
import { OwnerReferencesPermissionEnforcement } from './owner-references.ts'
import { MutatingPolicies } from './policies/mutating-policies.ts'
import { ValidatingPolicies } from './policies/validating-policies.ts'
import { Priority } from './priority.ts'
import { ServiceAccountAdmission } from './service-account.ts'
import { StorageObjectInUseProtection } from './storage-object-in-use-protection.ts'
import { TaintNodesByCondition } from './taint-nodes-by-condition.ts'

export interface AdmissionOptions {
  readonly reader: ObjectReader
  readonly authorizer: Authorizer
  readonly rbac: RbacAuthorizer
  /** Numbers in [0, 1). */
  readonly random: () => number
  /** Plugins that are off by default: `OwnerReferencesPermissionEnforcement`. */
  readonly enable?: readonly string[]
  readonly disable?: readonly string[]
}

const offByDefault = new Set(['OwnerReferencesPermissionEnforcement'])

/** The plugins in upstream's order. Throws RangeError for a name that is none of them. */
export function defaultAdmissionPlugins(options: AdmissionOptions): AdmissionPlugin[] {
  const { reader, authorizer, rbac, random, enable = [], disable = [] } = options
  const all: readonly AdmissionPlugin[] = [
    new NamespaceLifecycle(reader),
    new LimitRanger(reader),
    new ServiceAccountAdmission(reader, random),
    new NodeRestriction(reader),
    new TaintNodesByCondition(),
    new Priority(reader),
    new DefaultTolerationSeconds(),
    new StorageObjectInUseProtection(),
    new OwnerReferencesPermissionEnforcement(authorizer),
    new MutatingPolicies(reader, authorizer),
    new ValidatingPolicies(reader, authorizer),
    // Upstream checks this in the storage of roles and bindings, where no flag turns it off.
    new EscalationCheck(rbac, authorizer),
  ]
  for (const name of [...enable, ...disable])
    if (!all.some(plugin => plugin.name === name))
      throw new RangeError(`unknown admission plugin ${JSON.stringify(name)}`)
  return all.filter(({ name }) => {
    if (name === 'RBACEscalationCheck') return true
    return !disable.includes(name) && (enable.includes(name) || !offByDefault.has(name))
  })
}
