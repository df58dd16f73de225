/** Snapshots of the cluster's store at the times of a cron line, the oldest ones removed. */
import { join } from 'node:path'
import { Cron } from 'croner'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { type SnapshotSource, saveSnapshot } from '../store/snapshots/save-snapshot.ts'
import { prepareSnapshotDirectory, pruneSnapshots, snapshotName } from '../store/snapshots/snapshot-directory.ts'

export interface SnapshotSchedule {
  /** Five fields, in local time. */
  readonly cron: string
  readonly retention: number
  readonly directory: string
  readonly cluster: string
  readonly source: SnapshotSource
  readonly clock: Clock
  readonly log: Logger
}

/** A timer takes no more; it also notices within a day that the time of day was set. */
const longestWaitMs = 86_400_000

/** Returns what ends it; a snapshot under way is finished first. */
export function scheduleSnapshots(schedule: SnapshotSchedule): () => Promise<void> {
  const { clock } = schedule
  const cron = new Cron(schedule.cron, { paused: true })
  let timer: Timer | undefined
  let taking: Promise<void> = Promise.resolve()
  let isOver = false
  const wait = (dueMs: number): void => {
    timer = clock.after(Math.min(longestWaitMs, Math.max(0, dueMs - clock.now())), () => {
      if (clock.now() < dueMs) wait(dueMs)
      else
        taking = take(schedule).then(() => {
          if (!isOver) waitForNext()
        })
    })
  }
  const waitForNext = (): void => {
    const next = cron.nextRun(new Date(clock.now()))
    if (next !== null) wait(next.getTime())
  }
  waitForNext()
  return async () => {
    isOver = true
    timer?.cancel()
    await taking
  }
}

async function take({ directory, cluster, source, retention, clock, log }: SnapshotSchedule): Promise<void> {
  const file = join(directory, snapshotName(cluster, new Date(clock.now())))
  const startMs = clock.monotonic()
  try {
    prepareSnapshotDirectory(directory)
    const { bytes } = await saveSnapshot(source, file)
    const removed = pruneSnapshots(directory, retention).map(({ name }) => name)
    log.info({ file, bytes, durationMs: Math.round(clock.monotonic() - startMs), removed }, 'took a snapshot')
  } catch (error) {
    log.error({ file, error: (error as Error).message }, 'no snapshot could be taken')
  }
}
