import { readdirSync } from 'node:fs'

/** What a directory holds; nothing where there is none. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
