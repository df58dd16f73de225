import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const LocalObjectReference = message(
  'LocalObjectReference',
  {
    name: f(1, str).always(),
  },
  { mapType: 'atomic' },
)
export type LocalObjectReference = TypeOf<typeof LocalObjectReference>

export const ObjectReference = message(
  'ObjectReference',
  {
    kind: f(1, str),
    namespace: f(2, str),
    name: f(3, str),
    uid: f(4, str),
    apiVersion: f(5, str),
    resourceVersion: f(6, str),
    fieldPath: f(7, str),
  },
  { mapType: 'atomic' },
)
export type ObjectReference = TypeOf<typeof ObjectReference>

export const SecretReference = message(
  'SecretReference',
  {
    name: f(1, str),
    namespace: f(2, str),
  },
  { mapType: 'atomic' },
)
export type SecretReference = TypeOf<typeof SecretReference>

export const TypedLocalObjectReference = message(
  'TypedLocalObjectReference',
  {
    apiGroup: f(1, str).explicit(),
    kind: f(2, str).required().always(),
    name: f(3, str).required().always(),
  },
  { mapType: 'atomic' },
)
export type TypedLocalObjectReference = TypeOf<typeof TypedLocalObjectReference>

export const TypedObjectReference = message('TypedObjectReference', {
  apiGroup: f(1, str).explicit(),
  kind: f(2, str).required().always(),
  name: f(3, str).required().always(),
  namespace: f(4, str).explicit(),
})
export type TypedObjectReference = TypeOf<typeof TypedObjectReference>
