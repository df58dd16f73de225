import { f } from '../../../schema/field.ts'
import { bool, int32, map, str, type TypeOf, time } from '../../../schema/type.ts'
import { PersistentVolumeSpec } from '../../core/v1/persistent-volume.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const VolumeAttachmentSource = message(
  'VolumeAttachmentSource',
  {
    persistentVolumeName: f(1, str).explicit().doc('Name of the persistent volume.'),
    inlineVolumeSpec: f(2, PersistentVolumeSpec).doc('Volume of a pod, translated for a CSI driver.'),
  },
  { doc: 'The volume that is attached; exactly one member is set.' },
)
export type VolumeAttachmentSource = TypeOf<typeof VolumeAttachmentSource>

export const VolumeAttachmentSpec = message(
  'VolumeAttachmentSpec',
  {
    attacher: f(1, str).required().always().doc('Driver that attaches it.'),
    source: f(2, VolumeAttachmentSource).required().always().doc('The volume.'),
    nodeName: f(3, str).required().always().doc('The node.'),
  },
  { doc: 'Which volume should be attached where.' },
)
export type VolumeAttachmentSpec = TypeOf<typeof VolumeAttachmentSpec>

export const VolumeError = message(
  'VolumeError',
  {
    time: f(1, time).orNull().doc('When it failed.'),
    message: f(2, str).doc('What went wrong, for people; must hold no secrets.'),
    errorCode: f(3, int32).explicit().doc('Code of the error by gRPC.'),
  },
  { doc: 'A failed attempt.' },
)
export type VolumeError = TypeOf<typeof VolumeError>

export const VolumeAttachmentStatus = message(
  'VolumeAttachmentStatus',
  {
    attached: f(1, bool).required().always().doc('Whether the volume is attached.'),
    attachmentMetadata: f(2, map(str)).doc('What the driver wants to be told when the volume is mounted.'),
    attachError: f(3, VolumeError).doc('The last failure to attach.'),
    detachError: f(4, VolumeError).doc('The last failure to detach.'),
  },
  { doc: 'How far attaching or detaching has come.' },
)
export type VolumeAttachmentStatus = TypeOf<typeof VolumeAttachmentStatus>

export const VolumeAttachment = kind(
  'VolumeAttachment',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, VolumeAttachmentSpec).required().always().doc('The volume and the node.'),
    status: f(3, VolumeAttachmentStatus).always().doc('What was last observed; written by the driver.'),
  },
  {
    doc: 'Asks a driver to attach a volume to a node, or to detach it once deleted.',
    resource: {
      plural: 'volumeattachments',
      singular: 'volumeattachment',
      namespaced: false,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type VolumeAttachment = TypeOf<typeof VolumeAttachment>
