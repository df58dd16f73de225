import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const IngressClassParametersReference = message('IngressClassParametersReference', {
  apiGroup: f(1, str).explicit(),
  kind: f(2, str).required().always(),
  name: f(3, str).required().always(),
  scope: f(4, str).explicit(),
  namespace: f(5, str).explicit(),
})
export type IngressClassParametersReference = TypeOf<typeof IngressClassParametersReference>

export const IngressClassSpec = message('IngressClassSpec', {
  controller: f(1, str),
  parameters: f(2, IngressClassParametersReference),
})
export type IngressClassSpec = TypeOf<typeof IngressClassSpec>

export const IngressClass = kind(
  'IngressClass',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, IngressClassSpec).always(),
  },
  {
    resource: {
      plural: 'ingressclasses',
      singular: 'ingressclass',
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type IngressClass = TypeOf<typeof IngressClass>
