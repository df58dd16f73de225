/** The end of a container's log (CRI log format: `TIME stdout|stderr F|P TEXT`). */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const maxReadBytes = 64 * 1024

/** The last `maxLines` lines, together at most `maxBytes`; '' if there is no log. */
export function logTail(path: string, maxLines: number, maxBytes: number): string {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch {
    return ''
  }
  try {
    const { size } = fstatSync(descriptor)
    const length = Math.min(size, maxReadBytes)
    const buffer = Buffer.alloc(length)
    readSync(descriptor, buffer, 0, length, size - length)
    const lines = buffer.toString('utf8').split('\n')
    if (length < size) lines.shift()
    let text = ''
    for (const line of lines) {
      const match = /^\S+ (?:stdout|stderr) (\S+) (.*)$/s.exec(line)
      if (match) text += match[1]!.startsWith('P') ? match[2] : `${match[2]}\n`
    }
    const tail = text
      .split('\n')
      .slice(-maxLines - 1)
      .join('\n')
    return Buffer.byteLength(tail) > maxBytes ? Buffer.from(tail).subarray(-maxBytes).toString('utf8') : tail
  } finally {
    closeSync(descriptor)
  }
}
