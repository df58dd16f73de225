/** A store made from a snapshot: the database file with its SHA-256 behind it. */
import { createHash } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { databaseFile, prepareDirectory } from './database.ts'

export class SnapshotError extends Error {}

const sumBytes = 32
/** SQLite's pages; a file that was cut short rarely ends with one. */
const pageUnit = 512

/** Throws SnapshotError: the file is cut short or changed, or the directory has a store already. Leaves nothing then. */
export async function restoreSnapshot(file: string, directory: string): Promise<void> {
  const target = databaseFile(directory)
  if (existsSync(target)) throw new SnapshotError(`${directory} has a store already`)
  const bytes = statSync(file, { throwIfNoEntry: false })?.size
  if (bytes === undefined) throw new SnapshotError(`${file} does not exist`)
  const length = bytes - sumBytes
  if (length <= 0 || length % pageUnit !== 0) throw new SnapshotError(`${file} has no checksum: it was cut short`)
  prepareDirectory(directory)
  const part = `${target}.tmp`
  try {
    const sum = createHash('sha256')
    const summing = new Transform({
      transform(chunk, _encoding, done) {
        sum.update(chunk)
        done(null, chunk)
      },
    })
    await pipeline(createReadStream(file, { end: length - 1 }), summing, createWriteStream(part, { mode: 0o600 }))
    if (!sum.digest().equals(await lastBytes(file, length))) {
      throw new SnapshotError(`${file} is damaged: its checksum does not fit`)
    }
    sync(part)
    renameSync(part, target)
    sync(directory)
  } finally {
    rmSync(part, { force: true })
  }
}

async function lastBytes(file: string, position: number): Promise<Buffer> {
  const handle = await open(file)
  try {
    return (await handle.read(Buffer.alloc(sumBytes), 0, sumBytes, position)).buffer
  } finally {
    await handle.close()
  }
}

function sync(path: string): void {
  const fd = openSync(path, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
