/** Work on the whole file, in a thread of its own with a connection of its own. */
import { createReadStream, rmSync, statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { HistoryHash, Snapshot } from '../maintained-store.ts'
import { etcdFormatVersion } from '../snapshots/export-etcd.ts'
import type { RefusedError } from './writer-protocol.ts'

export type MaintenanceRequest =
  | { readonly type: 'hash'; readonly directory: string; readonly revision: number }
  /** Writes what there is now into a new file, in etcd's format. */
  | { readonly type: 'snapshot'; readonly directory: string; readonly file: string }

export type MaintenanceAnswer =
  | { readonly type: 'hash'; readonly hash: HistoryHash }
  | { readonly type: 'refused'; readonly error: RefusedError }
  | { readonly type: 'snapshot' }

/** `stop` ends it, whether it is done or not; the answer is then an error. */
export function runMaintenance(request: MaintenanceRequest): {
  readonly answer: Promise<MaintenanceAnswer>
  readonly stop: () => Promise<unknown>
} {
  const { promise, resolve, reject } = Promise.withResolvers<MaintenanceAnswer>()
  promise.catch(() => {})
  const worker = new Worker(new URL('./maintenance-worker.ts', import.meta.url), {
    workerData: request,
    name: 'store-maintenance',
  })
  worker.on('message', resolve)
  worker.on('error', reject)
  worker.on('exit', () => reject(new Error('the maintenance of the store was stopped')))
  return { answer: promise, stop: () => worker.terminate() }
}

export function snapshotOf(file: string): Snapshot {
  return {
    format: etcdFormatVersion,
    totalBytes: statSync(file).size,
    chunks: () => createReadStream(file, { highWaterMark: 64 * 1024 }),
    release: () => rmSync(file, { force: true }),
  }
}
