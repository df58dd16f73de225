/**
 * Writes a set of files so that readers see all of the old or all of the new: into a fresh folder that `..data` then
 * points to by one rename; the visible names are links through `..data` (API: ConfigMapVolumeSource, "updates").
 */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, normalize } from 'node:path'

export interface PayloadFile {
  readonly content: Uint8Array
  readonly mode: number
  readonly user?: number
}
/** By path inside the volume, as `a/b.conf`. */
export type Payload = ReadonlyMap<string, PayloadFile>

const dataLink = '..data'

/** Throws on a path that leaves the volume. */
function checkedPath(path: string): string {
  const normal = normalize(path)
  if (path === '' || normal.startsWith('/') || normal.split('/').includes('..') || normal.startsWith('..'))
    throw new Error(`invalid path, must not contain '..' and must be relative: ${path}`)
  return normal
}

const stringOrNone = (read: () => string): string | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}

function isCurrent(directory: string, payload: Payload): boolean {
  const current = join(directory, dataLink)
  const target = stringOrNone(() => readlinkSync(current))
  if (target === undefined) return false
  for (const [path, file] of payload)
    try {
      const full = join(directory, target, path)
      if (!readFileSync(full).equals(file.content)) return false
      if ((statSync(full).mode & 0o777) !== (file.mode & 0o777)) return false
    } catch {
      return false
    }
  return filesBelow(join(directory, target)).every(path => payload.has(path))
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(directory.length + 1))
}

/** Gives whether anything changed. `fsGroup` makes the files readable by that group. */
export function writeAtomically(directory: string, given: Payload, serial: string, fsGroup?: number): boolean {
  const payload = new Map([...given].map(([path, file]) => [checkedPath(path), file]))
  const wanted = fsGroup === undefined ? payload : withGroupRead(payload)
  if (isCurrent(directory, wanted)) return false
  const link = join(directory, dataLink)
  const old = stringOrNone(() => readlinkSync(link))
  const fresh = `..${serial}`
  mkdirSync(join(directory, fresh), { mode: 0o755 })
  chmodSync(join(directory, fresh), 0o755)
  for (const [path, file] of wanted) {
    const full = join(directory, fresh, path)
    mkdirSync(dirname(full), { recursive: true, mode: 0o755 })
    writeFileSync(full, file.content, { mode: 0o600 })
    if (file.user !== undefined || fsGroup !== undefined) chownSync(full, file.user ?? 0, fsGroup ?? 0)
    chmodSync(full, file.mode & 0o777)
  }
  symlinkSync(fresh, `${link}_tmp`)
  renameSync(`${link}_tmp`, link)
  const visible = new Set([...wanted.keys()].map(path => path.split('/')[0]!))
  for (const name of visible) {
    const exists = stringOrNone(() => `${lstatSync(join(directory, name)).mode}`) !== undefined
    if (!exists) symlinkSync(join(dataLink, name), join(directory, name))
  }
  for (const name of readdirSync(directory)) {
    if (name === fresh || name === dataLink) continue
    if (!visible.has(name) || name === old) rmSync(join(directory, name), { recursive: true, force: true })
  }
  return true
}

function withGroupRead(payload: Payload): Payload {
  return new Map([...payload].map(([path, file]) => [path, { ...file, mode: file.mode | 0o440 }]))
}
