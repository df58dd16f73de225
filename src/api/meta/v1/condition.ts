import { f } from '../../../schema/field.ts'
import { int64, str, type TypeOf, time } from '../../../schema/type.ts'
import { message } from './package.ts'

export const Condition = message(
  'Condition',
  {
    type: f(1, str).required().always().doc('Type of the condition, in CamelCase, possibly prefixed by a domain.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    observedGeneration: f(3, int64).doc('Generation of the object to which the condition refers.'),
    lastTransitionTime: f(4, time).orNull().required().doc('When the status last changed.'),
    reason: f(5, str).required().always().doc('Reason for the last change, one word in CamelCase.'),
    message: f(6, str).required().always().doc('Details of the last change for people; may be empty.'),
  },
  { doc: 'One observed aspect of the state of an object.' },
)
export type Condition = TypeOf<typeof Condition>
