import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const ComponentCondition = message(
  'ComponentCondition',
  {
    type: f(1, str).go('v1.ComponentConditionType').required().always().doc('Type of the condition; only `Healthy`.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    message: f(3, str).doc('What the health check answered.'),
    error: f(4, str).doc('Error of the health check.'),
  },
  { doc: 'Health of a component.' },
)
export type ComponentCondition = TypeOf<typeof ComponentCondition>

export const ComponentStatus = kind(
  'ComponentStatus',
  {
    metadata: f(1, ObjectMeta).always().doc('Name and other standard metadata.'),
    conditions: f(2, list(ComponentCondition)).listOf('map', 'type').patch('merge', 'type').doc('The health.'),
  },
  {
    doc: 'Health of a control plane component. Deprecated.',
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
