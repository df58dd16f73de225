/** The thread that looks through a whole file after a crash. It holds one snapshot until it is done. */
import { parentPort, workerData } from 'node:worker_threads'
import { openReader } from './database.ts'

/** Findings reported at most. */
const maxFindings = 10

const db = openReader((workerData as { directory: string }).directory)
const findings = db.prepare(`PRAGMA quick_check(${maxFindings})`).all() as { quick_check: string }[]
db.close()
parentPort!.postMessage(findings.map(row => row.quick_check).filter(finding => finding !== 'ok'))
