import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const ComponentCondition = message('ComponentCondition', {
  type: f(1, str).required().always(),
  status: f(2, str).required().always(),
  message: f(3, str),
  error: f(4, str),
})
export type ComponentCondition = TypeOf<typeof ComponentCondition>

export const ComponentStatus = kind(
  'ComponentStatus',
  {
    metadata: f(1, ObjectMeta).always(),
    conditions: f(2, list(ComponentCondition)).listOf('map', 'type').patch('merge', 'type'),
  },
  {
    resource: {
      plural: 'componentstatuses',
      singular: 'componentstatus',
      shortNames: ['cs'],
      namespaced: false,
      verbs: ['get', 'list'],
    },
  },
)
export type ComponentStatus = TypeOf<typeof ComponentStatus>
