import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const ParentReference = message(
  'ParentReference',
  {
    group: f(1, str).doc('API group of the object; empty for the core group.'),
    resource: f(2, str).required().doc('Resource of the object, as `services`.'),
    namespace: f(3, str).doc('Namespace of the object.'),
    name: f(4, str).required().doc('Name of the object.'),
  },
  { doc: 'The object that uses an address.' },
)
export type ParentReference = TypeOf<typeof ParentReference>

export const IPAddressSpec = message(
  'IPAddressSpec',
  {
    parentRef: f(1, ParentReference).required().doc('Object that uses it.'),
  },
  { doc: 'Who uses an address.' },
)
export type IPAddressSpec = TypeOf<typeof IPAddressSpec>

export const IPAddress = kind(
  'IPAddress',
  {
    metadata: f(1, ObjectMeta).always().doc('The address as the name, and other standard metadata.'),
    spec: f(2, IPAddressSpec).required().always().doc('Who uses it.'),
  },
  {
    doc: 'An IP address in use, in its canonical form as the name.',
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
