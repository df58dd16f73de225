import { f } from '../../../schema/field.ts'
import { list, map, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { Toleration } from '../../core/v1/affinity.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const Overhead = message(
  'Overhead',
  {
    podFixed: f(1, map(quantity)).go('v1.ResourceList').doc('Resources that each pod of the class takes.'),
  },
  { doc: 'What a pod takes beyond its containers.' },
)
export type Overhead = TypeOf<typeof Overhead>

export const Scheduling = message(
  'Scheduling',
  {
    nodeSelector: f(1, map(str)).atomic().doc('Labels that nodes need, besides those that the pod asks for.'),
    tolerations: f(2, list(Toleration)).listOf('atomic').doc('Tolerations that pods get besides their own.'),
  },
  { doc: 'Where pods of a class can run.' },
)
export type Scheduling = TypeOf<typeof Scheduling>

export const RuntimeClass = kind(
  'RuntimeClass',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    handler: f(2, str)
      .required()
      .always()
      .doc('Configuration of the container runtime, by its name there; cannot be changed.'),
    overhead: f(3, Overhead).doc('Resources that the way itself takes.'),
    scheduling: f(4, Scheduling).doc('Nodes that know the way; all of them if unset.'),
  },
  {
    doc: 'A way to run containers that pods can choose.',
    resource: { plural: 'runtimeclasses', singular: 'runtimeclass', namespaced: false, verbs: allVerbs },
  },
)
export type RuntimeClass = TypeOf<typeof RuntimeClass>
