/** What a kind does on write beyond what every kind does. Functions change the new object in place. */

import type { Compare, Operation } from '../../store/store.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import type { ObjectJson } from './stored-object.ts'

export interface WriteContext {
  readonly nowIso: string
  readonly nowMs: number
  readonly user: UserInfo
  readonly dryRun: boolean
  warn(message: string): void
}

/** What must be written in the same transaction as the object, as an allocated address. */
export interface SideWrites {
  readonly compare: readonly Compare[]
  readonly operations: readonly Operation[]
  /** Tells that the transaction failed because of these writes, so that another try may choose others. */
  retry(): boolean
}

export interface DeletionPlan {
  /** Seconds until the object goes; 0: at once. */
  readonly gracePeriodSeconds: number
}

export interface SubresourceStrategy {
  /** Makes the new object out of what was sent: takes everything but the subresource's part from `old`. */
  prepareForUpdate(object: ObjectJson, old: ObjectJson, context: WriteContext): void
}

export interface Strategy {
  /** PUT (or apply) of an object that does not exist makes it. */
  readonly createOnUpdate: boolean
  /** PUT without a resourceVersion replaces whatever is there. */
  readonly unconditionalUpdate: boolean
  /** `generateName` is the whole name: nothing random is added. */
  readonly keepsPrefix?: boolean
  /** Makes what was sent what it means, before anybody owns its fields. */
  readAs?(object: ObjectJson): void
  /** Fills in defaults that hang on the time, on create. */
  fillIn?(object: ObjectJson, context: WriteContext): void
  prepareForCreate(object: ObjectJson, context: WriteContext): void
  prepareForUpdate(object: ObjectJson, old: ObjectJson, context: WriteContext): void
  readonly subresources: Readonly<Record<string, SubresourceStrategy>>
  /** Selectable fields beyond metadata.name and metadata.namespace. */
  selectableFields?(object: ObjectJson): Record<string, string>
  readonly fieldNames: readonly string[]
  /** How long a deletion waits; absent: no graceful deletion. `requestedSeconds` as the client asked. */
  deletionPlan?(object: ObjectJson, requestedSeconds: number | undefined): DeletionPlan
  /** Whether an object that is being deleted must stay although it has no finalizers in its metadata. */
  keepsTerminating?(object: ObjectJson): boolean
  /** Called when a deletion begins that must wait (finalizers). */
  beginTermination?(object: ObjectJson, context: WriteContext): void
  /** What a deletion does to dependents when the client does not say. */
  readonly defaultPropagation: 'Background' | 'Orphan' | 'Unsupported'
  /** Writes that go along with a create, update (`old` given) or delete (`object` undefined). May fill in the object. */
  sideWrites?(
    object: ObjectJson | undefined,
    old: ObjectJson | undefined,
    context: WriteContext,
  ): Promise<SideWrites | undefined>
  /** The definition of the resource is being deleted: nothing is created any more. */
  terminating?(): boolean
  /** Seconds after which an object of this kind goes by itself. */
  readonly ttlSeconds?: number
  /** Warnings for the client about a valid object, beyond those of `machinery/warnings`. */
  warnings?(object: ObjectJson, old: ObjectJson | undefined): string[]
}
