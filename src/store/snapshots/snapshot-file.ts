/** Snapshots as files: a database of etcd's format and, behind it, its SHA-256, as `etcdctl snapshot save` writes them. */
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { boltMagic, pageHeaderBytes } from './bolt-format.ts'
import { EtcdHistory } from './etcd-history.ts'

export class SnapshotError extends Error {}

export interface SnapshotInfo {
  /** Of the database, without its checksum. */
  readonly bytes: number
  readonly sha256: string
}

export const sumBytes = 32
/** Pages are multiples of it; a file that was cut short rarely ends with one. */
const pageUnit = 512

/** What the file is, after its whole checksum was seen to fit. Throws SnapshotError that names what is wrong. */
export async function verifySnapshot(file: string): Promise<SnapshotInfo> {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) throw new SnapshotError(`${file} does not exist`)
  const bytes = size - sumBytes
  if (bytes <= 0 || bytes % pageUnit !== 0) throw new SnapshotError(`${file} has no checksum: it was cut short`)
  const head = readPart(file, 0, 64)
  if (head.length < pageHeaderBytes + 4 || head.readUInt32LE(pageHeaderBytes) !== boltMagic) {
    throw new SnapshotError(`${file} is no snapshot of a store`)
  }
  const sum = createHash('sha256')
  for await (const chunk of createReadStream(file, { end: bytes - 1 })) sum.update(chunk as Buffer)
  const digest = sum.digest()
  if (!digest.equals(readPart(file, bytes, sumBytes))) {
    throw new SnapshotError(`${file} is damaged: its checksum does not fit`)
  }
  return { bytes, sha256: digest.toString('hex') }
}

function readPart(file: string, position: number, length: number): Buffer {
  const fd = openSync(file, 'r')
  try {
    const part = Buffer.alloc(length)
    return part.subarray(0, readSync(fd, part, 0, length, position))
  } finally {
    closeSync(fd)
  }
}

/** The revision of a snapshot that was verified. */
export function revisionOf(file: string): number {
  const history = new EtcdHistory(file)
  try {
    return history.revision()
  } finally {
    history.close()
  }
}

/**
 * Lets `write` fill a new file beside `target`, closes it with its checksum unless it has one, verifies it and gives it its
 * name: what has the name is whole.
 */
export async function writeSnapshot(
  target: string,
  hasSum: boolean,
  write: (part: string) => Promise<void>,
): Promise<SnapshotInfo> {
  const part = `${target}.part`
  rmSync(part, { force: true })
  try {
    await write(part)
    if (!hasSum) await appendSum(part)
    const info = await verifySnapshot(part)
    sync(part)
    renameSync(part, target)
    sync(dirname(target))
    return info
  } catch (error) {
    throw error instanceof SnapshotError ? new SnapshotError(error.message.replace(part, target)) : error
  } finally {
    rmSync(part, { force: true })
  }
}

async function appendSum(file: string): Promise<void> {
  const sum = createHash('sha256')
  for await (const chunk of createReadStream(file)) sum.update(chunk as Buffer)
  const handle = await open(file, 'a')
  try {
    await handle.write(sum.digest())
  } finally {
    await handle.close()
  }
}

export function sync(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
