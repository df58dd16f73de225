/** Objects that are kept while something uses them, by a finalizer. */
import type { Kind } from '../../schema/kind.ts'
import { type Action, update } from '../runtime/action.ts'

interface Protected {
  readonly metadata: {
    readonly name: string
    readonly deletionTimestamp?: string
    readonly finalizers?: readonly string[]
  }
}

/** Takes the finalizer away from an object that is being deleted and unused, and gives it to one that lacks it. */
export function protect<T extends Protected>(
  kind: Kind<T>,
  object: T,
  finalizer: string,
  isUsed: () => boolean,
): readonly Action[] {
  const finalizers = object.metadata.finalizers ?? []
  const has = finalizers.includes(finalizer)
  const withFinalizers = (changed: readonly string[]): T => ({
    ...object,
    metadata: { ...object.metadata, finalizers: changed },
  })
  if (object.metadata.deletionTimestamp === undefined) {
    return has ? [] : [update(kind, withFinalizers([...finalizers, finalizer]))]
  }
  if (!has || isUsed()) return []
  return [update(kind, withFinalizers(finalizers.filter(one => one !== finalizer)))]
}
