/** A store made from a snapshot of one. */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { databaseFile, prepareDirectory } from '../embedded/database.ts'
import { BoltError } from './bolt-file.ts'
import { importEtcd } from './import-etcd.ts'
import { SnapshotError, sync, verifySnapshot } from './snapshot-file.ts'

export interface RestoreOptions {
  /**
   * Added to the revision, and everything before it counts as compacted: whoever has seen revisions that came after the
   * snapshot begins anew, and never takes an old revision for a new one.
   */
  readonly revisionGap?: number
}

/** A key outside of everything that anybody lists. */
const markerKey = '\0restored'

/** Throws SnapshotError: the file is cut short or changed, or the directory has a store already. Leaves nothing then. */
export async function restoreSnapshot(
  file: string,
  directory: string,
  { revisionGap = 0 }: RestoreOptions = {},
): Promise<{ readonly revision: number }> {
  const target = databaseFile(directory)
  if (existsSync(target)) throw new SnapshotError(`${directory} has a store already`)
  await verifySnapshot(file)
  prepareDirectory(directory)
  const part = `${target}.tmp`
  try {
    rmSync(part, { force: true })
    readEtcd(file, part)
    const revision = openUp(part, revisionGap)
    sync(part)
    renameSync(part, target)
    sync(directory)
    return { revision }
  } finally {
    for (const name of [part, `${part}-journal`]) rmSync(name, { force: true })
  }
}

function readEtcd(file: string, part: string): void {
  try {
    importEtcd(file, part)
  } catch (error) {
    if (!(error instanceof BoltError)) throw error
    throw new SnapshotError(`${file} cannot be read: ${error.message}`)
  }
}

/** Returns the revision of the restored store. The newest row carries it: a tombstone of a key that never was. */
function openUp(file: string, gap: number): number {
  const db = new DatabaseSync(file)
  try {
    const newest = db.prepare('SELECT id, revision FROM history ORDER BY id DESC LIMIT 1').get()
    const revision = Number(newest?.revision ?? 1) + gap
    if (gap === 0) return revision
    db.exec('BEGIN')
    db.prepare('INSERT INTO history VALUES (?, ?, ?, 0, 0, 0, 1, 0, ?)').run(
      Number(newest?.id ?? 0) + 1,
      markerKey,
      revision,
      new Uint8Array(0),
    )
    db.prepare('UPDATE compaction SET revision = ?').run(revision)
    db.exec('COMMIT')
    return revision
  } finally {
    db.close()
  }
}
