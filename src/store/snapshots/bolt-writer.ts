/** Writes a whole bbolt file from sorted entries, front to back: leaves as they come, then the branches above them. */
import { closeSync, openSync, writeSync } from 'node:fs'
import {
  boltMagic,
  boltVersion,
  bucketFlag,
  type Entry,
  elementBytes,
  fnv64a,
  PageFlag,
  pageHeaderBytes,
} from './bolt-format.ts'

const pageSize = 4096
/** Meta pages and an empty list of free pages come first. */
const firstPage = 3
const freelistFlag = 0x10
/** Written in pieces of about this size. */
const bufferedBytes = 1 << 20

interface Child {
  readonly key: Buffer
  readonly page: number
}

export class BoltWriter {
  readonly #fd: number
  readonly #buckets = new Map<string, number>()
  #nextPage = firstPage
  #buffered: Buffer[] = []
  #bufferedBytes = 0
  #writtenPages = firstPage

  constructor(file: string) {
    this.#fd = openSync(file, 'wx', 0o600)
  }

  /** Keys must rise. */
  bucket(name: string, entries: Iterable<Entry>): void {
    let level: Child[] = []
    let some: Entry[] = []
    let bytes = pageHeaderBytes
    const flush = () => {
      level.push({ key: Buffer.from(some[0]!.key), page: this.#append(leafPage(some)) })
      some = []
      bytes = pageHeaderBytes
    }
    for (const entry of entries) {
      const size = elementBytes + entry.key.length + entry.value.length
      if (some.length > 0 && bytes + size > pageSize) flush()
      some.push(entry)
      bytes += size
    }
    if (some.length > 0) flush()
    while (level.length > 1) level = this.#branches(level)
    // An empty one lies within its value.
    this.#buckets.set(name, level[0]?.page ?? 0)
  }

  /** Writes what describes the file, and closes it. */
  close(): void {
    const entries = [...this.#buckets]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, root]) => ({ key: Buffer.from(name), value: bucketValue(root) }))
    const root = this.#append(leafPage(entries, bucketFlag))
    this.#flush()
    const head = Buffer.alloc(firstPage * pageSize)
    for (const page of [0, 1]) metaPage(page, root, this.#nextPage).copy(head, page * pageSize)
    header(2, freelistFlag, 0, 0).copy(head, 2 * pageSize)
    writeSync(this.#fd, head, 0, head.length, 0)
    closeSync(this.#fd)
  }

  /** Of who gives up. */
  abandon(): void {
    closeSync(this.#fd)
  }

  #branches(children: readonly Child[]): Child[] {
    const parents: Child[] = []
    let some: Child[] = []
    let bytes = pageHeaderBytes
    const flush = () => {
      parents.push({ key: some[0]!.key, page: this.#append(branchPage(some)) })
      some = []
      bytes = pageHeaderBytes
    }
    for (const child of children) {
      const size = elementBytes + child.key.length
      if (bytes + size > pageSize) flush()
      some.push(child)
      bytes += size
    }
    flush()
    return parents
  }

  /** Gives the page its number. */
  #append(page: Buffer): number {
    const number = this.#nextPage
    page.writeBigUInt64LE(BigInt(number))
    this.#nextPage += page.length / pageSize
    this.#buffered.push(page)
    this.#bufferedBytes += page.length
    if (this.#bufferedBytes >= bufferedBytes) this.#flush()
    return number
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#buffered, this.#bufferedBytes)
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#writtenPages * pageSize + at)
    }
    this.#writtenPages += bytes.length / pageSize
    this.#buffered = []
    this.#bufferedBytes = 0
  }
}

function header(page: number, flags: number, count: number, overflow: number): Buffer {
  const bytes = Buffer.alloc(pageHeaderBytes)
  bytes.writeBigUInt64LE(BigInt(page))
  bytes.writeUInt16LE(flags, 8)
  bytes.writeUInt16LE(count, 10)
  bytes.writeUInt32LE(overflow, 12)
  return bytes
}

/** As many pages as it takes. */
function leafPage(entries: readonly Entry[], flags = 0): Buffer {
  const data = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
  const pages = Math.ceil((pageHeaderBytes + entries.length * elementBytes + data) / pageSize)
  const bytes = Buffer.alloc(pages * pageSize)
  header(0, PageFlag.leaf, entries.length, pages - 1).copy(bytes)
  let dataAt = pageHeaderBytes + entries.length * elementBytes
  entries.forEach(({ key, value }, i) => {
    const at = pageHeaderBytes + i * elementBytes
    bytes.writeUInt32LE(flags, at)
    bytes.writeUInt32LE(dataAt - at, at + 4)
    bytes.writeUInt32LE(key.length, at + 8)
    bytes.writeUInt32LE(value.length, at + 12)
    bytes.set(key, dataAt)
    bytes.set(value, dataAt + key.length)
    dataAt += key.length + value.length
  })
  return bytes
}

function branchPage(children: readonly Child[]): Buffer {
  const bytes = Buffer.alloc(pageSize)
  header(0, PageFlag.branch, children.length, 0).copy(bytes)
  let dataAt = pageHeaderBytes + children.length * elementBytes
  children.forEach(({ key, page }, i) => {
    const at = pageHeaderBytes + i * elementBytes
    bytes.writeUInt32LE(dataAt - at, at)
    bytes.writeUInt32LE(key.length, at + 4)
    bytes.writeBigUInt64LE(BigInt(page), at + 8)
    bytes.set(key, dataAt)
    dataAt += key.length
  })
  return bytes
}

function bucketValue(root: number): Buffer {
  const value = Buffer.alloc(16)
  value.writeBigUInt64LE(BigInt(root))
  return root === 0 ? Buffer.concat([value, header(0, PageFlag.leaf, 0, 0)]) : value
}

function metaPage(page: number, root: number, pages: number): Buffer {
  const meta = Buffer.alloc(64)
  meta.writeUInt32LE(boltMagic)
  meta.writeUInt32LE(boltVersion, 4)
  meta.writeUInt32LE(pageSize, 8)
  meta.writeBigUInt64LE(BigInt(root), 16)
  meta.writeBigUInt64LE(2n, 32)
  meta.writeBigUInt64LE(BigInt(pages), 40)
  meta.writeBigUInt64LE(BigInt(page), 48)
  meta.writeBigUInt64LE(fnv64a(meta.subarray(0, 56)), 56)
  return Buffer.concat([header(page, 4, 0, 0), meta])
}
