/** When leases run out. A restart gives every lease its full time again, as a change of etcd's leader does. */
import type { Clock, Timer } from '../../base/clock.ts'
import { type LeaseId, LeaseNotFoundError } from '../store.ts'

/** Longest delay of a timer; a longer lease is looked at again then. */
const maxDelayMs = 2 ** 31 - 1
/** After a revocation that failed, as on a full disk. */
const retryDelayMs = 1000

interface Held {
  readonly ttlMs: number
  expiresAt: number
  timer: Timer
}

export class LeaseKeeper {
  readonly #clock: Clock
  readonly #revoke: (lease: LeaseId) => Promise<void>
  readonly #held = new Map<LeaseId, Held>()

  /** `revoke` deletes a lease with its keys. */
  constructor(clock: Clock, revoke: (lease: LeaseId) => Promise<void>) {
    this.#clock = clock
    this.#revoke = revoke
  }

  get size(): number {
    return this.#held.size
  }

  has(lease: LeaseId): boolean {
    return this.#held.has(lease)
  }

  add(lease: LeaseId, ttlSeconds: number): void {
    const ttlMs = ttlSeconds * 1000
    this.#held.set(lease, { ttlMs, expiresAt: this.#clock.monotonic() + ttlMs, timer: this.#arm(lease, ttlMs) })
  }

  /** Returns the seconds that it has now. */
  renew(lease: LeaseId): number {
    const held = this.#held.get(lease)
    if (held === undefined) throw new LeaseNotFoundError()
    held.expiresAt = this.#clock.monotonic() + held.ttlMs
    return held.ttlMs / 1000
  }

  ids(): LeaseId[] {
    return [...this.#held.keys()]
  }

  status(lease: LeaseId): { readonly grantedTtlSeconds: number; readonly remainingTtlSeconds: number } | undefined {
    const held = this.#held.get(lease)
    if (held === undefined) return undefined
    const leftMs = Math.max(0, held.expiresAt - this.#clock.monotonic())
    return { grantedTtlSeconds: held.ttlMs / 1000, remainingTtlSeconds: Math.floor(leftMs / 1000) }
  }

  forget(lease: LeaseId): void {
    this.#held.get(lease)?.timer.cancel()
    this.#held.delete(lease)
  }

  stop(): void {
    for (const lease of [...this.#held.keys()]) this.forget(lease)
  }

  #arm(lease: LeaseId, delayMs: number): Timer {
    return this.#clock.after(Math.min(delayMs, maxDelayMs), () => this.#check(lease))
  }

  #check(lease: LeaseId): void {
    const held = this.#held.get(lease)
    if (held === undefined) return
    const left = held.expiresAt - this.#clock.monotonic()
    if (left > 0) {
      held.timer = this.#arm(lease, left)
      return
    }
    this.#revoke(lease).catch(error => {
      if (error instanceof LeaseNotFoundError) this.forget(lease)
      else if (this.#held.has(lease)) held.timer = this.#arm(lease, retryDelayMs)
    })
  }
}
