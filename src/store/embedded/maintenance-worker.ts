/** The thread that hashes or copies a store's file. It holds one snapshot until it is done. */
import { closeSync, openSync } from 'node:fs'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { openReader } from './database.ts'
import { hashHistory } from './history-hash.ts'
import type { MaintenanceAnswer, MaintenanceRequest } from './maintenance.ts'

function maintain(request: MaintenanceRequest): MaintenanceAnswer {
  const db = openReader(request.directory)
  try {
    if (request.type === 'snapshot') {
      // SQLite takes over an empty file, and so its mode.
      closeSync(openSync(request.file, 'wx', 0o600))
      db.exec('PRAGMA query_only = 0')
      db.prepare('VACUUM INTO ?').run(request.file)
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
