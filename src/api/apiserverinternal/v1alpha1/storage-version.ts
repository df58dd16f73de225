import { f } from '../../../schema/field.ts'
import { int64, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

const ServerStorageVersion = message(
  'ServerStorageVersion',
  {
    apiServerID: f(1, str).doc('API server that reports.'),
    encodingVersion: f(2, str).doc('Version in which it stores objects.'),
    decodableVersions: f(3, list(str)).listOf('set').doc('Versions that it can read.'),
    servedVersions: f(4, list(str)).listOf('set').doc('Versions that it serves.'),
  },
  { doc: 'What one API server reports of a resource.' },
)

const StorageVersionCondition = message(
  'StorageVersionCondition',
  {
    type: f(1, str).go('v1alpha1.StorageVersionConditionType').required().always().doc('Kind of condition.'),
    status: f(2, str).go('v1alpha1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    observedGeneration: f(3, int64).doc('Generation that was observed.'),
    lastTransitionTime: f(4, time).required().always().orNull().doc('When the status last changed.'),
    reason: f(5, str).required().always().doc('Reason as one CamelCase word.'),
    message: f(6, str).required().always().doc('What is the case, for people.'),
  },
  { doc: 'A condition of a storage version.' },
)

const StorageVersionStatus = message(
  'StorageVersionStatus',
  {
    storageVersions: f(1, list(ServerStorageVersion)).listOf('map', 'apiServerID').doc('Reports of the servers.'),
    commonEncodingVersion: f(2, str).explicit().doc('Version on which all servers agree.'),
    conditions: f(3, list(StorageVersionCondition)).listOf('map', 'type').doc('Conditions.'),
  },
  { doc: 'What the API servers report.' },
)

const StorageVersionSpec = message('StorageVersionSpec', {}, { doc: 'Nothing so far.' })

export const StorageVersion = kind(
  'StorageVersion',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata; the name is `<group>.<resource>`.'),
    spec: f(2, StorageVersionSpec).required().always().doc('Nothing so far.'),
    status: f(3, StorageVersionStatus).required().always().doc('What the API servers report.'),
  },
  { doc: 'In which version the API servers store a resource.' },
)
export type StorageVersion = TypeOf<typeof StorageVersion>
