/** Checks the expressions of a policy against the declared types of what it is for (KEP-3488, "Type Checking"). */
import type {
  ExpressionWarning,
  ValidatingAdmissionPolicy,
} from '../../api/admissionregistration/v1/validating-admission-policy.ts'
import { objectTypeOf } from '../../machinery/cel/declared-types.ts'
import { compileFor, type PolicyScope, policyScope } from '../../machinery/cel/policy-expressions.ts'
import { dyn } from '../../machinery/cel/types.ts'
import { kindByName, kindByResource } from '../../machinery/scheme.ts'
import { apiVersionOf, type Kind } from '../../schema/kind.ts'

/** More types than these are not looked at. */
const maxTypes = 10

type Policy = Pick<ValidatingAdmissionPolicy, 'spec'>

/** The kinds that the rules name without wildcards, by group, version and kind. */
function kindsOf({ spec }: Policy): Kind[] {
  const kinds = new Set<Kind>()
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec.matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some(name => name.includes('*'))) continue
    for (const group of apiGroups)
      for (const version of apiVersions)
        for (const resource of resources) {
          const kind = /[*/]/.test(resource) ? undefined : kindByResource(apiVersionOf(group, version), resource)
          if (kind && kinds.size < maxTypes) kinds.add(kind)
        }
  }
  return [...kinds].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

const nameOf = ({ apiVersion, gvk }: Kind): string => `${apiVersion}, Kind=${gvk.kind}`

interface Typed {
  readonly kind: Kind
  readonly scope: PolicyScope
}

function warningOf(source: string, types: readonly Typed[]): string {
  const lines: string[] = []
  for (const { kind, scope } of types) {
    // Of what type the result is was checked when the policy was written.
    const compiled = compileFor('variable', source, scope.environment)
    if ('error' in compiled) lines.push(`${nameOf(kind)}: ${compiled.error}\n`)
  }
  return lines.join('\n')
}

/** One warning for each expression that does not fit one of the types; empty where all fit or nothing is known. */
export function typeCheck(policy: Policy): ExpressionWarning[] {
  const { spec } = policy
  const paramKind = spec.paramKind && kindByName(spec.paramKind.apiVersion ?? '', spec.paramKind.kind ?? '')
  const params = spec.paramKind ? { params: paramKind ? objectTypeOf(paramKind) : dyn } : {}
  const types = kindsOf(policy).map(kind => ({
    kind,
    scope: policyScope(spec.variables ?? [], { object: objectTypeOf(kind), ...params, authorizer: true }, false),
  }))
  return (spec.validations ?? []).flatMap(({ expression, messageExpression }, i) =>
    Object.entries({ expression, messageExpression }).flatMap(([field, source]) => {
      const warning = source ? warningOf(source, types) : ''
      return warning === '' ? [] : [{ fieldRef: `spec.validations[${i}].${field}`, warning }]
    }),
  )
}
