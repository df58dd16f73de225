import { existsSync, readFileSync } from 'node:fs'

/** Why a process ended, as the last line of its log says it. */
export function lastLogLine(path: string): string {
  if (!existsSync(path)) return 'no log'
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  // A hint is indented below its error.
  const line = lines.findLast(line => !/^\s/.test(line))?.replace(/^clipper: /, '') ?? ''
  try {
    const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } }
    return err?.message === undefined ? (msg ?? line) : `${msg}: ${err.message}`
  } catch {
    return line
  }
}
