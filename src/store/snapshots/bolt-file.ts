/**
 * Reads bbolt, the file of etcd's database: a tree of pages with sorted keys, where a value may be a tree of its own.
 * https://github.com/etcd-io/bbolt (page.go, bucket.go, meta)
 */
import { closeSync, openSync, readSync } from 'node:fs'
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

export class BoltError extends Error {}

/** Meta pages come first; their place tells nothing of the size of pages, which is between these. */
const pageSizes = [4096, 8192, 16_384, 32_768, 65_536, 1024, 2048]
/** Deeper trees are circles. */
const maxDepth = 64

interface Tree {
  readonly pageSize: number
  readonly root: bigint
}

export class BoltFile {
  readonly #fd: number
  readonly #tree: Tree

  /** Throws BoltError. */
  constructor(file: string) {
    this.#fd = openSync(file, 'r')
    try {
      this.#tree = this.#readMeta()
    } catch (error) {
      closeSync(this.#fd)
      throw error
    }
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** The entries of a bucket in the order of their keys; none where there is no such bucket. Throws BoltError. */
  *bucket(name: string): Generator<Entry> {
    const bucket = this.#find(name)
    if (bucket === undefined) return
    const entries = bucket.root === 0n ? this.#leaves(bucket.inline) : this.#walk(bucket.root, 0)
    for (const entry of entries) if (!entry.isBucket) yield entry
  }

  /** The greatest key of a bucket; undefined where it has none. Throws BoltError. */
  lastKey(name: string): Buffer | undefined {
    const bucket = this.#find(name)
    if (bucket === undefined) return undefined
    return bucket.root === 0n ? [...this.#leaves(bucket.inline)].at(-1)?.key : this.#lastKeyBelow(bucket.root, 0)
  }

  /** A small bucket has no root: it lies within its value, as one page. */
  #find(name: string): { readonly root: bigint; readonly inline: Buffer } | undefined {
    for (const { key, value, isBucket } of this.#walk(this.#tree.root, 0))
      if (isBucket && key.toString() === name) return { root: value.readBigUInt64LE(), inline: value.subarray(16) }
    return undefined
  }

  #lastKeyBelow(page: bigint, depth: number): Buffer | undefined {
    if (depth > maxDepth) throw new BoltError('its pages run in a circle')
    const bytes = this.#readPage(page)
    const flags = bytes.readUInt16LE(8)
    if (flags & PageFlag.leaf) return [...this.#leaves(bytes)].at(-1)?.key
    const count = bytes.readUInt16LE(10)
    if (!(flags & PageFlag.branch) || count === 0) throw new BoltError(`page ${page} is neither branch nor leaf`)
    const last = pageHeaderBytes + (count - 1) * elementBytes
    return this.#lastKeyBelow(bytes.readBigUInt64LE(last + 8), depth + 1)
  }

  /** The newer one of the two that is whole. */
  #readMeta(): Tree {
    const found: (Tree & { readonly transaction: bigint })[] = []
    for (const at of [0, ...pageSizes]) {
      const meta = this.#read(at + pageHeaderBytes, 64)
      if (meta.length < 64 || meta.readUInt32LE() !== boltMagic || meta.readUInt32LE(4) !== boltVersion) continue
      if (meta.readBigUInt64LE(56) !== fnv64a(meta.subarray(0, 56))) continue
      const pageSize = meta.readUInt32LE(8)
      if (at !== 0 && at !== pageSize) continue
      found.push({ pageSize, root: meta.readBigUInt64LE(16), transaction: meta.readBigUInt64LE(48) })
    }
    const newest = found.toSorted((a, b) => (a.transaction < b.transaction ? 1 : -1))[0]
    if (newest === undefined) throw new BoltError('it has no page that describes it')
    return newest
  }

  *#walk(page: bigint, depth: number): Generator<Entry & { readonly isBucket: boolean }> {
    if (depth > maxDepth) throw new BoltError('its pages run in a circle')
    const bytes = this.#readPage(page)
    const flags = bytes.readUInt16LE(8)
    if (flags & PageFlag.leaf) yield* this.#leaves(bytes)
    else if (flags & PageFlag.branch) {
      const count = bytes.readUInt16LE(10)
      for (let i = 0; i < count; i++) {
        yield* this.#walk(bytes.readBigUInt64LE(pageHeaderBytes + i * elementBytes + 8), depth + 1)
      }
    } else throw new BoltError(`page ${page} is neither branch nor leaf`)
  }

  *#leaves(page: Buffer): Generator<Entry & { readonly isBucket: boolean }> {
    const count = page.readUInt16LE(10)
    for (let i = 0; i < count; i++) {
      const at = pageHeaderBytes + i * elementBytes
      const keyAt = at + page.readUInt32LE(at + 4)
      const valueAt = keyAt + page.readUInt32LE(at + 8)
      const end = valueAt + page.readUInt32LE(at + 12)
      if (end > page.length) throw new BoltError('an entry reaches beyond its page')
      const isBucket = (page.readUInt32LE(at) & bucketFlag) !== 0
      yield { key: page.subarray(keyAt, valueAt), value: page.subarray(valueAt, end), isBucket }
    }
  }

  /** With the pages that it continues on. */
  #readPage(page: bigint): Buffer {
    const { pageSize } = this.#tree
    const at = Number(page) * pageSize
    const first = this.#read(at, pageSize)
    if (first.length < pageHeaderBytes || first.readBigUInt64LE() !== page)
      throw new BoltError(`page ${page} is missing`)
    const overflow = first.readUInt32LE(12)
    return overflow === 0 ? first : this.#read(at, (overflow + 1) * pageSize)
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length)
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, length, position))
  }
}
