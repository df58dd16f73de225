import { f } from '../../../schema/field.ts'
import { list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const ScopedResourceSelectorRequirement = message(
  'ScopedResourceSelectorRequirement',
  {
    scopeName: f(
      1,
      oneOf(
        'BestEffort',
        'CrossNamespacePodAffinity',
        'NotBestEffort',
        'NotTerminating',
        'PriorityClass',
        'Terminating',
        'VolumeAttributesClass',
      ),
    )
      .go('v1.ResourceQuotaScope')
      .required()
      .always()
      .doc('Scope that the condition is about.'),
    operator: f(2, oneOf('DoesNotExist', 'Exists', 'In', 'NotIn'))
      .go('v1.ScopeSelectorOperator')
      .required()
      .always()
      .doc('How the value relates to those given; `Exists` for all scopes but `PriorityClass` and the like.'),
    values: f(3, list(str)).listOf('atomic').doc('Values to compare with; none for existence.'),
  },
  { doc: 'A condition on what a quota counts.' },
)
export type ScopedResourceSelectorRequirement = TypeOf<typeof ScopedResourceSelectorRequirement>

export const ScopeSelector = message(
  'ScopeSelector',
  {
    matchExpressions: f(1, list(ScopedResourceSelectorRequirement)).listOf('atomic').doc('The conditions.'),
  },
  { doc: 'Conditions on what a quota counts, which must all hold.', mapType: 'atomic' },
)
export type ScopeSelector = TypeOf<typeof ScopeSelector>
