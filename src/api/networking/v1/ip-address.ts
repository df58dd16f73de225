import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const ParentReference = message('ParentReference', {
  group: f(1, str),
  resource: f(2, str).required(),
  namespace: f(3, str),
  name: f(4, str).required(),
})
export type ParentReference = TypeOf<typeof ParentReference>

export const IPAddressSpec = message('IPAddressSpec', {
  parentRef: f(1, ParentReference).required(),
})
export type IPAddressSpec = TypeOf<typeof IPAddressSpec>

export const IPAddress = kind(
  'IPAddress',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, IPAddressSpec).required().always(),
  },
  {
    resource: {
      plural: 'ipaddresses',
      singular: 'ipaddress',
      shortNames: ['ip'],
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type IPAddress = TypeOf<typeof IPAddress>
