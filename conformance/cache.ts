/**
 * A cache of things that take long to make (programs, image layers, archives), outside of the source tree. An entry is
 * a folder named for the hash of its inputs: it is made beside and renamed, so that it is whole or absent.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const cacheRoot = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'clipper', 'conformance')

/** How many entries of one kind stay: this one, and the one before for those who switch between two commits. */
const keptEntries = 2

export function hashOf(...inputs: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  // With its length before each input, no two lists of inputs give the same bytes.
  for (const input of inputs) hash.update(`${Buffer.byteLength(input as string)}:`).update(input)
  return hash.digest('hex').slice(0, 16)
}

/** The folder of the entry; `make` fills it where it is not there yet. */
export async function cached(
  kind: string,
  inputsHash: string,
  make: (directory: string) => Promise<void>,
  root = cacheRoot,
): Promise<string> {
  const directory = join(root, kind, inputsHash)
  if (existsSync(directory)) {
    const now = new Date()
    utimesSync(directory, now, now)
    return directory
  }
  mkdirSync(join(root, kind), { recursive: true })
  const unfinished = mkdtempSync(join(root, kind, 'making-'))
  try {
    await make(unfinished)
    renameSync(unfinished, directory)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // Another run may have made the same meanwhile.
    if (!existsSync(directory)) throw error
  }
  removeOldEntries(join(root, kind), inputsHash)
  return directory
}

function removeOldEntries(directory: string, newest: string): void {
  const entries = readdirSync(directory, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && entry.name !== newest && !entry.name.startsWith('making-'))
    .map(entry => ({ path: join(directory, entry.name), usedAt: modifiedAt(join(directory, entry.name)) }))
    .sort((a, b) => b.usedAt - a.usedAt)
  for (const { path } of entries.slice(keptEntries - 1)) rmSync(path, { recursive: true, force: true })
}

function modifiedAt(path: string): number {
  try {
    return statSync(path).mtimeMs
  } catch {
    return 0
  }
}
