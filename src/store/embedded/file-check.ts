/** A check of the file in the background, after a process ended without closing it. */
import { statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Logger } from '../../base/log.ts'
import { databaseFile } from './database.ts'

export interface FileCheck {
  /** Ends it, whether it is done or not. */
  stop(): Promise<void>
}

/** A closed store leaves no log behind. Must be asked before the file is opened. */
export const wasLeftOpen = (directory: string): boolean =>
  (statSync(`${databaseFile(directory)}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0

/** Reading the whole file waits until those who came back at once have their answers. */
const checkDelayMs = 1000

/** Serving goes on meanwhile; damage is logged as an error, for a restore from a backup is a decision of people. */
export function checkFile(directory: string, log: Logger): FileCheck {
  let check: FileCheck | undefined
  const timer = setTimeout(() => {
    check = startCheck(directory, log)
  }, checkDelayMs)
  timer.unref()
  return {
    async stop() {
      clearTimeout(timer)
      await check?.stop()
    },
  }
}

function startCheck(directory: string, log: Logger): FileCheck {
  const startMs = performance.now()
  const worker = new Worker(new URL('./check-worker.ts', import.meta.url), {
    workerData: { directory },
    name: 'store-check',
  })
  worker.unref()
  worker.on('message', (findings: string[]) => {
    const durationMs = Math.round(performance.now() - startMs)
    if (findings.length === 0) log.info({ durationMs }, 'the store was not closed; its file is in order')
    else log.error({ directory, findings, durationMs }, 'the store’s file is damaged; restore it from a backup')
  })
  worker.on('error', (error: Error) =>
    log.error({ directory, error: error.message }, 'the store’s file could not be checked'),
  )
  return {
    async stop() {
      await worker.terminate()
    },
  }
}
