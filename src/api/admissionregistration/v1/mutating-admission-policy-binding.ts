import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { MatchResources, ParamRef } from './match-resources.ts'
import { kind, message } from './package.ts'

export const MutatingAdmissionPolicyBindingSpec = message(
  'MutatingAdmissionPolicyBindingSpec',
  {
    policyName: f(1, str).doc('Name of the policy.'),
    paramRef: f(2, ParamRef).doc('Parameters of the policy.'),
    matchResources: f(3, MatchResources).doc('Restricts the requests further than the policy does.'),
  },
  { doc: 'Where a mutating policy is in force.' },
)
export type MutatingAdmissionPolicyBindingSpec = TypeOf<typeof MutatingAdmissionPolicyBindingSpec>

export const MutatingAdmissionPolicyBinding = kind(
  'MutatingAdmissionPolicyBinding',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, MutatingAdmissionPolicyBindingSpec).always().doc('Where the policy is in force.'),
  },
  {
    doc: 'Puts a mutating policy in force.',
    resource: {
      plural: 'mutatingadmissionpolicybindings',
      singular: 'mutatingadmissionpolicybinding',
      categories: ['api-extensions'],
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type MutatingAdmissionPolicyBinding = TypeOf<typeof MutatingAdmissionPolicyBinding>
