/** The policies of one kind with their bindings, compiled once each, and which of them a write has to pass. */
import type {
  MatchCondition,
  MatchResources,
  ParamKind,
  ParamRef,
  Variable,
} from '../../../api/admissionregistration/v1/match-resources.ts'
import type { Namespace } from '../../../api/core/v1/namespace.ts'
import { type Compiled, compileFor, type PolicyScope, policyScope } from '../../../machinery/cel/policy-expressions.ts'
import { dyn } from '../../../machinery/cel/types.ts'
import type { Kind } from '../../../schema/kind.ts'
import type { ObjectReader } from '../../registry/object-reader.ts'
import type { AdmissionAttributes } from '../admission.ts'
import { type FindEquivalents, type Matched, matchedByResources } from '../equivalent.ts'
import { namespaceOf } from '../rule-match.ts'
import { ConfigurationError, paramsFor } from './params.ts'

export interface PolicyObject {
  readonly metadata: { readonly name: string; readonly uid?: string; readonly generation?: number }
  readonly spec: {
    readonly paramKind?: ParamKind
    readonly matchConstraints?: MatchResources
    readonly matchConditions?: readonly MatchCondition[]
    readonly variables?: readonly Variable[]
    readonly failurePolicy?: string
  }
}

export interface BindingObject {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly policyName?: string
    readonly paramRef?: ParamRef
    readonly matchResources?: MatchResources
  }
}

/** A compiled policy; `more` is what its kind compiles besides. */
export interface CompiledPolicy<M> {
  readonly scope: PolicyScope
  readonly conditions: readonly Compiled[]
  readonly more: M
}

/** A policy with a binding that matches, for one object of parameters. */
export interface Invocation<P, B, M> {
  readonly policy: P
  readonly binding: B
  readonly compiled: CompiledPolicy<M>
  readonly params: Record<string, unknown> | undefined
  readonly namespace: Namespace | undefined
  /** The version in which its rules match the write. */
  readonly matched: Matched
}

/** A policy or binding that cannot be used. */
export interface Misconfigured<P, B> {
  readonly policy: P
  readonly binding?: B
  readonly message: string
}

export interface PolicySetOptions<P, B, M> {
  readonly reader: ObjectReader
  readonly equivalents: FindEquivalents
  readonly policyKind: Kind<P>
  readonly bindingKind: Kind<B>
  readonly mutating: boolean
  readonly compile: (policy: P, scope: PolicyScope) => M
}

interface Kept<M> {
  readonly generation: number
  readonly compiled: CompiledPolicy<M>
}

export class PolicySet<P extends PolicyObject, B extends BindingObject, M> {
  readonly #options: PolicySetOptions<P, B, M>
  /** By the policy's uid; dropped together once it holds more than twice what there is. */
  readonly #compiled = new Map<string, Kept<M>>()

  constructor(options: PolicySetOptions<P, B, M>) {
    this.#options = options
  }

  get isEmpty(): boolean {
    const { reader, bindingKind } = this.#options
    return reader.list(bindingKind, '').length === 0
  }

  /** Throws ApiError where the namespace is gone. */
  async matching(
    attributes: AdmissionAttributes,
  ): Promise<{ invocations: Invocation<P, B, M>[]; misconfigured: Misconfigured<P, B>[] }> {
    const { reader, policyKind, bindingKind, equivalents } = this.#options
    const bindings = reader.list(bindingKind, '')
    const policies = reader.list(policyKind, '')
    const invocations: Invocation<P, B, M>[] = []
    const misconfigured: Misconfigured<P, B>[] = []
    for (const policy of policies) {
      const own = bindings.filter(({ spec }) => spec.policyName === policy.metadata.name)
      if (own.length === 0) continue
      const matched = await matchedByResources(policy.spec.matchConstraints, attributes, reader, equivalents)
      if (!matched) continue
      const compiled = this.#compiledOf(policy, policies.length)
      for (const binding of own) {
        if (!(await matchedByResources(binding.spec.matchResources, attributes, reader, equivalents))) continue
        try {
          const found = await paramsFor(policy.spec.paramKind, binding.spec.paramRef, attributes.namespace, reader)
          if (found.length === 0) continue
          const namespace = await this.#namespaceOf(attributes)
          for (const params of found) invocations.push({ policy, binding, compiled, params, namespace, matched })
        } catch (error) {
          if (!(error instanceof ConfigurationError)) throw error
          misconfigured.push({ policy, binding, message: `failed to configure binding: ${error.message}` })
        }
      }
    }
    return { invocations, misconfigured }
  }

  async #namespaceOf({ group, resource, namespace }: AdmissionAttributes): Promise<Namespace | undefined> {
    if (namespace === '' || (group === '' && resource === 'namespaces')) return undefined
    return namespaceOf(namespace, this.#options.reader)
  }

  #compiledOf(policy: P, count: number): CompiledPolicy<M> {
    const { uid = '', generation = 0 } = policy.metadata
    const kept = this.#compiled.get(uid)
    if (kept && kept.generation === generation) return kept.compiled
    const { paramKind, variables = [], matchConditions = [] } = policy.spec
    const given = { ...(paramKind ? { params: dyn } : {}), authorizer: true }
    const scope = policyScope(variables, given, this.#options.mutating)
    const conditions = matchConditions.map(({ expression }) => compileFor('condition', expression, scope.environment))
    const compiled = { scope, conditions, more: this.#options.compile(policy, scope) }
    if (this.#compiled.size > count * 2) this.#compiled.clear()
    this.#compiled.set(uid, { generation, compiled })
    return compiled
  }
}
