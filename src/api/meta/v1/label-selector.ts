import { f } from '../../../schema/field.ts'
import { list, map, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const FieldSelectorRequirement = message('FieldSelectorRequirement', {
  key: f(1, str).required().always(),
  operator: f(2, str).required().always(),
  values: f(3, list(str)).listOf('atomic'),
})
export type FieldSelectorRequirement = TypeOf<typeof FieldSelectorRequirement>

export const LabelSelectorRequirement = message('LabelSelectorRequirement', {
  key: f(1, str).required().always(),
  operator: f(2, str).required().always(),
  values: f(3, list(str)).listOf('atomic'),
})
export type LabelSelectorRequirement = TypeOf<typeof LabelSelectorRequirement>

export const LabelSelector = message(
  'LabelSelector',
  {
    matchLabels: f(1, map(str)),
    matchExpressions: f(2, list(LabelSelectorRequirement)).listOf('atomic'),
  },
  { mapType: 'atomic' },
)
export type LabelSelector = TypeOf<typeof LabelSelector>
