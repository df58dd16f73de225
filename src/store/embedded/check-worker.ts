/** The thread that looks through a whole file after a crash. It holds one snapshot until it is done. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { openReader } from './database.ts'

/** SQLITE_CORRUPT, whose extended codes have it in their last byte: the damage is where the check itself must read. */
const sqliteCorrupt = 11
/** Findings reported at most. */
const maxFindings = 10

function check(directory: string): string[] {
  const db = openReader(directory)
  try {
    const findings = db.prepare(`PRAGMA quick_check(${maxFindings})`).all() as { quick_check: string }[]
    return findings.map(row => row.quick_check).filter(finding => finding !== 'ok')
  } catch (error) {
    const { errcode, message } = error as { errcode?: number; message: string }
    if ((errcode ?? 0) % 256 !== sqliteCorrupt) throw error
    return [message]
  } finally {
    db.close()
  }
}

// On the main thread it is only compiled, see `main/compiled-modules.ts`.
if (!isMainThread) parentPort!.postMessage(check((workerData as { directory: string }).directory))
