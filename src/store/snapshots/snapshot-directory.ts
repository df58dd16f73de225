/** A directory of snapshots: which there are, and which are too many. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface KeptSnapshot {
  readonly name: string
  readonly path: string
  readonly takenAt: Date
  readonly bytes: number
}

const extension = '.snapshot'
const stamp = /-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\.snapshot$/

/** As `clipper-20270105T083000Z.snapshot`: in the order of their names they are in the order of time. */
export function snapshotName(cluster: string, at: Date): string {
  return `${cluster}-${at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '')}${extension}`
}

/** Oldest first. What has another name is somebody else's. */
export function listSnapshots(directory: string): KeptSnapshot[] {
  const names = readdirSync(directory).filter(name => stamp.test(name))
  return names
    .map(name => {
      const [, ...parts] = stamp.exec(name)!
      const [year, month, day, hour, minute, second] = parts.map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      const path = join(directory, name)
      const takenAt = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
      return { name, path, takenAt, bytes: statSync(path).size }
    })
    .toSorted((a, b) => a.takenAt.getTime() - b.takenAt.getTime())
}

/** Removes the oldest ones above `keep`, and returns them. */
export function pruneSnapshots(directory: string, keep: number): KeptSnapshot[] {
  const all = listSnapshots(directory)
  const removed = all.slice(0, Math.max(0, all.length - keep))
  for (const { path } of removed) rmSync(path)
  return removed
}

export const prepareSnapshotDirectory = (directory: string): void =>
  void mkdirSync(directory, { recursive: true, mode: 0o700 })
