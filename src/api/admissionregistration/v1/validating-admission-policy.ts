import { f } from '../../../schema/field.ts'
import { int64, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { MatchCondition, MatchResources, ParamKind, Variable } from './match-resources.ts'
import { kind, message } from './package.ts'

export const Validation = message(
  'Validation',
  {
    expression: f(1, str)
      .required()
      .always()
      .doc(
        'CEL expression that gives true for what is allowed; it may use `object`, `oldObject`, `request`, `params`, `namespaceObject`, `variables` and `authorizer`.',
      ),
    message: f(2, str).doc('What a refused client is told; may not have line breaks.'),
    reason: f(3, str)
      .go('v1.StatusReason')
      .explicit()
      .doc('Reason of the refusal: `Unauthorized`, `Forbidden`, `Invalid` (default) or `RequestEntityTooLarge`.'),
    messageExpression: f(4, str).doc('CEL expression that makes the message; wins over `message`.'),
  },
  { doc: 'A rule that objects must keep.' },
)
export type Validation = TypeOf<typeof Validation>

export const AuditAnnotation = message(
  'AuditAnnotation',
  {
    key: f(1, str)
      .required()
      .always()
      .doc('Key of the annotation, prefixed by the name of the policy in the audit event.'),
    valueExpression: f(2, str)
      .required()
      .always()
      .doc('CEL expression that gives the text, or null for no annotation.'),
  },
  { doc: 'An annotation of the audit event.' },
)
export type AuditAnnotation = TypeOf<typeof AuditAnnotation>

export const ExpressionWarning = message(
  'ExpressionWarning',
  {
    fieldRef: f(2, str).required().always().doc('Path of the field with the expression.'),
    warning: f(3, str).required().always().doc('What was found, a line for each type.'),
  },
  { doc: 'What type checking found of one expression.' },
)
export type ExpressionWarning = TypeOf<typeof ExpressionWarning>

export const TypeChecking = message(
  'TypeChecking',
  {
    expressionWarnings: f(1, list(ExpressionWarning)).listOf('atomic').doc('What was found, for each expression.'),
  },
  { doc: 'What type checking of the expressions found.' },
)
export type TypeChecking = TypeOf<typeof TypeChecking>

export const ValidatingAdmissionPolicySpec = message(
  'ValidatingAdmissionPolicySpec',
  {
    paramKind: f(1, ParamKind).doc('Kind of the parameters; none if unset.'),
    matchConstraints: f(2, MatchResources).doc('Which requests the policy is for.'),
    validations: f(3, list(Validation)).listOf('atomic').doc('Rules that must all be kept.'),
    failurePolicy: f(4, oneOf('Fail', 'Ignore'))
      .go('v1.FailurePolicyType')
      .explicit()
      .doc('What a failure does: `Fail` (default) refuses the request, `Ignore` goes on.'),
    auditAnnotations: f(5, list(AuditAnnotation)).listOf('atomic').doc('Annotations of the audit event.'),
    matchConditions: f(6, list(MatchCondition))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Conditions that must all be met, at most 64.'),
    variables: f(7, list(Variable))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Values for the other expressions; each may use those before it.'),
  },
  { doc: 'What a validating policy demands, and of which requests.' },
)
export type ValidatingAdmissionPolicySpec = TypeOf<typeof ValidatingAdmissionPolicySpec>

export const ValidatingAdmissionPolicyStatus = message(
  'ValidatingAdmissionPolicyStatus',
  {
    observedGeneration: f(1, int64).doc('Generation of the policy that was checked.'),
    typeChecking: f(2, TypeChecking).doc('What type checking found; present once it is done.'),
    conditions: f(3, list(Condition)).listOf('map', 'type').doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of a validating policy.' },
)
export type ValidatingAdmissionPolicyStatus = TypeOf<typeof ValidatingAdmissionPolicyStatus>

export const ValidatingAdmissionPolicy = kind(
  'ValidatingAdmissionPolicy',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ValidatingAdmissionPolicySpec).always().doc('What the policy demands.'),
    status: f(3, ValidatingAdmissionPolicyStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Rules in CEL that objects must keep, enforced where bindings say so.',
    resource: {
      plural: 'validatingadmissionpolicies',
      singular: 'validatingadmissionpolicy',
      categories: ['api-extensions'],
      namespaced: false,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type ValidatingAdmissionPolicy = TypeOf<typeof ValidatingAdmissionPolicy>
