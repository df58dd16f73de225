/**
 * What was written for a key and is not yet seen in the local copies. A plan made before that would decide on the past
 * and, for one, create pods twice; so a key waits until its own writes have come back.
 */
import type { Clock } from '../../base/clock.ts'
import type { Informer } from '../../client/informer.ts'
import { hasReached } from '../../client/resource-version.ts'
import type { Kind } from '../../schema/kind.ts'

interface PendingWrite {
  readonly isSeen: () => boolean
  readonly sinceMs: number
}

interface Written {
  readonly metadata: {
    readonly namespace?: string
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly deletionTimestamp?: string
  }
}

/** After this the key is planned from what is there (client-go's ExpectationsTimeout). */
const patienceMs = 300_000

export class PendingWrites {
  readonly #clock: Clock
  readonly #informers: ReadonlyMap<string, Informer<unknown>>
  /** Bounded by the keys at work and the actions of a plan. */
  readonly #writes = new Map<string, PendingWrite[]>()

  constructor(clock: Clock, informers: ReadonlyMap<string, Informer<unknown>>) {
    this.#clock = clock
    this.#informers = informers
  }

  wrote(key: string, kind: Kind, object: unknown): void {
    const informer = this.#informers.get(kind.name)
    const metadata = (object as Partial<Written>).metadata
    if (!informer || !metadata?.resourceVersion) return
    const { namespace = '', name, resourceVersion } = metadata
    this.#add(key, () => {
      if (hasReached(informer.resourceVersion(), resourceVersion)) return true
      const seen = informer.get(namespace, name) as Written | undefined
      return seen !== undefined && hasReached(seen.metadata.resourceVersion, resourceVersion)
    })
  }

  deleted(key: string, kind: Kind, namespace: string, name: string, uid: string): void {
    const informer = this.#informers.get(kind.name)
    if (!informer) return
    this.#add(key, () => {
      const seen = informer.get(namespace, name) as Written | undefined
      return seen === undefined || seen.metadata.uid !== uid || seen.metadata.deletionTimestamp !== undefined
    })
  }

  /** Whether everything written for the key is seen, or was waited for long enough. */
  allSeen(key: string): boolean {
    const nowMs = this.#clock.monotonic()
    const left = this.#writes.get(key)?.filter(write => nowMs - write.sinceMs < patienceMs && !write.isSeen()) ?? []
    if (left.length > 0) {
      this.#writes.set(key, left)
      return false
    }
    this.#writes.delete(key)
    return true
  }

  #add(key: string, isSeen: () => boolean): void {
    if (isSeen()) return
    const writes = this.#writes.get(key) ?? []
    writes.push({ isSeen, sinceMs: this.#clock.monotonic() })
    this.#writes.set(key, writes)
  }
}
