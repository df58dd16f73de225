import { f } from '../../../schema/field.ts'
import { list, map, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const FieldSelectorRequirement = message(
  'FieldSelectorRequirement',
  {
    key: f(1, str).required().always().doc('Path of the field.'),
    operator: f(2, str)
      .go('v1.FieldSelectorOperator')
      .required()
      .always()
      .doc('`In`, `NotIn`, `Exists` or `DoesNotExist`.'),
    values: f(3, list(str)).listOf('atomic').doc('Values to compare with; none for existence.'),
  },
  { doc: 'A condition on a field.' },
)
export type FieldSelectorRequirement = TypeOf<typeof FieldSelectorRequirement>

export const LabelSelectorRequirement = message(
  'LabelSelectorRequirement',
  {
    key: f(1, str).required().always().doc('Key of the label.'),
    operator: f(2, str)
      .go('v1.LabelSelectorOperator')
      .required()
      .always()
      .doc('`In`, `NotIn`, `Exists` or `DoesNotExist`.'),
    values: f(3, list(str)).listOf('atomic').doc('Values to compare with; none for existence.'),
  },
  { doc: 'A condition on a label.' },
)
export type LabelSelectorRequirement = TypeOf<typeof LabelSelectorRequirement>

export const LabelSelector = message(
  'LabelSelector',
  {
    matchLabels: f(1, map(str)).doc('Values that labels must have.'),
    matchExpressions: f(2, list(LabelSelectorRequirement)).listOf('atomic').doc('Further conditions.'),
  },
  { doc: 'Conditions on labels that must all hold; an empty selector matches everything.', mapType: 'atomic' },
)
export type LabelSelector = TypeOf<typeof LabelSelector>
