import { f } from '../../../schema/field.ts'
import { list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { MatchCondition, MatchResources, ParamKind, Variable } from './match-resources.ts'
import { kind, message } from './package.ts'

export const ApplyConfiguration = message(
  'ApplyConfiguration',
  {
    expression: f(1, str).doc('CEL expression that gives the fields to set, as `Object{spec: Object.spec{...}}`.'),
  },
  { doc: 'A change merged as server-side apply does.' },
)
export type ApplyConfiguration = TypeOf<typeof ApplyConfiguration>

export const JSONPatch = message(
  'JSONPatch',
  {
    expression: f(1, str).doc('CEL expression that gives a list of `JSONPatch{op: ..., path: ..., value: ...}`.'),
  },
  { doc: 'A change as a JSON patch.' },
)
export type JSONPatch = TypeOf<typeof JSONPatch>

export const Mutation = message(
  'Mutation',
  {
    patchType: f(2, oneOf('ApplyConfiguration', 'JSONPatch'))
      .go('v1.PatchType')
      .required()
      .always()
      .doc('`ApplyConfiguration` or `JSONPatch`.'),
    applyConfiguration: f(3, ApplyConfiguration).doc('The change, where the type is `ApplyConfiguration`.'),
    jsonPatch: f(4, JSONPatch).doc('The change, where the type is `JSONPatch`.'),
  },
  { doc: 'One change of a mutating policy.' },
)
export type Mutation = TypeOf<typeof Mutation>

export const MutatingAdmissionPolicySpec = message(
  'MutatingAdmissionPolicySpec',
  {
    paramKind: f(1, ParamKind).doc('Kind of the parameters; none if unset.'),
    matchConstraints: f(2, MatchResources).doc('Which requests the policy is for.'),
    variables: f(3, list(Variable))
      .listOf('atomic')
      .doc('Values for the other expressions; each may use those before it.'),
    mutations: f(4, list(Mutation)).listOf('atomic').doc('Changes, made in this order.'),
    failurePolicy: f(5, oneOf('Fail', 'Ignore'))
      .go('v1.FailurePolicyType')
      .explicit()
      .doc('What a failure does: `Fail` (default) refuses the request, `Ignore` goes on.'),
    matchConditions: f(6, list(MatchCondition))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Conditions that must all be met, at most 64.'),
    reinvocationPolicy: f(7, oneOf('IfNeeded', 'Never'))
      .go('v1.ReinvocationPolicyType')
      .doc('`IfNeeded` to be run again when others changed the object afterwards, `Never` not to be.'),
  },
  { doc: 'What a mutating policy changes, and in which requests.' },
)
export type MutatingAdmissionPolicySpec = TypeOf<typeof MutatingAdmissionPolicySpec>

export const MutatingAdmissionPolicy = kind(
  'MutatingAdmissionPolicy',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, MutatingAdmissionPolicySpec).always().doc('What the policy changes.'),
  },
  {
    doc: 'Changes in CEL of objects, made where bindings say so.',
    resource: {
      plural: 'mutatingadmissionpolicies',
      singular: 'mutatingadmissionpolicy',
      categories: ['api-extensions'],
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type MutatingAdmissionPolicy = TypeOf<typeof MutatingAdmissionPolicy>
