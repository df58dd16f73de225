import { f } from '../../../schema/field.ts'
import { bool, int64, list, str, type TypeOf } from '../../../schema/type.ts'
import { kind, message } from './package.ts'

export const CreateOptions = kind(
  'CreateOptions',
  {
    dryRun: f(1, list(str)).doc('`All` runs every step but storing; nothing else is allowed.'),
    fieldManager: f(3, str).doc('Who makes the change; from the user agent by default.'),
    fieldValidation: f(4, str).doc(
      'What unknown and duplicate fields lead to: `Ignore`, `Warn` (default) or `Strict`.',
    ),
  },
  { doc: 'Query parameters of creating an object.' },
)
export type CreateOptions = TypeOf<typeof CreateOptions>

export const Preconditions = message(
  'Preconditions',
  {
    uid: f(1, str).go('types.UID').explicit().doc('UID that the object must have.'),
    resourceVersion: f(2, str).explicit().doc('Version that the object must have.'),
  },
  { doc: 'What must hold for a deletion to go ahead.' },
)
export type Preconditions = TypeOf<typeof Preconditions>

export const DeleteOptions = kind(
  'DeleteOptions',
  {
    gracePeriodSeconds: f(1, int64).explicit().doc('Seconds to wait; 0 deletes at once; the kind decides if unset.'),
    preconditions: f(2, Preconditions).doc('What must hold, else the answer is 409.'),
    orphanDependents: f(3, bool).explicit().doc('Whether dependents stay. Deprecated: use `propagationPolicy`.'),
    propagationPolicy: f(4, str)
      .go('v1.DeletionPropagation')
      .explicit()
      .doc('What becomes of dependents: `Orphan`, `Background` or `Foreground`.'),
    dryRun: f(5, list(str)).listOf('atomic').doc('`All` runs every step but storing; nothing else is allowed.'),
    ignoreStoreReadErrorWithClusterBreakingPotential: f(6, bool)
      .explicit()
      .doc('Delete even an object that cannot be read; skips finalizers. Dangerous.'),
  },
  { doc: 'Options of a deletion.' },
)
export type DeleteOptions = TypeOf<typeof DeleteOptions>

export const GetOptions = kind(
  'GetOptions',
  {
    resourceVersion: f(1, str).doc('Version that the answer must be at least as new as.'),
  },
  { doc: 'Query parameters of reading an object.' },
)
export type GetOptions = TypeOf<typeof GetOptions>

export const ListOptions = kind(
  'ListOptions',
  {
    labelSelector: f(1, str).doc('Which objects, by labels; all by default.'),
    fieldSelector: f(2, str).doc('Which objects, by fields; all by default.'),
    watch: f(3, bool).doc('Answer with a stream of changes instead of a list.'),
    resourceVersion: f(4, str).doc('Version to start from, or to be at least as new as.'),
    timeoutSeconds: f(5, int64).explicit().doc('Seconds after which the server ends the request.'),
    limit: f(7, int64).doc('Largest number of objects in one answer; the rest is fetched with `continue`.'),
    continue: f(8, str).doc('Token from the answer before, to go on behind it.'),
    allowWatchBookmarks: f(9, bool).doc('Whether the stream may have `BOOKMARK` events with the current version.'),
    resourceVersionMatch: f(10, str)
      .go('v1.ResourceVersionMatch')
      .doc('How the version is meant: `Exact` or `NotOlderThan`.'),
    sendInitialEvents: f(11, bool)
      .explicit()
      .doc('Begin the stream with the objects that exist, closed by a bookmark.'),
    shardSelector: f(15, str).doc('Which shard of the objects, by the hash of a metadata field.'),
  },
  { doc: 'Query parameters of listing and watching.' },
)
export type ListOptions = TypeOf<typeof ListOptions>

export const PatchOptions = kind(
  'PatchOptions',
  {
    dryRun: f(1, list(str)).doc('`All` runs every step but storing; nothing else is allowed.'),
    force: f(2, bool).explicit().doc('For apply only: take over fields of other managers in a conflict.'),
    fieldManager: f(3, str).doc('Who makes the change; needed for apply.'),
    fieldValidation: f(4, str).doc(
      'What unknown and duplicate fields lead to: `Ignore`, `Warn` (default) or `Strict`.',
    ),
  },
  { doc: 'Query parameters of a patch.' },
)
export type PatchOptions = TypeOf<typeof PatchOptions>

export const UpdateOptions = kind(
  'UpdateOptions',
  {
    dryRun: f(1, list(str)).doc('`All` runs every step but storing; nothing else is allowed.'),
    fieldManager: f(2, str).doc('Who makes the change; from the user agent by default.'),
    fieldValidation: f(3, str).doc(
      'What unknown and duplicate fields lead to: `Ignore`, `Warn` (default) or `Strict`.',
    ),
  },
  { doc: 'Query parameters of replacing an object.' },
)
export type UpdateOptions = TypeOf<typeof UpdateOptions>
