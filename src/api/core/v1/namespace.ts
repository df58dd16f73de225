import { f } from '../../../schema/field.ts'
import { list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const NamespaceSpec = message('NamespaceSpec', {
  finalizers: f(1, list(str)).listOf('atomic'),
})
export type NamespaceSpec = TypeOf<typeof NamespaceSpec>

export const NamespaceCondition = message('NamespaceCondition', {
  type: f(1, str).required().always(),
  status: f(2, str).required().always(),
  lastTransitionTime: f(4, time),
  reason: f(5, str),
  message: f(6, str),
})
export type NamespaceCondition = TypeOf<typeof NamespaceCondition>

export const NamespaceStatus = message('NamespaceStatus', {
  phase: f(1, oneOf('Active', 'Terminating')),
  conditions: f(2, list(NamespaceCondition)).listOf('map', 'type').patch('merge', 'type'),
})
export type NamespaceStatus = TypeOf<typeof NamespaceStatus>

export const Namespace = kind(
  'Namespace',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, NamespaceSpec).always(),
    status: f(3, NamespaceStatus).always(),
  },
  {
    resource: {
      plural: 'namespaces',
      singular: 'namespace',
      shortNames: ['ns'],
      namespaced: false,
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
      subresources: {
        finalize: { verbs: ['update'] },
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type Namespace = TypeOf<typeof Namespace>
