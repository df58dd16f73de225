/**
 * Snapshots as files: the database and, behind it, its SHA-256, as `etcdctl snapshot save` writes them. Of our store it is
 * an SQLite file, of an etcd its own.
 */
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export class SnapshotError extends Error {}

export type SnapshotFormat = 'clipper-sqlite-1' | 'etcd'

export interface SnapshotInfo {
  readonly format: SnapshotFormat
  /** Of the database, without its checksum. */
  readonly bytes: number
  readonly sha256: string
}

export const sumBytes = 32
/** SQLite's pages and bbolt's; a file that was cut short rarely ends with one. */
const pageUnit = 512
const sqliteMagic = 'SQLite format 3\0'
/** In bbolt's first page, behind the page's header. */
const boltMagicAt = 16
const boltMagic = 0xed0cdaed

/** What the file is, after its whole checksum was seen to fit. Throws SnapshotError that names what is wrong. */
export async function verifySnapshot(file: string): Promise<SnapshotInfo> {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) throw new SnapshotError(`${file} does not exist`)
  const bytes = size - sumBytes
  if (bytes <= 0 || bytes % pageUnit !== 0) throw new SnapshotError(`${file} has no checksum: it was cut short`)
  const head = readPart(file, 0, 64)
  const format = formatOf(head)
  if (format === undefined) throw new SnapshotError(`${file} is no snapshot of Clipper's store or of etcd`)
  const sum = createHash('sha256')
  for await (const chunk of createReadStream(file, { end: bytes - 1 })) sum.update(chunk as Buffer)
  const digest = sum.digest()
  if (!digest.equals(readPart(file, bytes, sumBytes))) {
    throw new SnapshotError(`${file} is damaged: its checksum does not fit`)
  }
  return { format, bytes, sha256: digest.toString('hex') }
}

export function formatOf(head: Buffer): SnapshotFormat | undefined {
  if (head.toString('latin1').startsWith(sqliteMagic)) return 'clipper-sqlite-1'
  return head.length >= boltMagicAt + 4 && head.readUInt32LE(boltMagicAt) === boltMagic ? 'etcd' : undefined
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

/** The revision of a snapshot of our store; undefined for etcd's. It must have been verified. */
export function revisionOf(file: string, { format }: SnapshotInfo): number | undefined {
  if (format !== 'clipper-sqlite-1') return undefined
  // `immutable`: no log and no lock beside a file that may lie on a read-only disk.
  const db = new DatabaseSync(`file:${encodeURI(file)}?immutable=1`, { readOnly: true })
  try {
    const row = db.prepare('SELECT revision FROM history ORDER BY id DESC LIMIT 1').get()
    return Number(row?.revision ?? 1)
  } finally {
    db.close()
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
