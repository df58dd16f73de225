import { f } from '../../../schema/field.ts'
import { list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { MatchResources, ParamRef } from './match-resources.ts'
import { kind, message } from './package.ts'

export const ValidatingAdmissionPolicyBindingSpec = message(
  'ValidatingAdmissionPolicyBindingSpec',
  {
    policyName: f(1, str).required().doc('Name of the policy.'),
    paramRef: f(2, ParamRef).doc('Parameters of the policy.'),
    matchResources: f(3, MatchResources).doc('Restricts the requests further than the policy does.'),
    validationActions: f(4, list(oneOf('Audit', 'Deny', 'Warn')))
      .go('v1.ValidationAction')
      .required()
      .listOf('set')
      .doc('What a broken rule does: `Deny`, `Warn` and `Audit`.'),
  },
  { doc: 'Where a validating policy is in force, and how.' },
)
export type ValidatingAdmissionPolicyBindingSpec = TypeOf<typeof ValidatingAdmissionPolicyBindingSpec>

export const ValidatingAdmissionPolicyBinding = kind(
  'ValidatingAdmissionPolicyBinding',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ValidatingAdmissionPolicyBindingSpec).required().always().doc('Where the policy is in force.'),
  },
  {
    doc: 'Puts a validating policy in force.',
    resource: {
      plural: 'validatingadmissionpolicybindings',
      singular: 'validatingadmissionpolicybinding',
      categories: ['api-extensions'],
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type ValidatingAdmissionPolicyBinding = TypeOf<typeof ValidatingAdmissionPolicyBinding>
