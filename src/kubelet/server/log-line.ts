/** Lines of a container's log file, as the container runtime writes them: `TIME STREAM TAG CONTENT` (CRI log format). */

export interface LogLine {
  /** RFC 3339 with nanoseconds. */
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  /** A part of a longer line: the next one follows without a line end. */
  readonly partial: boolean
  readonly content: Buffer
}

const space = 0x20

export function parseLogLine(line: Buffer): LogLine | undefined {
  const timeEnd = line.indexOf(space)
  const streamEnd = line.indexOf(space, timeEnd + 1)
  const tagEnd = line.indexOf(space, streamEnd + 1)
  if (timeEnd < 0 || streamEnd < 0 || tagEnd < 0) return undefined
  const stream = line.toString('latin1', timeEnd + 1, streamEnd)
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  const partial = line
    .toString('latin1', streamEnd + 1, tagEnd)
    .split(':')
    .includes('P')
  return { time: line.toString('latin1', 0, timeEnd), stream, partial, content: line.subarray(tagEnd + 1) }
}

/** Nanoseconds since the epoch of an RFC 3339 time, or undefined. */
export function nanosOf(time: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time)
  if (!match) return undefined
  const seconds = Date.parse(`${match[1]}${match[3]}`)
  if (Number.isNaN(seconds)) return undefined
  return BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}
