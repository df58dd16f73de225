/** Events that could not wait to be written: counted, and told of now and then. */
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'

const tellMs = 10_000

export class LostEvents {
  readonly #clock: Clock
  readonly #log: Logger
  #count = 0
  #timer: Timer | undefined

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = clock
    this.#log = log
  }

  add(): void {
    this.#count++
    this.#timer ??= this.#clock.after(tellMs, () => this.#tell())
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #tell(): void {
    this.#log.warn({ events: this.#count }, 'events dropped: too many wait to be written')
    this.#count = 0
    this.#timer = undefined
  }
}
