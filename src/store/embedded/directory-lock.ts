/**
 * One opener a directory. The lock is an exclusive lock on a small SQLite file, which the kernel gives up with the process,
 * and which also holds between threads; a `pid` file beside it says who has it.
 */
import { chmodSync, closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export class StoreInUseError extends Error {}

export interface DirectoryLock {
  release(): void
}

function ownerOf(pidFile: string): string {
  try {
    return ` by process ${Number.parseInt(readFileSync(pidFile, 'utf8'), 10)}`
  } catch {
    return ''
  }
}

/** Throws StoreInUseError if another process, or another store in this one, has the directory. It must exist. */
export function lockDirectory(directory: string): DirectoryLock {
  const file = join(directory, 'lock')
  const pidFile = join(directory, 'pid')
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    chmodSync(file, 0o600)
  }
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    // Nothing is ever written to the file, so a full disk cannot keep the store from opening.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if ((error as { errcode?: number }).errcode !== 5) throw error
    throw new StoreInUseError(`the store in ${directory} is already in use${ownerOf(pidFile)}`)
  }
  try {
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  } catch {
    // Only a courtesy to who reads the refusal.
  }
  return {
    release() {
      rmSync(pidFile, { force: true })
      db.close()
    },
  }
}
