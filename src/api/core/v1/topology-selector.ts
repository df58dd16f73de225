import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const TopologySelectorLabelRequirement = message(
  'TopologySelectorLabelRequirement',
  {
    key: f(1, str).required().always().doc('Key of the label.'),
    values: f(2, list(str)).required().orNull().listOf('atomic').doc('Values of which the label must have one.'),
  },
  { doc: 'A label that a place must have.' },
)
export type TopologySelectorLabelRequirement = TypeOf<typeof TopologySelectorLabelRequirement>

export const TopologySelectorTerm = message(
  'TopologySelectorTerm',
  {
    matchLabelExpressions: f(1, list(TopologySelectorLabelRequirement)).listOf('atomic').doc('The labels.'),
  },
  { doc: 'Labels that a place must all have; an empty term matches nothing.', mapType: 'atomic' },
)
export type TopologySelectorTerm = TypeOf<typeof TopologySelectorTerm>
