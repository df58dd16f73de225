import { f } from '../../../schema/field.ts'
import { bool, int64, list, str, type TypeOf } from '../../../schema/type.ts'
import { kind, message } from './package.ts'

export const CreateOptions = kind('CreateOptions', {
  dryRun: f(1, list(str)),
  fieldManager: f(3, str),
  fieldValidation: f(4, str),
})
export type CreateOptions = TypeOf<typeof CreateOptions>

export const Preconditions = message('Preconditions', {
  uid: f(1, str).explicit(),
  resourceVersion: f(2, str).explicit(),
})
export type Preconditions = TypeOf<typeof Preconditions>

export const DeleteOptions = kind('DeleteOptions', {
  gracePeriodSeconds: f(1, int64).explicit(),
  preconditions: f(2, Preconditions),
  orphanDependents: f(3, bool).explicit(),
  propagationPolicy: f(4, str).explicit(),
  dryRun: f(5, list(str)).listOf('atomic'),
  ignoreStoreReadErrorWithClusterBreakingPotential: f(6, bool).explicit(),
})
export type DeleteOptions = TypeOf<typeof DeleteOptions>

export const GetOptions = kind('GetOptions', {
  resourceVersion: f(1, str),
})
export type GetOptions = TypeOf<typeof GetOptions>

export const ListOptions = kind('ListOptions', {
  labelSelector: f(1, str),
  fieldSelector: f(2, str),
  watch: f(3, bool),
  resourceVersion: f(4, str),
  timeoutSeconds: f(5, int64).explicit(),
  limit: f(7, int64),
  continue: f(8, str),
  allowWatchBookmarks: f(9, bool),
  resourceVersionMatch: f(10, str),
  sendInitialEvents: f(11, bool).explicit(),
  shardSelector: f(15, str),
})
export type ListOptions = TypeOf<typeof ListOptions>

export const PatchOptions = kind('PatchOptions', {
  dryRun: f(1, list(str)),
  force: f(2, bool).explicit(),
  fieldManager: f(3, str),
  fieldValidation: f(4, str),
})
export type PatchOptions = TypeOf<typeof PatchOptions>

export const UpdateOptions = kind('UpdateOptions', {
  dryRun: f(1, list(str)),
  fieldManager: f(2, str),
  fieldValidation: f(3, str),
})
export type UpdateOptions = TypeOf<typeof UpdateOptions>
