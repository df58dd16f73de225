/** What a plan may ask for. Actions are data: they hold everything that the executor needs and leave it no choice. */
import type { DeleteOptions, PatchType } from '../../client/client.ts'
import type { RecordedObject } from '../../client/event-recorder.ts'
import type { Kind } from '../../schema/kind.ts'
import type { Draft } from '../../schema/message.ts'

/** Events for the end of an action. `{name}` stands for the written object's name, `{error}` for the failure's message. */
export interface Reports {
  readonly on: RecordedObject
  readonly success?: readonly [reason: string, message: string]
  readonly failure?: readonly [reason: string, message: string]
}

export interface Identified {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

export type Action =
  | {
      readonly do: 'create'
      readonly kind: Kind
      readonly namespace: string
      readonly object: unknown
      readonly reports?: Reports
      /** An object of that name is as good as a new one. */
      readonly mayExist?: boolean
    }
  | {
      readonly do: 'update' | 'updateStatus'
      readonly kind: Kind
      readonly object: unknown
      /** What is written in place of the status: another part with a subresource of its own. */
      readonly subresource?: string
      readonly reports?: Reports
    }
  | {
      readonly do: 'patch'
      readonly kind: Kind
      readonly namespace: string
      readonly name: string
      readonly type: PatchType
      readonly patch: unknown
      readonly subresource?: string
      readonly reports?: Reports
      /** Only if this object exists with this UID and is not being deleted, asked of the server: an adoption must not outlive its owner. */
      readonly onlyWhileOwned?: Identified & { readonly kind: Kind }
    }
  | {
      readonly do: 'delete'
      readonly kind: Kind
      readonly namespace: string
      readonly name: string
      readonly uid: string
      readonly options?: Omit<DeleteOptions, 'preconditions'>
      readonly reports?: Reports
    }
  | {
      readonly do: 'event'
      readonly on: RecordedObject
      readonly type: 'Normal' | 'Warning'
      readonly reason: string
      readonly message: string
    }

export interface Plan {
  /** Steps run one after another, the actions of a step side by side; a failure in a step ends the plan. */
  readonly steps: readonly (readonly Action[])[]
  /** What to write in the end, knowing whether the steps failed: the status. */
  readonly after?: (failure: Error | undefined) => readonly Action[]
  /** Look at the key again after this time, whatever happens until then. */
  readonly requeueAfterMs?: number
}

export const nothingToDo: Plan = { steps: [] }

export const create = <T>(kind: Kind<T>, namespace: string, object: Draft<T>, reports?: Reports): Action => ({
  do: 'create',
  kind: kind as Kind,
  namespace,
  object,
  ...(reports === undefined ? {} : { reports }),
})

export const update = <T>(kind: Kind<T>, object: T, reports?: Reports): Action => ({
  do: 'update',
  kind: kind as Kind,
  object,
  ...(reports === undefined ? {} : { reports }),
})

export const updateStatus = <T>(kind: Kind<T>, object: T): Action => ({
  do: 'updateStatus',
  kind: kind as Kind,
  object,
})

interface Removable {
  readonly metadata: { readonly namespace?: string; readonly name: string; readonly uid: string }
}

export const remove = <T extends Removable>(
  kind: Kind<T>,
  object: T,
  options?: Omit<DeleteOptions, 'preconditions'>,
  reports?: Reports,
): Action => ({
  do: 'delete',
  kind: kind as Kind,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
  uid: object.metadata.uid,
  ...(options === undefined ? {} : { options }),
  ...(reports === undefined ? {} : { reports }),
})

/** A merge patch; give metadata.resourceVersion in it where it replaces a list. */
export const mergePatch = <T extends Removable>(
  kind: Kind<T>,
  object: T,
  patch: unknown,
  subresource = '',
): Action => ({
  do: 'patch',
  kind: kind as Kind,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
  type: 'merge',
  patch,
  subresource,
})
