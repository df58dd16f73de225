/** Reads a container's log as `kubectl logs` asks for it, and follows it while the container runs. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { sleep } from '../../base/clock.ts'
import { type LogLine, nanosOf, parseLogLine } from './log-line.ts'

/** PodLogOptions, as far as the node acts on them. */
export interface LogOptions {
  readonly follow: boolean
  readonly timestamps: boolean
  readonly sinceTime?: string
  readonly sinceSeconds?: number
  readonly tailLines?: number
  readonly limitBytes?: number
  /** One stream alone; both where absent. */
  readonly stream?: 'stdout' | 'stderr'
}

export interface LogSource {
  /** The file that the runtime writes now. Rotated ones are not read. */
  readonly path: string
  /** Whether more may come: the container runs, or will. */
  isLive(): boolean | Promise<boolean>
}

const chunkBytes = 64 * 1024
/** How often a followed file is looked at. */
const pollMs = 100
/** A line longer than this is passed on in parts. */
const maxLineBytes = 1024 * 1024

/** Yields what to send. Ends at the end of the file, or, following, when the container is gone or the signal aborts. */
export async function* readContainerLog(
  source: LogSource,
  options: LogOptions,
  nowMs: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let file = await openLog(source, options.follow, signal)
  if (!file) return
  try {
    const since = sinceNanos(options, nowMs)
    let position = options.tailLines === undefined ? 0 : await tailPosition(file, options.tailLines, options.stream)
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY
    let rest: Buffer = Buffer.alloc(0)
    let startsLine = true
    while (!signal.aborted) {
      const live = await source.isLive()
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position)
      if (bytesRead === 0) {
        if (!options.follow) return
        const next = await rotated(file, source.path, position)
        if (next) {
          await file.close()
          file = next
          position = 0
          rest = Buffer.alloc(0)
          continue
        }
        if (!live) return
        await sleep(pollMs, signal).catch(() => {})
        continue
      }
      position += bytesRead
      const lines = splitLines(Buffer.concat([rest, buffer.subarray(0, bytesRead)]))
      rest = lines.rest
      const shown: Buffer[] = []
      for (const line of lines.whole) {
        const parsed = parseLogLine(line)
        if (!parsed || (options.stream && parsed.stream !== options.stream) || isBefore(parsed, since)) continue
        shown.push(render(parsed, options.timestamps && startsLine))
        startsLine = !parsed.partial
      }
      const output = Buffer.concat(shown)
      if (output.length >= left) {
        yield output.subarray(0, left)
        return
      }
      left -= output.length
      if (output.length > 0) yield output
    }
  } finally {
    await file.close().catch(() => {})
  }
}

async function openLog(source: LogSource, wait: boolean, signal: AbortSignal): Promise<FileHandle | undefined> {
  for (;;) {
    try {
      return await open(source.path, 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      if (!wait || !(await source.isLive()) || signal.aborted) return undefined
      await sleep(pollMs, signal).catch(() => {})
    }
  }
}

/** The new file behind the path, if the runtime has begun one; the old one was read to its end. */
async function rotated(file: FileHandle, path: string, position: number): Promise<FileHandle | undefined> {
  try {
    const [mine, there] = [await file.stat(), await stat(path)]
    if (mine.ino === there.ino) return undefined
    return mine.size > position ? undefined : await open(path, 'r')
  } catch {
    return undefined
  }
}

function sinceNanos({ sinceTime, sinceSeconds }: LogOptions, nowMs: number): bigint | undefined {
  if (sinceTime !== undefined) return nanosOf(sinceTime)
  return sinceSeconds === undefined ? undefined : BigInt(Math.floor(nowMs - sinceSeconds * 1000)) * 1_000_000n
}

const isBefore = (line: LogLine, since: bigint | undefined): boolean =>
  since !== undefined && (nanosOf(line.time) ?? 0n) < since

const lineEnd = Buffer.from('\n')

const render = ({ time, content, partial }: LogLine, timestamp: boolean): Buffer =>
  Buffer.concat([...(timestamp ? [Buffer.from(`${time} `)] : []), content, ...(partial ? [] : [lineEnd])])

function splitLines(bytes: Buffer): { whole: Buffer[]; rest: Buffer } {
  const whole: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
    whole.push(bytes.subarray(start, end))
    start = end + 1
  }
  const rest = bytes.subarray(start)
  if (rest.length <= maxLineBytes) return { whole, rest }
  return { whole: [...whole, rest], rest: Buffer.alloc(0) }
}

/** Where the last `count` lines begin; parts of one line count as one. Reads from the end, a chunk at a time. */
async function tailPosition(file: FileHandle, count: number, stream: LogOptions['stream']): Promise<number> {
  const { size } = await file.stat()
  if (count <= 0) return size
  let found = 0
  /** The beginning of what lies behind the chunk: the rest of the chunk's last line. */
  let rest: Buffer = Buffer.alloc(0)
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunkBytes)
    const { buffer } = await file.read(Buffer.allocUnsafe(end - start), 0, end - start, start)
    const bytes = Buffer.concat([buffer, rest])
    let lineEnd = bytes.length
    for (;;) {
      const lineStart = lineEnd === 0 ? 0 : bytes.lastIndexOf(10, lineEnd - 1) + 1
      if (lineStart === 0 && start > 0) break
      const parsed = parseLogLine(bytes.subarray(lineStart, lineEnd))
      if (parsed && (!stream || parsed.stream === stream)) {
        if (!parsed.partial) found += 1
        if (found > count) return start + lineEnd + 1
      }
      if (lineStart === 0) return 0
      lineEnd = lineStart - 1
    }
    rest = lineEnd > maxLineBytes ? Buffer.alloc(0) : bytes.subarray(0, lineEnd)
    end = start
  }
  return 0
}
