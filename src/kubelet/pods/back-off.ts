/** Growing waits for what keeps failing, by key. */
export interface BackOffOptions {
  readonly initialMs: number
  readonly maxMs: number
  /** After so long without a failure it starts anew. */
  readonly resetMs: number
  /** Bound on keys: the oldest are forgotten. */
  readonly maxKeys?: number
}

interface Entry {
  delayMs: number
  atMs: number
}

/** Upstream's: 10 s doubling to 5 min, forgotten after 10 min. */
export const crashBackOff: BackOffOptions = { initialMs: 10_000, maxMs: 300_000, resetMs: 600_000 }

export class BackOff {
  readonly #options: BackOffOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: BackOffOptions) {
    this.#options = options
  }

  /** Milliseconds still to wait if the last failure was at `eventMs`; 0: go on. */
  remainingMs(key: string, eventMs: number, nowMs: number): number {
    const entry = this.#entries.get(key)
    if (!entry || this.#isOver(entry, eventMs)) return 0
    return Math.max(0, eventMs + entry.delayMs - nowMs)
  }

  /** The current wait of a key, for messages; 0 for none. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0
  }

  /** Notes another attempt after a failure at `eventMs`: the next wait is longer. */
  next(key: string, eventMs: number, nowMs: number): void {
    const entry = this.#entries.get(key)
    const { initialMs, maxMs, maxKeys = 10_000 } = this.#options
    const delayMs = !entry || this.#isOver(entry, eventMs) ? initialMs : Math.min(entry.delayMs * 2, maxMs)
    this.#entries.delete(key)
    this.#entries.set(key, { delayMs, atMs: nowMs })
    if (this.#entries.size > maxKeys)
      for (const oldest of this.#entries.keys()) return void this.#entries.delete(oldest)
  }

  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key)
  }

  #isOver(entry: Entry, eventMs: number): boolean {
    return eventMs - entry.atMs > this.#options.resetMs
  }
}
