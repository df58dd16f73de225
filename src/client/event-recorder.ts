/**
 * Events of a component, as `kubectl describe` shows them. Equal events are counted on one object, similar ones are
 * combined, and a source of too many is cut off (client-go's EventCorrelator). Recording never waits and never fails.
 */
import { Event } from '../api/core/v1/event.ts'
import type { ObjectReference } from '../api/core/v1/object-reference.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { ApiError, isNotFound } from '../machinery/api-error.ts'
import type { Client } from './client.ts'
import { LostEvents } from './lost-events.ts'
import { timeOf } from './timestamps.ts'

export interface EventRecorderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  /** Shown as the event's source, as `deployment-controller`. */
  readonly component: string
  readonly host?: string
}

export interface RecordedObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly namespace?: string
    readonly name: string
    readonly uid?: string
    readonly resourceVersion?: string
  }
}

/** client-go's numbers: queue of 1000, 4096 remembered, 25 at once and then one in 5 minutes for each object, 10 similar in 10 minutes. */
const maxQueued = 1000
const maxRemembered = 4096
const burst = 25
const refillMs = 300_000
const maxSimilar = 10
const similarMs = 600_000
/** Attempts to write one event while the server cannot be reached. */
const maxAttempts = 12

interface Known {
  readonly name: string
  readonly namespace: string
  readonly firstTimestamp: string
  count: number
}
interface Bucket {
  tokens: number
  atMs: number
}
interface Similar {
  messages: Set<string>
  atMs: number
}
interface Entry {
  readonly event: Event
  readonly key: string
}

export const referenceTo = (object: RecordedObject, fieldPath?: string): ObjectReference => ({
  kind: object.kind,
  apiVersion: object.apiVersion,
  name: object.metadata.name,
  ...(object.metadata.namespace ? { namespace: object.metadata.namespace } : {}),
  ...(object.metadata.uid ? { uid: object.metadata.uid } : {}),
  ...(object.metadata.resourceVersion ? { resourceVersion: object.metadata.resourceVersion } : {}),
  ...(fieldPath === undefined ? {} : { fieldPath }),
})

/** client-go ends the name with the time in nanoseconds; ours counts below the millisecond, so that no two are the same. */
export const eventName = ({ name = '' }: ObjectReference, nowMs: number, serial: number): string =>
  `${name}.${(BigInt(nowMs) * 1_000_000n + BigInt(serial % 1_000_000)).toString(16)}`

export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #known = new Map<string, Known>()
  readonly #buckets = new Map<string, Bucket>()
  readonly #similar = new Map<string, Similar>()
  readonly #queue: Entry[] = []
  readonly #lost: LostEvents
  #writing: Promise<void> | undefined
  #stopped = false
  #serial = 0

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#lost = new LostEvents(options)
  }

  /** `fieldPath` names a part, as `spec.containers{web}`. */
  record(
    object: RecordedObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    fieldPath?: string,
  ): void {
    this.recordAbout(referenceTo(object, fieldPath), type, reason, message)
  }

  recordAbout(about: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.#stopped || !this.#admit(about, type)) return
    if (this.#queue.length >= maxQueued) {
      this.#lost.add()
      return
    }
    const { component, host } = this.#options
    const nowMs = this.#options.clock.now()
    const { apiVersion, kind, namespace, name, uid, fieldPath } = about
    const group = JSON.stringify([apiVersion, kind, namespace, name, uid, type, reason])
    const combined = this.#combine(group, message)
    const text = combined ? `(combined from similar events): ${message}` : message
    const now = timeOf(nowMs)
    this.#serial++
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: eventName(about, nowMs, this.#serial),
        namespace: about.namespace ?? 'default',
      },
      involvedObject: about,
      reason,
      message: text.length > 1024 ? text.slice(0, 1024) : text,
      source: { component, ...(host === undefined ? {} : { host }) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      reportingComponent: component,
      reportingInstance: host ?? '',
    } as Event
    this.#queue.push({ event, key: combined ? group : JSON.stringify([group, fieldPath, message]) })
    this.#writing ??= this.#write()
  }

  /** Resolves when everything recorded so far is written or given up. */
  async flush(): Promise<void> {
    await this.#writing
  }

  stop(): void {
    this.#stopped = true
    this.#queue.length = 0
    this.#lost.stop()
  }

  #admit({ apiVersion, kind, namespace, name, uid }: ObjectReference, type: string): boolean {
    const key = JSON.stringify([apiVersion, kind, namespace, name, uid, type])
    const nowMs = this.#options.clock.monotonic()
    const bucket = touch(this.#buckets, key, () => ({ tokens: burst, atMs: nowMs }))
    bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) / refillMs)
    bucket.atMs = nowMs
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }

  #combine(group: string, message: string): boolean {
    const nowMs = this.#options.clock.monotonic()
    const similar = touch(this.#similar, group, () => ({ messages: new Set<string>(), atMs: nowMs }))
    if (nowMs - similar.atMs > similarMs) similar.messages = new Set()
    similar.atMs = nowMs
    similar.messages.add(message)
    if (similar.messages.size < maxSimilar) return false
    // The messages from before go on being counted on their own events.
    similar.messages.delete(message)
    return true
  }

  async #write(): Promise<void> {
    for (let entry = this.#queue.shift(); entry; entry = this.#queue.shift()) {
      for (let attempt = 1; attempt <= maxAttempts && !this.#stopped; attempt++) {
        try {
          await this.#send(entry)
          break
        } catch (error) {
          if (error instanceof ApiError) {
            this.#options.log.debug({ reason: entry.event.reason, error: error.message }, 'event refused')
            break
          }
          await new Promise<void>(resolve => this.#options.clock.after(10_000, resolve))
        }
      }
    }
    this.#writing = undefined
  }

  async #send({ event, key }: Entry): Promise<void> {
    const events = this.#options.client.of(Event)
    const known = this.#known.get(key)
    if (known) {
      known.count++
      const { count, firstTimestamp } = known
      const { lastTimestamp, message } = event
      try {
        await events.patch(known.namespace, known.name, 'strategic', { count, lastTimestamp, firstTimestamp, message })
        touch(this.#known, key, () => known)
        return
      } catch (error) {
        // Events live for an hour; a new one goes on with the count.
        if (!isNotFound(error)) throw error
      }
    }
    const count = known?.count ?? 1
    const firstTimestamp = known?.firstTimestamp ?? event.firstTimestamp ?? ''
    const { namespace, name } = event.metadata
    await events.create(namespace, { ...event, count, firstTimestamp })
    this.#known.delete(key)
    touch(this.#known, key, () => ({ name, namespace, firstTimestamp, count }))
  }
}

/** The entry of a key, made if absent, moved to the end; the oldest goes when there are too many. */
function touch<V>(map: Map<string, V>, key: string, make: () => V): V {
  const value = map.get(key) ?? make()
  map.delete(key)
  map.set(key, value)
  if (map.size > maxRemembered) {
    for (const oldest of map.keys()) {
      map.delete(oldest)
      break
    }
  }
  return value
}
