import { f } from '../../../schema/field.ts'
import { list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const ScopedResourceSelectorRequirement = message('ScopedResourceSelectorRequirement', {
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
    .required()
    .always(),
  operator: f(2, oneOf('DoesNotExist', 'Exists', 'In', 'NotIn'))
    .required()
    .always(),
  values: f(3, list(str)).listOf('atomic'),
})
export type ScopedResourceSelectorRequirement = TypeOf<typeof ScopedResourceSelectorRequirement>

export const ScopeSelector = message(
  'ScopeSelector',
  {
    matchExpressions: f(1, list(ScopedResourceSelectorRequirement)).listOf('atomic'),
  },
  { mapType: 'atomic' },
)
export type ScopeSelector = TypeOf<typeof ScopeSelector>
