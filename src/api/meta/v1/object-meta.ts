import { f } from '../../../schema/field.ts'
import { bool, fieldsV1, int64, list, map, str, type TypeOf, time } from '../../../schema/type.ts'
import { message } from './package.ts'

export const ShardInfo = message(
  'ShardInfo',
  {
    selector: f(1, str).required().always().doc('Shard selector of the request.'),
  },
  { doc: 'The shard that a list was cut down to.' },
)
export type ShardInfo = TypeOf<typeof ShardInfo>

export const ListMeta = message(
  'ListMeta',
  {
    selfLink: f(1, str).doc('No longer used.'),
    resourceVersion: f(2, str).doc('Version at which the list was made, from which a watch can go on.'),
    continue: f(3, str).doc('Token for the next part of the list; empty if this is the last one.'),
    remainingItemCount: f(4, int64).explicit().doc('Number of objects behind this part, if it is known.'),
    shardInfo: f(5, ShardInfo).doc('Shard that the list was cut down to, if any.'),
  },
  { doc: 'Metadata of a list.' },
)
export type ListMeta = TypeOf<typeof ListMeta>

export const ManagedFieldsEntry = message(
  'ManagedFieldsEntry',
  {
    manager: f(1, str).doc('Who set them.'),
    operation: f(2, str).go('v1.ManagedFieldsOperationType').doc('How they were set: `Apply` or `Update`.'),
    apiVersion: f(3, str).doc('API version in which the field names are to be read.'),
    time: f(4, time).explicit().doc('When the entry was last changed.'),
    fieldsType: f(6, str).doc('Form of the field set; only `FieldsV1`.'),
    fieldsV1: f(7, fieldsV1).explicit().doc('The fields, as a tree of names.'),
    subresource: f(8, str).doc('Subresource through which they were set; empty for the object itself.'),
  },
  { doc: 'Fields that one manager has set in one way.' },
)
export type ManagedFieldsEntry = TypeOf<typeof ManagedFieldsEntry>

export const OwnerReference = message(
  'OwnerReference',
  {
    kind: f(1, str).required().always().doc('Kind of the owner.'),
    name: f(3, str).required().always().doc('Name of the owner.'),
    uid: f(4, str).go('types.UID').required().always().doc('UID of the owner.'),
    apiVersion: f(5, str).required().always().doc("Group and version of the owner's kind."),
    controller: f(6, bool).explicit().doc('Whether the owner is the controller in charge; only one can be.'),
    blockOwnerDeletion: f(7, bool).explicit().doc('Whether foreground deletion of the owner waits for this object.'),
  },
  { doc: 'An object that owns this one, in the same namespace or cluster-wide.', mapType: 'atomic' },
)
export type OwnerReference = TypeOf<typeof OwnerReference>

export const ObjectMeta = message(
  'ObjectMeta',
  {
    name: f(1, str).present().doc('Name, unique for the kind in its namespace; cannot be changed.'),
    generateName: f(2, str).doc('Prefix from which the server makes a unique name if none is given.'),
    namespace: f(3, str).present().doc('Namespace of the object; empty for cluster-wide kinds.'),
    selfLink: f(4, str).doc('No longer used.'),
    uid: f(5, str).go('types.UID').present().doc('Identifier that no other object ever has; set by the server.'),
    resourceVersion: f(6, str).present().doc('Version of the object, which changes with every write.'),
    generation: f(7, int64).doc('Number that grows whenever the specification changes; set by the server.'),
    creationTimestamp: f(8, time)
      .present()
      .doc('CreationTimestamp is a timestamp of when the server created the object.'),
    deletionTimestamp: f(9, time)
      .explicit()
      .doc('When the object is due to be gone; set by the server once deletion was asked for.'),
    deletionGracePeriodSeconds: f(10, int64).explicit().doc('Seconds that the object has for a graceful end.'),
    labels: f(11, map(str)).doc('Keys and values by which objects are selected.'),
    annotations: f(12, map(str)).doc('Keys and values that tools keep with the object; not for selecting.'),
    ownerReferences: f(13, list(OwnerReference))
      .listOf('map', 'uid')
      .patch('merge', 'uid')
      .doc('Owners of the object; it is collected as garbage when all of them are gone.'),
    finalizers: f(14, list(str))
      .listOf('set')
      .patch('merge')
      .doc('Names that must all be taken away before the object is really removed.'),
    // An empty list resets it.
    managedFields: f(17, list(ManagedFieldsEntry))
      .explicit()
      .listOf('atomic')
      .doc('Who has set which fields; kept by the server for server-side apply.'),
  },
  { doc: 'Metadata that every stored object has.' },
)
export type ObjectMeta = TypeOf<typeof ObjectMeta>
