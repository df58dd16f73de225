import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const LocalObjectReference = message(
  'LocalObjectReference',
  {
    name: f(1, str).always().omitZero().doc('Name of the object.'),
  },
  { doc: 'An object of a known kind in the same namespace.', mapType: 'atomic' },
)
export type LocalObjectReference = TypeOf<typeof LocalObjectReference>

export const ObjectReference = message(
  'ObjectReference',
  {
    kind: f(1, str).doc('Kind of the object.'),
    namespace: f(2, str).doc('Namespace of the object; empty for cluster-wide kinds.'),
    name: f(3, str).doc('Name of the object.'),
    uid: f(4, str).go('types.UID').doc('UID, to mean exactly this object.'),
    apiVersion: f(5, str).doc('Group and version of the kind.'),
    resourceVersion: f(6, str).doc('Version of the object that is meant.'),
    fieldPath: f(7, str).doc('Part of the object, as `spec.containers{web}`.'),
  },
  { doc: 'An object, or a part of it, anywhere in the cluster.', mapType: 'atomic' },
)
export type ObjectReference = TypeOf<typeof ObjectReference>

export const SecretReference = message(
  'SecretReference',
  {
    name: f(1, str).doc('Name of the secret.'),
    namespace: f(2, str).doc('Namespace of the secret.'),
  },
  { doc: 'A secret in any namespace.', mapType: 'atomic' },
)
export type SecretReference = TypeOf<typeof SecretReference>

export const TypedLocalObjectReference = message(
  'TypedLocalObjectReference',
  {
    apiGroup: f(1, str).orNull().explicit().doc('API group of the kind; empty for the core group.'),
    kind: f(2, str).required().always().doc('Kind of the object.'),
    name: f(3, str).required().always().doc('Name of the object.'),
  },
  { doc: 'An object of any kind in the same namespace.', mapType: 'atomic' },
)
export type TypedLocalObjectReference = TypeOf<typeof TypedLocalObjectReference>

export const TypedObjectReference = message(
  'TypedObjectReference',
  {
    apiGroup: f(1, str).orNull().explicit().doc('API group of the kind; empty for the core group.'),
    kind: f(2, str).required().always().doc('Kind of the object.'),
    name: f(3, str).required().always().doc('Name of the object.'),
    namespace: f(4, str)
      .gate('CrossNamespaceVolumeDataSource')
      .explicit()
      .doc('Namespace of the object; another one needs a ReferenceGrant there.'),
  },
  { doc: 'An object of any kind, possibly in another namespace.' },
)
export type TypedObjectReference = TypeOf<typeof TypedObjectReference>
