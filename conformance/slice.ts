/** Committed lists of tests that a change has to pass. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A name of a test per line; lines that begin with `#` are comments. */
export function parseSlice(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
}

export function readSlice(name: string): string[] {
  const path = join(import.meta.dirname, `slice-${name}.txt`)
  if (!/^[a-z]+$/.test(name) || !existsSync(path)) throw new Error(`there is no slice ${JSON.stringify(name)}`)
  return parseSlice(readFileSync(path, 'utf8'))
}
