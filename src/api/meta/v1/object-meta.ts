import { f } from '../../../schema/field.ts'
import { bool, fieldsV1, int64, list, map, str, type TypeOf, time } from '../../../schema/type.ts'
import { message } from './package.ts'

export const ShardInfo = message('ShardInfo', {
  selector: f(1, str).required().always(),
})
export type ShardInfo = TypeOf<typeof ShardInfo>

export const ListMeta = message('ListMeta', {
  selfLink: f(1, str),
  resourceVersion: f(2, str),
  continue: f(3, str),
  remainingItemCount: f(4, int64).explicit(),
  shardInfo: f(5, ShardInfo),
})
export type ListMeta = TypeOf<typeof ListMeta>

export const ManagedFieldsEntry = message('ManagedFieldsEntry', {
  manager: f(1, str),
  operation: f(2, str),
  apiVersion: f(3, str),
  time: f(4, time).explicit(),
  fieldsType: f(6, str),
  fieldsV1: f(7, fieldsV1).explicit(),
  subresource: f(8, str),
})
export type ManagedFieldsEntry = TypeOf<typeof ManagedFieldsEntry>

export const OwnerReference = message(
  'OwnerReference',
  {
    kind: f(1, str).required().always(),
    name: f(3, str).required().always(),
    uid: f(4, str).required().always(),
    apiVersion: f(5, str).required().always(),
    controller: f(6, bool).explicit(),
    blockOwnerDeletion: f(7, bool).explicit(),
  },
  { mapType: 'atomic' },
)
export type OwnerReference = TypeOf<typeof OwnerReference>

export const ObjectMeta = message('ObjectMeta', {
  name: f(1, str).present(),
  generateName: f(2, str),
  namespace: f(3, str).present(),
  selfLink: f(4, str),
  uid: f(5, str).present(),
  resourceVersion: f(6, str).present(),
  generation: f(7, int64),
  creationTimestamp: f(8, time).present(),
  deletionTimestamp: f(9, time).explicit(),
  deletionGracePeriodSeconds: f(10, int64).explicit(),
  labels: f(11, map(str)),
  annotations: f(12, map(str)),
  ownerReferences: f(13, list(OwnerReference)).listOf('map', 'uid').patch('merge', 'uid'),
  finalizers: f(14, list(str)).listOf('set').patch('merge'),
  managedFields: f(17, list(ManagedFieldsEntry)).listOf('atomic'),
})
export type ObjectMeta = TypeOf<typeof ObjectMeta>
