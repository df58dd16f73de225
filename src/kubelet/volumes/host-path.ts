/** Checks of hostPath volumes (API: HostPathVolumeSource). */
import { closeSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { HostPathVolumeSource } from '../../api/core/v1/volume-sources-persistent.ts'

const kinds: Record<string, { readonly words: string; is(stats: Stats): boolean }> = {
  Directory: { words: 'a directory', is: stats => stats.isDirectory() },
  DirectoryOrCreate: { words: 'a directory', is: stats => stats.isDirectory() },
  File: { words: 'a file', is: stats => stats.isFile() },
  FileOrCreate: { words: 'a file', is: stats => stats.isFile() },
  Socket: { words: 'a socket file', is: stats => stats.isSocket() },
  CharDevice: { words: 'a character device', is: stats => stats.isCharacterDevice() },
  BlockDevice: { words: 'a block device', is: stats => stats.isBlockDevice() },
}

/** Makes what may be made; throws if the path is not of the wanted type. Gives the path. */
export function prepareHostPath({ path, type }: HostPathVolumeSource): string {
  if (!type) {
    // The runtime makes a missing directory for a plain hostPath; do it here for every runtime alike.
    try {
      statSync(path)
    } catch {
      mkdirSync(path, { recursive: true })
    }
    return path
  }
  const kind = kinds[type]
  if (!kind) throw new Error(`hostPath type check failed: ${type} is an invalid volume type`)
  let stats = statOf(path)
  if (!stats && type === 'DirectoryOrCreate') mkdirSync(path, { recursive: true, mode: 0o755 })
  if (!stats && type === 'FileOrCreate') {
    if (!statOf(dirname(path))) throw new Error(`hostPath type check failed: ${path} is not a file`)
    closeSync(openSync(path, 'a', 0o644))
  }
  stats ??= statOf(path)
  if (!stats || !kind.is(stats)) throw new Error(`hostPath type check failed: ${path} is not ${kind.words}`)
  return path
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
