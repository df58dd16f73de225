/**
 * Lists in gzip, put together of runs of items that are compressed once. A run ends where the version of an object says so,
 * not after a number of items: a change of one object leaves the runs around it as they are, and a page or another list
 * meets the same ones. They are kept among the derived forms of their first object.
 */
import { promisify } from 'node:util'
import { constants, crc32, deflateRaw } from 'node:zlib'
import type { StoredObject } from '../registry/stored-object.ts'
import { combineCrc, crcShift } from './crc32-combine.ts'
import type { Form, ListMetaJson } from './form.ts'
import type { ListParts } from './list-parts.ts'

/** One object in so many ends a run, a power of two. */
const meanRun = 128
const maxRun = 256
const maxRunBytes = 524_288
/** Upstream's level: speed before size. */
const level = 1
/** Runs leave together until they are so many bytes. */
const stepBytes = 49_152

const deflate = promisify(deflateRaw)

/** Raw deflate, ending with a byte, so that more can follow. */
interface Deflated {
  readonly bytes: Buffer
  /** Of what is compressed, its length and what that shifts a CRC by. */
  readonly crc: number
  readonly length: number
  readonly shift: number
}

interface Run {
  /** Of its objects. */
  readonly ids: Float64Array
  /** As the form foretells it. */
  readonly length: number
  readonly second: number | undefined
  deflated: Promise<Deflated> | undefined
}

interface RunOf {
  readonly items: readonly StoredObject[]
  readonly run: Run
}

/** Undefined where the list is not longer than `leastBytes`. */
export function zippedList(
  form: Form,
  items: readonly StoredObject[],
  meta: ListMetaJson,
  leastBytes: number,
): AsyncIterable<Uint8Array> | undefined {
  const { parts } = form
  if (!parts) return undefined
  const runs = runsOf(form.key, parts, items)
  const length = runs.reduce((sum, { run }) => sum + run.length, 0)
  if (length <= leastBytes) return undefined
  for (const one of runs) keep(form.key, one, one.run.ids.byteLength)
  return together(gzip(form.key, parts, runs, parts.head(meta, length), parts.tail(meta)))
}

function runsOf(key: string, parts: ListParts, items: readonly StoredObject[]): RunOf[] {
  const runs: RunOf[] = []
  for (let start = 0; start < items.length; ) {
    const end = endOfRun(items, start)
    const own = items.slice(start, end)
    const known = own[0]?.owner.forms.use(own[0], formOf(key, own.length)) as Run | undefined
    const run = known && known.second === parts.second && isOf(known, own) ? known : newRun(parts, own)
    runs.push({ items: own, run })
    start = end
  }
  return runs
}

function endOfRun(items: readonly StoredObject[], start: number): number {
  let bytes = 0
  for (let i = start; i < items.length; i++) {
    const stored = items[i] as StoredObject
    bytes += stored.bytes.length
    // Multiplied so that any distance between the versions of neighbours ends runs as often.
    const isLast = (Math.imul(stored.revision, 0x9e3779b1) >>> 0) % meanRun === 0
    if (isLast || i - start === maxRun - 1 || bytes >= maxRunBytes) return i + 1
  }
  return items.length
}

const formOf = (key: string, count: number): string => `zipped:${count}:${key}`

function isOf({ ids }: Run, items: readonly StoredObject[]): boolean {
  for (let i = 0; i < items.length; i++) if (ids[i] !== (items[i] as StoredObject).id) return false
  return true
}

const newRun = (parts: ListParts, items: readonly StoredObject[]): Run => ({
  ids: Float64Array.from(items, ({ id }) => id),
  length: parts.length(items),
  second: parts.second,
  deflated: undefined,
})

function keep(key: string, { items, run }: RunOf, bytes: number): void {
  const first = items[0] as StoredObject
  const form = formOf(key, items.length)
  if (first.owner.forms.known(first, form) === run) return
  first.owner.forms.put(first, form, run, bytes)
}

/** Shared by all that need it at once. */
function deflated(key: string, parts: ListParts, one: RunOf): Promise<Deflated> {
  const { items, run } = one
  if (run.deflated) return run.deflated
  run.deflated = compress(parts.items(items, true)).then(
    made => {
      const first = items[0] as StoredObject
      const { forms } = first.owner
      const form = formOf(key, items.length)
      if (forms.known(first, form) === run) forms.put(first, form, run, made.bytes.length + run.ids.byteLength)
      return made
    },
    error => {
      run.deflated = undefined
      throw error
    },
  )
  return run.deflated
}

async function compress(plain: Uint8Array): Promise<Deflated> {
  const bytes = await deflate(plain, { level, finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 65_536 })
  // Of exactly its size, for it is kept.
  const own = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(own)
  return { bytes: own, crc: crc32(plain), length: plain.length, shift: crcShift(plain.length) }
}

const gzipHead = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff)
/** An empty block that is the last. */
const lastBlock = Buffer.of(3, 0)

async function* gzip(
  key: string,
  parts: ListParts,
  runs: readonly RunOf[],
  head: Uint8Array,
  tail: Uint8Array,
): AsyncGenerator<Uint8Array> {
  yield gzipHead
  yield* asTheyAre(head)
  let crc = crc32(head)
  let length = head.length + tail.length + parts.separator.length * (runs.length - 1)
  for (const [i, one] of runs.entries()) {
    const made = deflated(key, parts, one)
    const next = runs[i + 1]
    // Compressed while this one is written.
    if (next) deflated(key, parts, next).catch(() => {})
    const { bytes, ...plain } = await made
    if (i > 0) {
      yield* asTheyAre(parts.separator)
      crc = crc32(parts.separator, crc)
    }
    yield bytes
    crc = combineCrc(crc, plain.crc, plain.shift)
    length += plain.length
  }
  yield* asTheyAre(tail)
  yield lastBlock
  const end = Buffer.alloc(8)
  end.writeUInt32LE(crc32(tail, crc), 0)
  end.writeUInt32LE(length % 2 ** 32, 4)
  yield end
}

/** Blocks that are not compressed. */
function* asTheyAre(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 65_535) {
    const part = bytes.subarray(start, start + 65_535)
    const block = Buffer.allocUnsafe(5 + part.length)
    block[0] = 0
    block.writeUInt16LE(part.length, 1)
    block.writeUInt16LE(0xffff - part.length, 3)
    block.set(part, 5)
    yield block
  }
}

async function* together(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    bytes += piece.length
    if (bytes < stepBytes) continue
    yield Buffer.concat(waiting, bytes)
    waiting = []
    bytes = 0
  }
  yield Buffer.concat(waiting, bytes)
}
