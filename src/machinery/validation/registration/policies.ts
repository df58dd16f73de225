/** Admission policies in CEL and their bindings. */
import type { ParamKind, ParamRef, Variable } from '../../../api/admissionregistration/v1/match-resources.ts'
import type {
  MutatingAdmissionPolicy,
  Mutation,
} from '../../../api/admissionregistration/v1/mutating-admission-policy.ts'
import type { MutatingAdmissionPolicyBinding } from '../../../api/admissionregistration/v1/mutating-admission-policy-binding.ts'
import type {
  ValidatingAdmissionPolicy,
  Validation,
} from '../../../api/admissionregistration/v1/validating-admission-policy.ts'
import type { ValidatingAdmissionPolicyBinding } from '../../../api/admissionregistration/v1/validating-admission-policy-binding.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { dns1035LabelErrors, dns1123SubdomainErrors, pathSegmentErrors } from '../../../schema/formats.ts'
import { compileFor, type PolicyScope, type Purpose, policyScope } from '../../cel/policy-expressions.ts'
import { dyn } from '../../cel/types.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkLabelSelector, type Errors, pushInvalid } from '../checks.ts'
import { checkConditions } from '../conditions.ts'
import { checkMatchConditions, checkMatchResources } from './rules.ts'

const maxAuditAnnotations = 20
const maxValueExpressionBytes = 5 * 1024
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const mutatingOperations = ['*', 'CONNECT', 'CREATE', 'UPDATE']

type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy

/** What both kinds of policy have. */
function checkPolicy(out: Errors, { spec }: Policy, scope: PolicyScope): void {
  if (spec.paramKind) checkParamKind(out, 'spec.paramKind', spec.paramKind)
  if (!spec.matchConstraints) out.push(required('spec.matchConstraints'))
  else {
    checkMatchResources(out, 'spec.matchConstraints', spec.matchConstraints)
    if (!spec.matchConstraints.resourceRules?.length) out.push(required('spec.matchConstraints.resourceRules'))
  }
  checkMatchConditions(out, 'spec.matchConditions', spec.matchConditions, (path, expression) => {
    checkExpression(out, path, expression, 'condition', scope)
  })
  spec.variables?.forEach((variable, i) => {
    const path = `spec.variables[${i}]`
    checkVariable(out, path, variable)
    const compiled = scope.variables[i]?.compiled
    if (variable.expression.trim() !== '' && compiled && 'error' in compiled)
      out.push(invalid(`${path}.expression`, variable.expression, compiled.error))
  })
}

/** The expressions see the variables of the policy, and parameters where it names their kind. */
const scopeOf = ({ spec }: Policy, mutating: boolean): PolicyScope =>
  policyScope(spec.variables ?? [], { ...(spec.paramKind ? { params: dyn } : {}), authorizer: true }, mutating)

function checkExpression(out: Errors, path: string, source: string, purpose: Purpose, { environment }: PolicyScope) {
  const compiled = compileFor(purpose, source, environment)
  if ('error' in compiled) out.push(invalid(path, source, compiled.error))
}

export function checkValidatingPolicy(out: Errors, policy: ValidatingAdmissionPolicy): void {
  const scope = scopeOf(policy, false)
  checkPolicy(out, policy, scope)
  const { validations = [], auditAnnotations = [] } = policy.spec
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item'
    out.push(required('spec.validations', why), required('spec.auditAnnotations', why))
    return
  }
  validations.forEach((validation, i) => {
    checkValidation(out, `spec.validations[${i}]`, validation, scope)
  })
  if (auditAnnotations.length > maxAuditAnnotations)
    out.push(
      invalid(
        'spec.auditAnnotations',
        auditAnnotations,
        `must not have more than ${maxAuditAnnotations} auditAnnotations`,
      ),
    )
  const keys = new Set<string>()
  auditAnnotations.forEach(({ key, valueExpression }, i) => {
    const at = `spec.auditAnnotations[${i}]`
    const { name } = policy.metadata
    if (!name) out.push(invalid(`${at}.key`, key, 'requires metadata.name be non-empty'))
    else pushInvalid(out, `${at}.key`, `${name}/${key}`, labelKeyErrors(`${name}/${key}`))
    const trimmed = valueExpression.trim()
    if (trimmed === '') out.push(required(`${at}.valueExpression`, 'valueExpression is not specified'))
    else if (trimmed.length > maxValueExpressionBytes)
      out.push(required(`${at}.valueExpression`, `must not exceed ${maxValueExpressionBytes} bytes in length`))
    else checkExpression(out, `${at}.valueExpression`, trimmed, 'audit', scope)
    if (keys.has(key)) out.push(duplicate(`${at}.key`, key))
    keys.add(key)
  })
}

