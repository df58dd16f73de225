/** A watch whose events are decrypted on their way, in order, also where some wait for a key. */
import type { StoreEvent, WatchHandler } from '../store.ts'
import { SecretNeededError } from './kms-provider.ts'

/** Events that may wait for a key; with more the watch ends, and is begun anew by whoever wants it. */
const maxWaitingEvents = 10_000

export class PlainWatch implements WatchHandler {
  readonly #handler: WatchHandler
  readonly #plainEvent: (event: StoreEvent) => StoreEvent
  /** Steps that came while one waits for its key. */
  #turn: Promise<void> | undefined
  #waitingEvents = 0
  #ended = false
  /** Closes the watch below. */
  stop: () => void = () => {}

  /** `plainEvent` throws SecretNeededError, or why the event cannot be read. */
  constructor(handler: WatchHandler, plainEvent: (event: StoreEvent) => StoreEvent) {
    this.#handler = handler
    this.#plainEvent = plainEvent
  }

  events(events: readonly StoreEvent[], revision: number): void {
    if (this.#waitingEvents + events.length > maxWaitingEvents && this.#turn !== undefined) {
      this.#fail(new Error('too many events wait for the key of one'))
    } else this.#inTurn(() => this.#deliver(events, revision, []), events.length)
  }

  progress(revision: number): void {
    this.#inTurn(() => this.#handler.progress(revision), 0)
  }

  ended(error: Error): void {
    this.#inTurn(() => this.#fail(error), 0)
  }

  close(): void {
    this.#ended = true
    this.stop()
  }

  #fail(error: Error): void {
    if (this.#ended) return
    this.close()
    this.#handler.ended(error)
  }

  #inTurn(step: () => Promise<void> | void, events: number): void {
    if (this.#ended) return
    if (this.#turn === undefined) {
      const waits = step()
      if (waits) this.#wait(waits)
      return
    }
    this.#waitingEvents += events
    this.#wait(
      this.#turn.then(() => {
        this.#waitingEvents -= events
        return this.#ended ? undefined : step()
      }),
    )
  }

  #wait(turn: Promise<void>): void {
    const own: Promise<void> = turn.then(() => {
      if (this.#turn === own) this.#turn = undefined
    })
    this.#turn = own
  }

  /** Returns a promise only where a key is missing. */
  #deliver(events: readonly StoreEvent[], revision: number, plain: StoreEvent[]): Promise<void> | undefined {
    if (this.#ended) return undefined
    try {
      while (plain.length < events.length) plain.push(this.#plainEvent(events[plain.length]!))
    } catch (error) {
      if (error instanceof SecretNeededError) {
        return error.known.then(
          () => this.#deliver(events, revision, plain),
          cause => this.#fail(cause),
        )
      }
      this.#fail(error as Error)
      return undefined
    }
    this.#handler.events(plain, revision)
    return undefined
  }
}
