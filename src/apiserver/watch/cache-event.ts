/** One change of one object, shared by every watcher of its kind together with what was encoded for them. */
import type { StoredObject } from '../registry/stored-object.ts'

export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED'

export class CacheEvent {
  readonly revision: number
  /** Undefined on a deletion. */
  readonly current: StoredObject | undefined
  /** Undefined on a creation. */
  readonly previous: StoredObject | undefined
  /** Monotonic time at which the history took it in. */
  arrivedMs = 0
  #gone: StoredObject | undefined
  #frames: Map<string, Buffer> | undefined

  constructor(revision: number, current: StoredObject | undefined, previous: StoredObject | undefined) {
    this.revision = revision
    this.current = current
    this.previous = previous
  }

  /** The previous value under this event's revision, as deletions are reported. */
  get gone(): StoredObject {
    if (!this.previous) throw new Error('an event without a previous value has nothing that is gone')
    this.#gone ??= this.previous.at(this.revision)
    return this.#gone
  }

  /** The frame of one form, made at most once while the event is in the history. */
  frame(key: string, make: () => Buffer): Buffer {
    this.#frames ??= new Map()
    let frame = this.#frames.get(key)
    if (!frame) {
      frame = make()
      this.#frames.set(key, frame)
    }
    return frame
  }

  /** Frames are only worth keeping while watchers are being served; the history keeps the objects alone. */
  dropFrames(): void {
    this.#frames = undefined
  }

  /** What was derived for those who were told is hardly asked for again. */
  forgetForms(): void {
    for (const stored of [this.previous, this.#gone]) if (stored) stored.owner.forms.forget(stored)
  }

  get bytes(): number {
    return (this.current?.bytes.length ?? 0) + (this.previous?.bytes.length ?? 0) + 200
  }
}
