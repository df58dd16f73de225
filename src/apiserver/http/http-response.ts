/** Writes a ServerResponse: never more than the socket takes, 64 KiB at a time, and only while the client goes on taking it. */
import { createGzip } from 'node:zlib'
import type { ServerRequest, ServerResponse } from '../chain/server-request.ts'
import { acceptsGzip } from '../forms/accept.ts'
import { nextFrames } from '../watch/frame-batch.ts'
import type { WatchSource } from '../watch/watch-source.ts'
import type { ResponseTarget } from './response-target.ts'

/** Smaller bodies are not worth compressing (upstream's threshold). */
const gzipThresholdBytes = 128 * 1024
const stepBytes = 65_536

type Head = Record<string, string | readonly string[] | number>

/** Level of upstream: speed before size. */
const gzipLevel = 1
/** What is handed to the compressing thread at once: each handing over costs as much as compressing 64 KiB. */
const zipBytes = 262_144

/** Where an answer goes, and how long its client may take nothing of it: then it is ended. */
interface Outlet {
  readonly target: ResponseTarget
  readonly stallMs: number
}

export async function writeResponse(
  request: ServerRequest,
  target: ResponseTarget,
  response: ServerResponse,
  stallMs: number,
): Promise<void> {
  const outlet = { target, stallMs }
  if (response.body.is === 'hijacked') return response.body.finished
  const headers: Head = { ...response.headers }
  if (response.body.is === 'watch') return writeWatch(outlet, response.status, headers, response.body.source)
  if (response.body.is === 'none') {
    target.writeHead(response.status, headers)
    target.end()
    return
  }
  if (response.body.is === 'object') throw new Error('an object cannot be written to a connection')
  const { chunks, zipped } = response.body
  const mayZip = acceptsGzip(request) && headers['content-encoding'] === undefined && response.status < 300
  const zippedChunks = mayZip ? zipped?.(gzipThresholdBytes) : undefined
  if (!zippedChunks) return writeBytes(request, outlet, response.status, headers, chunks, mayZip)
  target.writeHead(response.status, { ...headers, ...gzipHeaders(headers) })
  if (request.method !== 'HEAD') {
    for await (const chunk of zippedChunks) if (!(await writeAll(outlet, cut(chunk)))) return
  }
  target.end()
}

const gzipHeaders = ({ vary }: Head) => ({
  'content-encoding': 'gzip',
  vary: vary === undefined ? 'Accept-Encoding' : `Accept-Encoding, ${vary}`,
})

async function writeBytes(
  request: ServerRequest,
  outlet: Outlet,
  status: number,
  headers: Head,
  chunks: Iterable<Uint8Array>,
  mayZip: boolean,
): Promise<void> {
  const { target } = outlet
  const iterator = chunks[Symbol.iterator]()
  const first: Uint8Array[] = []
  let bytes = 0
  let done = false
  while (!done && bytes <= gzipThresholdBytes) {
    const next = iterator.next()
    if (next.done) done = true
    else {
      first.push(next.value)
      bytes += next.value.length
    }
  }
  const compress = mayZip && bytes > gzipThresholdBytes
  if (compress) Object.assign(headers, gzipHeaders(headers))
  else if (done) headers['content-length'] = bytes
  target.writeHead(status, headers)
  if (request.method === 'HEAD') {
    target.end()
    return
  }
  if (!compress && done && bytes <= stepBytes) {
    target.end(first.length === 1 ? first[0] : Buffer.concat(first, bytes))
    return
  }
  const all = steps(first, iterator)
  if (compress) await writeZipped(outlet, all)
  else if (!(await writeAll(outlet, all))) return
  target.end()
}

/** Whether the connection took all of them. */
async function writeAll(outlet: Outlet, all: Iterable<Uint8Array>): Promise<boolean> {
  for (const bytes of all) if (!(await write(outlet, bytes))) return false
  return true
}

function* steps(first: readonly Uint8Array[], rest: Iterator<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of first) yield* cut(chunk)
  for (let next = rest.next(); !next.done; next = rest.next()) yield* cut(next.value)
}

function* cut(chunk: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < chunk.length; start += stepBytes) yield chunk.subarray(start, start + stepBytes)
}

async function writeZipped(outlet: Outlet, all: Iterable<Uint8Array>): Promise<void> {
  const zip = createGzip({ level: gzipLevel, chunkSize: stepBytes })
  const output = (async () => {
    for await (const chunk of zip) await writeAll(outlet, cut(chunk as Buffer))
  })()
  for (const part of together(all, zipBytes)) {
    if (outlet.target.destroyed || zip.destroyed) break
    if (!zip.write(part)) await drained(zip)
  }
  zip.end()
  await output
}

/** The pieces joined to so many bytes at least, but for the last. */
function* together(all: Iterable<Uint8Array>, leastBytes: number): Generator<Uint8Array> {
  let pieces: Uint8Array[] = []
  let bytes = 0
  for (const piece of all) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes < leastBytes) continue
    yield Buffer.concat(pieces, bytes)
    pieces = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(pieces, bytes)
}

/** Whether the connection still takes more. Resolves when it does. */
async function write({ target, stallMs }: Outlet, bytes: Uint8Array): Promise<boolean> {
  if (isGone(target)) return false
  if (target.write(bytes)) return true
  const timer = setTimeout(() => target.destroy(), stallMs)
  await drained(target)
  clearTimeout(timer)
  return !isGone(target)
}

const isGone = (target: ResponseTarget): boolean => target.destroyed || target.writableEnded

function drained(target: Pick<ResponseTarget, 'on' | 'off'>): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      target.off('drain', done)
      target.off('close', done)
      target.off('error', done)
      resolve()
    }
    target.on('drain', done)
    target.on('close', done)
    target.on('error', done)
  })
}

async function writeWatch(outlet: Outlet, status: number, headers: Head, source: WatchSource): Promise<void> {
  const { target } = outlet
  target.on('close', () => source.close())
  target.on('error', () => source.close())
  target.writeHead(status, headers)
  // The client must learn at once that the watch stands, also when nothing happens for long.
  target.flushHeaders()
  for (;;) {
    const batch = nextFrames(source, stepBytes)
    if (batch) {
      if (!(await write(outlet, batch))) break
      continue
    }
    if (source.ended || isGone(target)) break
    await new Promise<void>(resolve => {
      source.onReady = resolve
    })
    source.onReady = undefined
  }
  source.close()
  if (!isGone(target)) target.end()
}
