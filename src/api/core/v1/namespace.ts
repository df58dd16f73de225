import { f } from '../../../schema/field.ts'
import { list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const NamespaceSpec = message(
  'NamespaceSpec',
  {
    finalizers: f(1, list(str))
      .go('v1.FinalizerName')
      .listOf('atomic')
      .doc('Finalizers that must be gone before the namespace is removed, as `kubernetes`.'),
  },
  { doc: 'What holds a namespace back from deletion.' },
)
export type NamespaceSpec = TypeOf<typeof NamespaceSpec>

export const NamespaceCondition = message(
  'NamespaceCondition',
  {
    type: f(1, str)
      .go('v1.NamespaceConditionType')
      .required()
      .always()
      .doc('Type of the condition, such as `NamespaceContentRemaining`.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    lastTransitionTime: f(4, time).orNull().doc('When the status last changed.'),
    reason: f(5, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(6, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of a namespace that is being deleted.' },
)
export type NamespaceCondition = TypeOf<typeof NamespaceCondition>

export const NamespaceStatus = message(
  'NamespaceStatus',
  {
    phase: f(1, oneOf('Active', 'Terminating'))
      .go('v1.NamespacePhase')
      .doc('`Active`, or `Terminating` while its contents are deleted.'),
    conditions: f(2, list(NamespaceCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of a namespace.' },
)
export type NamespaceStatus = TypeOf<typeof NamespaceStatus>

export const Namespace = kind(
  'Namespace',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, NamespaceSpec).always().doc('What holds it back from deletion.'),
    status: f(3, NamespaceStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'A scope for names, access rights and quotas.',
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
