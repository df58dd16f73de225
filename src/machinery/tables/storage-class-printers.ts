/** Classes of storage, drivers, attachments; runtime classes and storage migrations. */
import type { RuntimeClass } from '../../api/node/v1/runtime-class.ts'
import type { CSIDriver } from '../../api/storage/v1/csi-driver.ts'
import type { CSINode } from '../../api/storage/v1/csi-node.ts'
import type { StorageClass } from '../../api/storage/v1/storage-class.ts'
import type { VolumeAttachment } from '../../api/storage/v1/volume-attachment.ts'
import type { VolumeAttributesClass } from '../../api/storage/v1/volume-attributes-class.ts'
import type { StorageVersionMigration } from '../../api/storagemigration/v1/storage-version-migration.ts'
import { defaultClassOf, storageClassMarks } from '../default-class.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, nameColumn, type Printer } from './printer.ts'

export const csiDriverPrinter: Printer<CSIDriver> = {
  columns: [
    nameColumn,
    column('AttachRequired', 'Whether volumes are attached before they are mounted.', { type: 'boolean' }),
    column('PodInfoOnMount', 'Whether the driver is told for which pod it mounts.', { type: 'boolean' }),
    column('StorageCapacity', 'Whether the scheduler looks at published capacity.', { type: 'boolean' }),
    column('TokenRequests', 'The audiences of the tokens that the driver gets.'),
    column('RequiresRepublish', 'Whether the driver is called again while a volume is mounted.', { type: 'boolean' }),
    column('Modes', 'The kinds of volumes that it knows.'),
    ageColumn,
  ],
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>',
    spec.requiresRepublish ?? false,
    spec.volumeLifecycleModes?.join(',') || '<none>',
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const csiNodePrinter: Printer<CSINode> = {
  columns: [nameColumn, column('Drivers', 'How many drivers the node has.', { type: 'integer' }), ageColumn],
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec.drivers?.length ?? 0,
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const storageClassPrinter: Printer<StorageClass> = {
  columns: [
    nameColumn,
    column('Provisioner', 'The driver that makes the volumes.'),
    column('ReclaimPolicy', 'What becomes of a volume once its claim is gone.'),
    column('VolumeBindingMode', 'When volumes are made.'),
    column('AllowVolumeExpansion', 'Whether claims may grow.'),
    ageColumn,
  ],
  among: classes => defaultClassOf(classes, storageClassMarks),
  cells: ({ metadata, ...storageClass }, nowMs, effectiveDefault) => [
    metadata.name === effectiveDefault ? `${metadata.name} (default)` : metadata.name,
    storageClass.provisioner,
    storageClass.reclaimPolicy ?? 'Delete',
    storageClass.volumeBindingMode ?? 'Immediate',
    storageClass.allowVolumeExpansion ?? false,
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const volumeAttachmentPrinter: Printer<VolumeAttachment> = {
  columns: [
    nameColumn,
    column('Attacher', 'The driver that attaches it.', { format: 'name' }),
    column('PV', 'The volume.'),
    column('Node', 'The node.'),
    column('Attached', 'Whether it is attached.', { type: 'boolean' }),
    ageColumn,
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    spec.attacher,
    spec.source.persistentVolumeName ?? '',
    spec.nodeName,
    status.attached,
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const volumeAttributesClassPrinter: Printer<VolumeAttributesClass> = {
  columns: [nameColumn, column('DriverName', 'The driver that knows the attributes.'), ageColumn],
  cells: ({ metadata, driverName }, nowMs) => [metadata.name, driverName, ageOf(metadata.creationTimestamp, nowMs)],
}

export const runtimeClassPrinter: Printer<RuntimeClass> = {
  columns: [nameColumn, column('Handler', 'The configuration of the container runtime.'), ageColumn],
  cells: ({ metadata, handler }, nowMs) => [metadata.name, handler, ageOf(metadata.creationTimestamp, nowMs)],
}

const migrationStates: ReadonlySet<string> = new Set(['Running', 'Failed', 'Succeeded'])

export const storageVersionMigrationPrinter: Printer<StorageVersionMigration> = {
  columns: [
    column('Name', 'The name of the migration.'),
    column('Resource', 'The resource that is rewritten.'),
    column('Status', 'How far it has come.'),
  ],
  cells: ({ metadata, spec: { resource }, status }) => [
    metadata.name,
    resource.group ? `${resource.resource}.${resource.group}` : resource.resource,
    (status.conditions ?? []).findLast(one => one.status === 'True' && migrationStates.has(one.type))?.type ??
      'Unknown',
  ],
}
