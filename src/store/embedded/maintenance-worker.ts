/** The thread that hashes or copies a store's file. It holds one snapshot until it is done. */
import { closeSync, openSync, rmSync } from 'node:fs'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { exportEtcd } from '../snapshots/export-etcd.ts'
import { openReader } from './database.ts'
import { hashHistory } from './history-hash.ts'
import type { MaintenanceAnswer, MaintenanceRequest } from './maintenance.ts'

function maintain(request: MaintenanceRequest): MaintenanceAnswer {
  const db = openReader(request.directory)
  try {
    if (request.type === 'snapshot') {
      // A copy first, which takes a tenth of the time: the log cannot start over while it is read.
      const copy = `${request.file}-copy`
      try {
        // SQLite takes over an empty file, and so its mode.
        closeSync(openSync(copy, 'wx', 0o600))
        db.exec('PRAGMA query_only = 0')
        db.prepare('VACUUM INTO ?').run(copy)
        exportEtcd(copy, request.file)
      } finally {
        for (const name of [copy, `${copy}-journal`]) rmSync(name, { force: true })
      }
      return { type: 'snapshot' }
    }
    const hash = hashHistory(db, request.revision)
    return 'name' in hash ? { type: 'refused', error: hash } : { type: 'hash', hash }
  } finally {
    db.close()
  }
}

// On the main thread it is only compiled, see `main/compiled-modules.ts`.
if (!isMainThread) parentPort!.postMessage(maintain(workerData as MaintenanceRequest))
