import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const IngressClassParametersReference = message(
  'IngressClassParametersReference',
  {
    apiGroup: f(1, str).explicit().doc('API group of the kind; empty for the core group.'),
    kind: f(2, str).required().always().doc('Kind of the object.'),
    name: f(3, str).required().always().doc('Name of the object.'),
    scope: f(4, str).orNull().explicit().doc('`Cluster` (default) or `Namespace`.'),
    namespace: f(5, str).explicit().doc('Namespace of the object; set exactly when the scope is `Namespace`.'),
  },
  { doc: 'An object with parameters for an ingress controller.' },
)
export type IngressClassParametersReference = TypeOf<typeof IngressClassParametersReference>

export const IngressClassSpec = message(
  'IngressClassSpec',
  {
    controller: f(1, str).doc('Controller in charge, as a domain-prefixed path; cannot be changed.'),
    parameters: f(2, IngressClassParametersReference).doc('Object with further parameters for the controller.'),
  },
  { doc: 'Who serves a class of ingresses.' },
)
export type IngressClassSpec = TypeOf<typeof IngressClassSpec>

export const IngressClass = kind(
  'IngressClass',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, IngressClassSpec).always().doc('Who serves the class.'),
  },
  {
    doc: 'A class of ingresses; the annotation `is-default-class` makes it the default.',
    resource: {
      plural: 'ingressclasses',
      singular: 'ingressclass',
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type IngressClass = TypeOf<typeof IngressClass>
