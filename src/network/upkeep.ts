/** Keeps a part of the kernel equal to what is wanted of it: one application at a time, repeated after a failure. */
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'

export interface UpkeepOptions<T> {
  /** What is wanted now; undefined: not known yet, and all stays as it is. */
  wanted(): T | undefined
  apply(wanted: T): Promise<void>
  /** Logged with the error when it could not be applied. */
  readonly failure: string
  readonly clock: Clock
  readonly log: Logger
  /** Applied again so long after it was, in case another program changed the kernel; absent: never. */
  readonly checkMs?: number
}

export interface Upkeep {
  /** Something may be wanted that was not before. */
  wake(): void
  stop(): void
}

const retryMs = 1000

export function startUpkeep<T>({ wanted, apply, failure, clock, log, checkMs }: UpkeepOptions<T>): Upkeep {
  /** undefined: what the kernel holds is not known. */
  let applied: T | undefined
  let working = false
  let stopped = false
  let timer: Timer | undefined

  async function sync(): Promise<void> {
    if (working || stopped) return
    working = true
    try {
      for (let next = wanted(); next !== undefined && !isDeepStrictEqual(next, applied) && !stopped; next = wanted()) {
        await apply(next)
        applied = next
        if (checkMs !== undefined) again(checkMs)
      }
    } catch (error) {
      log.error({ err: error }, failure)
      applied = undefined
      again(retryMs)
    } finally {
      working = false
    }
  }
  function again(delayMs: number): void {
    timer?.cancel()
    if (stopped) return
    timer = clock.after(delayMs, () => {
      applied = undefined
      void sync()
    })
  }
  return {
    wake: () => void sync(),
    stop() {
      stopped = true
      timer?.cancel()
    },
  }
}
