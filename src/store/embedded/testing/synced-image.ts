/**
 * What a disk would hold that forgets everything that was not synced: rebuilt from strace's record of a process's writes,
 * truncations and syncs. Renames and removals do not occur in what the tests record before the end of a store.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export const straceArguments = (log: string): string[] => [
  '-f',
  '-y',
  '-xx',
  '-s',
  '1000000',
  '-e',
  'trace=pwrite64,write,ftruncate,fsync,fdatasync',
  '-e',
  'signal=none',
  '-o',
  log,
]

type Change = { readonly offset: number; readonly bytes: Buffer } | { readonly length: number }

class SyncedFile {
  /** Longer than the file: it grows by doubling. */
  #bytes: Buffer
  #length: number
  #pending: Change[] = []

  constructor(bytes = Buffer.alloc(0)) {
    this.#bytes = bytes
    this.#length = bytes.length
  }

  change(change: Change): void {
    this.#pending.push(change)
  }

  sync(): void {
    for (const change of this.#pending) this.#apply(change)
    this.#pending = []
  }

  image(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #apply(change: Change): void {
    const end = 'length' in change ? change.length : change.offset + change.bytes.length
    if (end > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(end, 2 * this.#bytes.length))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    if (!('length' in change)) {
      change.bytes.copy(this.#bytes, change.offset)
      this.#length = Math.max(this.#length, end)
    } else {
      // What is cut off reads as zeros if the file grows again.
      if (end < this.#length) this.#bytes.fill(0, end, this.#length)
      this.#length = end
    }
  }
}

const isData = /store\.db(-wal)?$/

const unhex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex')
const pathOf = (text: string): string => unhex(text).toString() || text

/** A call that strace saw begin and, perhaps later, end. */
interface Begun {
  readonly call: string
  readonly rest: string
}

/**
 * Replays a record line by line. `onOutput` gets what the process wrote to its standard output, at the moment when that
 * write began: everything durable then was synced before.
 */
export class SyncedImage {
  readonly #files = new Map<string, SyncedFile>()
  readonly #begun = new Map<string, Begun>()
  readonly #onOutput: (text: string) => void

  constructor(onOutput: (text: string) => void = () => {}) {
    this.#onOutput = onOutput
  }

  /** Takes over what is there before the record begins, all of it durable. */
  load(directory: string): void {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name)
      if (isData.test(path)) this.#files.set(path, new SyncedFile(readFileSync(path)))
    }
  }

  replay(line: string): void {
    const begin = /^(\d+) +(\w+)\((.*)$/.exec(line)
    if (begin !== null) {
      const [, thread, call, rest] = begin as unknown as [string, string, string, string]
      this.#begins(call, rest)
      if (rest.includes('<unfinished ...>')) this.#begun.set(thread, { call, rest })
      else this.#ends(call, rest, rest)
      return
    }
    const resumed = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/.exec(line)
    const begun = resumed === null ? undefined : this.#begun.get(resumed[1]!)
    if (begun === undefined) return
    this.#begun.delete(resumed![1]!)
    this.#ends(begun.call, begun.rest, resumed![3]!)
  }

  /** Writes the files as they would be after a power cut now. */
  save(directory: string): void {
    mkdirSync(directory, { recursive: true })
    for (const [path, file] of this.#files) {
      if (isData.test(path)) writeFileSync(join(directory, basename(path)), file.image())
    }
  }

  /** Output counts from the moment when its write began: an image taken then holds only what was synced before. */
  #begins(call: string, rest: string): void {
    if (call !== 'write' || !/^1</.test(rest)) return
    const text = /^1<[^>]*>, "((?:\\x..)*)"/.exec(rest)
    if (text !== null) this.#onOutput(unhex(text[1]!).toString())
  }

  #ends(call: string, rest: string, result: string): void {
    if (!/= \d+/.test(result)) return
    const target = /^\d+<([^>]*)>/.exec(rest)
    if (target === null) return
    const path = pathOf(target[1]!)
    let file = this.#files.get(path)
    if (file === undefined) {
      file = new SyncedFile()
      this.#files.set(path, file)
    }
    if (call === 'fsync' || call === 'fdatasync') file.sync()
    else if (call === 'ftruncate') file.change({ length: Number(/>, (\d+)/.exec(rest)![1]) })
    else if (call === 'pwrite64') {
      const [, hex, offset] = /"((?:\\x..)*)", \d+, (\d+)/.exec(rest)!
      file.change({ offset: Number(offset), bytes: unhex(hex!) })
    }
  }
}
