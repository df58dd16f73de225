/** Time as a dependency, so that what decides can run under a simulated clock. All times are milliseconds. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds that never go back; only differences mean anything. */
  monotonic(): number
  /** Runs `run` once after `delayMs`. The timer never keeps a process alive. */
  after(delayMs: number, run: () => void): Timer
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const timer = startTimer(delayMs, run, true)
    return { cancel: () => clearTimeout(timer.current) }
  },
}

/** Node's timers fire at once for a longer delay. */
const maxTimerMs = 2 ** 31 - 1

function startTimer(delayMs: number, run: () => void, unref: boolean): { current: NodeJS.Timeout } {
  const start = (leftMs: number): NodeJS.Timeout => {
    const timer =
      leftMs > maxTimerMs
        ? setTimeout(() => {
            held.current = start(leftMs - maxTimerMs)
          }, maxTimerMs)
        : setTimeout(run, leftMs)
    return unref ? timer.unref() : timer
  }
  const held = { current: start(delayMs) }
  return held
}

/** Resolves after `delayMs` of the clock, or as soon as the signal aborts. */
export const pause = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) return resolve()
    const end = () => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(delayMs, end)
    signal.addEventListener('abort', end, { once: true })
  })

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. Keeps the process alive. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      clearTimeout(timer.current)
      reject(signal?.reason)
    }
    const timer = startTimer(
      delayMs,
      () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      },
      false,
    )
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
