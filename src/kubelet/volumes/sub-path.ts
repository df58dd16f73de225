/**
 * Mounts a path inside of a volume without following links that a container may have placed there: the path is resolved,
 * checked to lie in the volume, opened part by part without following links, and the opened file is what gets mounted
 * (CVE-2017-1002101, CVE-2021-25741).
 */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import type { Mounter } from './mounter.ts'

// O_PATH is not in node's constants; its number is the same on x86-64 and arm64.
const openPathFlag = 0o10000000

function openInside(root: string, path: string): number {
  let descriptor = openSync(root, openPathFlag)
  for (const part of path.split(sep).filter(name => name !== '' && name !== '.')) {
    const parent = descriptor
    try {
      descriptor = openSync(`/proc/self/fd/${parent}/${part}`, openPathFlag | constants.O_NOFOLLOW)
    } finally {
      closeSync(parent)
    }
    if (fstatSync(descriptor).isSymbolicLink()) {
      closeSync(descriptor)
      throw new Error(`subPath ${path} changed while it was mounted`)
    }
  }
  return descriptor
}

/**
 * Makes missing folders of a subPath one by one, refusing links that lead out of the volume. They get the volume's own
 * permissions: whoever may write into the volume may write there.
 */
function makeInside(volumeRoot: string, subPath: string): void {
  const mode = statSync(volumeRoot).mode & 0o7777
  let current = volumeRoot
  for (const part of subPath.split(sep)) {
    const next = join(current, part)
    try {
      current = realpathSync(next)
    } catch {
      mkdirSync(next)
      // The process's mask counts for mkdir only.
      chmodSync(next, mode)
      current = next
    }
    if (current !== volumeRoot && !current.startsWith(`${volumeRoot}${sep}`))
      throw new Error(`subPath ${subPath} is not within the volume path`)
  }
}

/** Binds `subPath` of a volume to `target`; makes a directory if there is nothing. Gives the target. */
export async function mountSubPath(mounter: Mounter, volume: string, subPath: string, target: string): Promise<string> {
  const wanted = normalize(subPath)
  if (wanted.startsWith('/') || wanted.split(sep).includes('..'))
    throw new Error(`subPath "${subPath}" must not contain ..`)
  const root = realpathSync(volume)
  makeInside(root, wanted)
  const real = realpathSync(join(root, wanted))
  const descriptor = openInside(root, relative(root, real))
  try {
    if (mounter.isMounted(target)) return target
    if (fstatSync(descriptor).isDirectory()) mkdirSync(target, { recursive: true, mode: 0o750 })
    else {
      mkdirSync(dirname(target), { recursive: true, mode: 0o750 })
      writeFileSync(target, '', { mode: 0o640 })
    }
    await mounter.bind(`/proc/${process.pid}/fd/${descriptor}`, target)
    return target
  } finally {
    closeSync(descriptor)
  }
}