function checkValidation(out: Errors, path: string, validation: Validation, scope: PolicyScope): void {
  const { expression, message, messageExpression, reason } = validation
  if (expression.trim() === '') out.push(required(`${path}.expression`, 'expression is not specified'))
  else checkExpression(out, `${path}.expression`, expression.trim(), 'validation', scope)
  const empty = 'must be non-empty if specified'
  if (messageExpression && messageExpression.trim() === '')
    out.push(invalid(`${path}.messageExpression`, messageExpression, empty))
  else if (messageExpression)
    checkExpression(out, `${path}.messageExpression`, messageExpression.trim(), 'message', scope)
  if (message && message.trim() === '') out.push(invalid(`${path}.message`, message, empty))
  else if (message && /[\n\r]/.test(message.trim()))
    out.push(invalid(`${path}.message`, message, 'must not contain line breaks'))
  if (reason !== undefined && !reasons.includes(reason)) out.push(notSupported(`${path}.reason`, reason, reasons))
}

const celReserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const isCelIdentifier = (name: string): boolean => /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !celReserved.has(name)

function checkVariable(out: Errors, path: string, { name, expression }: Variable): void {
  if (name.trim() === '') out.push(required(`${path}.name`, 'name is not specified'))
  else if (!isCelIdentifier(name)) out.push(invalid(`${path}.name`, name, 'must be a valid CEL identifier'))
  if (expression.trim() === '') out.push(required(`${path}.expression`, 'expression is not specified'))
}

