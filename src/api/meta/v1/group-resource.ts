import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const GroupResource = message(
  'GroupResource',
  {
    group: f(1, str).required().always().doc('API group; empty for the core group.'),
    resource: f(2, str).required().always().doc('Resource in the plural, as `deployments`.'),
  },
  { doc: 'A resource in any version of its group.' },
)
export type GroupResource = TypeOf<typeof GroupResource>
