/** The thread that looks through a whole file after a crash. It holds one snapshot until it is done. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { openReader } from './database.ts'

/** Findings reported at most. */
const maxFindings = 10

function check(directory: string): string[] {
  const db = openReader(directory)
  const findings = db.prepare(`PRAGMA quick_check(${maxFindings})`).all() as { quick_check: string }[]
  db.close()
  return findings.map(row => row.quick_check).filter(finding => finding !== 'ok')
}

// On the main thread it is only compiled, see `main/compiled-modules.ts`.
if (!isMainThread) parentPort!.postMessage(check((workerData as { directory: string }).directory))