function checkParamKind(out: Errors, path: string, { apiVersion = '', kind = '' }: ParamKind): void {
  const at = `${path}.apiVersion`
  const parts = apiVersion.split('/')
  const [group, version] = parts.length === 1 ? ['', parts[0]!] : [parts[0]!, parts[1]!]
  if (apiVersion === '') out.push(required(at))
  else if (parts.length > 2) out.push(invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  else {
    const groupErrors = group === '' ? [] : dns1123SubdomainErrors(group)
    if (groupErrors.length > 0) out.push(invalid(at, group, groupErrors.join(',')))
    const versionErrors = dns1035LabelErrors(version)
    if (version === '') out.push(invalid(at, apiVersion, 'version must be specified'))
    else if (versionErrors.length > 0) out.push(invalid(at, version, versionErrors.join(',')))
  }
  const kindErrors = dns1035LabelErrors(kind.toLowerCase())
  if (kind === '') out.push(required(`${path}.kind`))
  else if (kindErrors.length > 0) {
    const why = `may have mixed case, but should otherwise match: ${kindErrors.join(',')}`
    out.push(invalid(`${path}.kind`, kind, why))
  }
}

export function checkMutatingPolicy(out: Errors, policy: MutatingAdmissionPolicy): void {
  const scope = scopeOf(policy, true)
  checkPolicy(out, policy, scope)
  const { spec } = policy
  checkMutatingOperations(out, 'spec.matchConstraints', spec.matchConstraints)
  if (!spec.mutations?.length) out.push(required('spec.mutations', 'mutations must contain at least one item'))
  spec.mutations?.forEach((mutation, i) => {
    checkMutation(out, `spec.mutations[${i}]`, mutation, scope)
  })
  if (!spec.reinvocationPolicy) out.push(required('spec.reinvocationPolicy'))
}

type Match = MutatingAdmissionPolicy['spec']['matchConstraints']

function checkMutatingOperations(out: Errors, path: string, match: Match): void {
  for (const { operations } of match?.resourceRules ?? []) {
    for (const operation of operations ?? []) {
      if (!mutatingOperations.includes(operation))
        out.push(notSupported(`${path}.resourceRules.operations`, operation, mutatingOperations))
    }
  }
}

const purposes = { jsonPatch: 'jsonPatch', applyConfiguration: 'apply' } as const
const mutationMembers = { JSONPatch: 'jsonPatch', ApplyConfiguration: 'applyConfiguration' } as const
type PatchType = keyof typeof mutationMembers
const isPatchType = (type: string): type is PatchType => type in mutationMembers

function checkMutation(out: Errors, path: string, mutation: Mutation, scope: PolicyScope): void {
  const { patchType } = mutation
  if (!isPatchType(patchType)) return
  const member = mutationMembers[patchType]
  const given = mutation[member]
  const expression = (given?.expression ?? '').trim()
  if (!given) out.push(required(`${path}.${member}`, `must be specified when patchType is ${patchType}`))
  else if (expression === '') out.push(required(`${path}.${member}.expression`))
  else checkExpression(out, `${path}.${member}.expression`, expression, purposes[member], scope)
  const other = member === 'jsonPatch' ? 'applyConfiguration' : 'jsonPatch'
  if (mutation[other])
    out.push(invalid(`${path}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`))
}

function checkBinding(out: Errors, { spec }: ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding): void {
  if (!spec.policyName) out.push(required('spec.policyName'))
  else pushInvalid(out, 'spec.policyName', spec.policyName, dns1123SubdomainErrors(spec.policyName))
  if (spec.paramRef) checkParamRef(out, 'spec.paramRef', spec.paramRef)
  if (spec.matchResources) checkMatchResources(out, 'spec.matchResources', spec.matchResources)
}

function checkParamRef(out: Errors, path: string, { name, selector, parameterNotFoundAction }: ParamRef): void {
  const both = 'name and selector are mutually exclusive'
  if (name) {
    pushInvalid(out, `${path}.name`, name, pathSegmentErrors(name))
    if (selector) out.push(forbidden(`${path}.name`, both))
  }
  checkLabelSelector(out, `${path}.selector`, selector)
  if (selector && name) out.push(forbidden(`${path}.selector`, both))
  if (!name && !selector) out.push(required(path, 'one of name or selector must be specified'))
  const actions = ['Deny', 'Allow']
  if (!parameterNotFoundAction) out.push(required(`${path}.parameterNotFoundAction`))
  else if (!actions.includes(parameterNotFoundAction))
    out.push(notSupported(`${path}.parameterNotFoundAction`, parameterNotFoundAction, actions))
}

export function checkValidatingBinding(out: Errors, binding: ValidatingAdmissionPolicyBinding): void {
  checkBinding(out, binding)
  const path = 'spec.validationActions'
  const actions: readonly string[] = binding.spec.validationActions ?? []
  actions.forEach((action, i) => {
    if (actions.indexOf(action) < i) out.push(duplicate(`${path}[${i}]`, action))
  })
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const why = 'repeating the same validation failure information in the API response and headers serves no purpose'
    out.push(invalid(path, actions, `must not contain both Deny and Warn (${why})`))
  }
  if (actions.length === 0) out.push(required(path))
}

export function checkMutatingBinding(out: Errors, binding: MutatingAdmissionPolicyBinding): void {
  checkBinding(out, binding)
  checkMutatingOperations(out, 'spec.matchResources', binding.spec.matchResources)
}

export function checkValidatingPolicyStatus(out: Errors, { status }: ValidatingAdmissionPolicy): void {
  for (const [i, { warning, fieldRef }] of (status.typeChecking?.expressionWarnings ?? []).entries()) {
    const at = `status.typeChecking.expressionWarnings[${i}]`
    if (!warning) out.push(required(`${at}.warning`))
    if (!fieldRef?.trim()) out.push(required(`${at}.fieldRef`))
  }
  checkConditions(out, 'status.conditions', status.conditions)
}
