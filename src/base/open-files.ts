/** How many files this process may have open; undefined where that is not bounded, or cannot be read. */
import { readFileSync } from 'node:fs'

export function openFileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}
