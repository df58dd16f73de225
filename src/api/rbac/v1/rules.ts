import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const PolicyRule = message('PolicyRule', {
  verbs: f(1, list(str)).explicit().required().listOf('atomic'),
  apiGroups: f(2, list(str)).listOf('atomic'),
  resources: f(3, list(str)).listOf('atomic'),
  resourceNames: f(4, list(str)).listOf('atomic'),
  nonResourceURLs: f(5, list(str)).listOf('atomic'),
})
export type PolicyRule = TypeOf<typeof PolicyRule>

export const RoleRef = message(
  'RoleRef',
  {
    apiGroup: f(1, str).always(),
    kind: f(2, str).required().always(),
    name: f(3, str).required().always(),
  },
  { mapType: 'atomic' },
)
export type RoleRef = TypeOf<typeof RoleRef>

export const Subject = message(
  'Subject',
  {
    kind: f(1, str).required().always(),
    apiGroup: f(2, str),
    name: f(3, str).required().always(),
    namespace: f(4, str),
  },
  { mapType: 'atomic' },
)
export type Subject = TypeOf<typeof Subject>
