import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { GroupResource } from '../../meta/v1/group-resource.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const StorageVersionMigrationSpec = message(
  'StorageVersionMigrationSpec',
  {
    resource: f(1, GroupResource).required().always().doc('The resource; cannot be changed.'),
  },
  { doc: 'What should be rewritten.' },
)
export type StorageVersionMigrationSpec = TypeOf<typeof StorageVersionMigrationSpec>

export const StorageVersionMigrationStatus = message(
  'StorageVersionMigrationStatus',
  {
    conditions: f(1, list(Condition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state: `Running`, `Succeeded`, `Failed`.'),
    resourceVersion: f(2, str).doc('Version of the list of objects up to which all are rewritten.'),
  },
  { doc: 'How far a rewriting has come.' },
)
export type StorageVersionMigrationStatus = TypeOf<typeof StorageVersionMigrationStatus>

export const StorageVersionMigration = kind(
  'StorageVersionMigration',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, StorageVersionMigrationSpec).always().doc('The resource.'),
    status: f(3, StorageVersionMigrationStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Rewrites the stored objects of a resource in its present storage version.',
    resource: {
      plural: 'storageversionmigrations',
      singular: 'storageversionmigration',
      namespaced: false,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type StorageVersionMigration = TypeOf<typeof StorageVersionMigration>
