/** When a CronJob runs (documentation: "CronJob"): five fields, or a macro as `@hourly`, in a time zone; `@every 1h30m` too. */
import { Cron } from 'croner'

export interface Schedule {
  /** The first time after `epochMs`; undefined if there is none, as on 30 February. */
  next(epochMs: number): number | undefined
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 }

function parseEvery(text: string): number {
  if (!/^(\d+[hms])+$/.test(text)) throw new Error(`failed to parse duration @every ${text}`)
  return [...text.matchAll(/(\d+)([hms])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit!]!, 0)
}

/** Throws on what is no schedule or no time zone. */
export function parseSchedule(text: string, timeZone: string | undefined): Schedule {
  const every = /^@every (.+)$/.exec(text)
  if (every) {
    const periodMs = Math.max(1000, parseEvery(every[1]!))
    return { next: epochMs => Math.floor(epochMs / 1000) * 1000 + periodMs }
  }
  const cron = new Cron(text, {
    paused: true,
    mode: '5-part',
    ...(timeZone === undefined ? {} : { timezone: timeZone }),
  })
  return { next: epochMs => cron.nextRun(new Date(epochMs))?.getTime() }
}

export interface Due {
  /** The newest time not later than now. */
  readonly atMs: number | undefined
  /** Times that passed since `sinceMs`; no more than 101 are counted. */
  readonly missed: number
  readonly nextMs: number | undefined
}

/** Beyond so many missed times upstream warns. */
const maxCounted = 100

/** What is due between `sinceMs` and `nowMs`. */
export function dueAt(schedule: Schedule, sinceMs: number, nowMs: number): Due {
  let atMs: number | undefined
  let missed = 0
  let nextMs = schedule.next(sinceMs)
  while (nextMs !== undefined && nextMs <= nowMs) {
    atMs = nextMs
    missed++
    if (missed > maxCounted) {
      atMs = latestBefore(schedule, atMs, nowMs)
      nextMs = schedule.next(nowMs)
      break
    }
    nextMs = schedule.next(nextMs)
  }
  return { atMs, missed, nextMs }
}

/** The newest time up to now, by halving the span instead of walking through it. */
function latestBefore(schedule: Schedule, fromMs: number, nowMs: number): number {
  let low = fromMs
  let high = nowMs
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2)
    const next = schedule.next(middle)
    if (next !== undefined && next <= nowMs) low = next
    else high = middle
  }
  return low
}
