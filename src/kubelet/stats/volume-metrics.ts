/** How full the volumes of claims are (Kubernetes metrics reference, `kubelet_volume_stats_*`). */
import type { StatsFs } from 'node:fs'
import { statfs } from 'node:fs/promises'
import type { Clock } from '../../base/clock.ts'
import type { MountedClaim } from '../volumes/persistent-volumes.ts'
import { family, type Sample } from './metric-family.ts'

export interface MeasuredClaim extends MountedClaim {
  readonly capacityBytes: number
  readonly availableBytes: number
  readonly usedBytes: number
  readonly inodes: number
  readonly inodesFree: number
  readonly inodesUsed: number
}

/** A server of files that does not answer is not waited for longer. */
const patienceMs = 2_000
/** Each that does not answer holds one of the few threads that all other files wait for. */
const maxSilent = 2

type Facts = Pick<StatsFs, 'blocks' | 'bfree' | 'bavail' | 'bsize' | 'files' | 'ffree'>

export class VolumeMeter {
  readonly #clock: Clock
  readonly #statfs: (path: string) => Promise<Facts>
  /** Questions under way, by path: none is asked twice. */
  readonly #asked = new Map<string, Promise<Facts | undefined>>()
  /** Those that were not answered in time. */
  readonly #silent = new Set<string>()

  constructor(clock: Clock, ask: (path: string) => Promise<Facts> = statfs) {
    this.#clock = clock
    this.#statfs = ask
  }

  /** What cannot be measured is left out. */
  async measure(claims: readonly MountedClaim[]): Promise<MeasuredClaim[]> {
    const measured: MeasuredClaim[] = []
    // One after the other, so that many volumes of a silent server do not take all threads at once.
    for (const claim of claims) {
      const facts = await this.#inTime(claim.path)
      if (!facts) continue
      const { blocks, bfree, bavail, bsize, files, ffree } = facts
      measured.push({
        ...claim,
        capacityBytes: blocks * bsize,
        availableBytes: bavail * bsize,
        usedBytes: (blocks - bfree) * bsize,
        inodes: files,
        inodesFree: ffree,
        inodesUsed: files - ffree,
      })
    }
    return measured
  }

  async #inTime(path: string): Promise<Facts | undefined> {
    if (this.#silent.has(path) || this.#silent.size >= maxSilent) return undefined
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const patience = this.#clock.after(patienceMs, () => {
      this.#silent.add(path)
      resolve(undefined)
    })
    const facts = await Promise.race([this.#ask(path), promise])
    patience.cancel()
    return facts
  }

  #ask(path: string): Promise<Facts | undefined> {
    const known = this.#asked.get(path)
    if (known) return known
    const asked = this.#statfs(path)
      .catch(() => undefined)
      .finally(() => {
        this.#asked.delete(path)
        this.#silent.delete(path)
      })
    this.#asked.set(path, asked)
    return asked
  }
}

const families = [
  ['capacity_bytes', 'Size of the volume.', 'capacityBytes'],
  ['available_bytes', 'Bytes that may still be written.', 'availableBytes'],
  ['used_bytes', 'Bytes in use.', 'usedBytes'],
  ['inodes', 'Inodes of the volume.', 'inodes'],
  ['inodes_free', 'Inodes that are free.', 'inodesFree'],
  ['inodes_used', 'Inodes in use.', 'inodesUsed'],
] as const

/** Each claim once, however many pods have it. */
export function volumeMetrics(claims: readonly MeasuredClaim[]): string {
  const distinct = [...new Map(claims.map(claim => [`${claim.namespace}/${claim.name}`, claim])).values()]
  return families
    .map(([name, help, key]) =>
      family(
        `kubelet_volume_stats_${name}`,
        'gauge',
        help,
        distinct.map(
          (claim): Sample => [{ namespace: claim.namespace, persistentvolumeclaim: claim.name }, claim[key]],
        ),
      ),
    )
    .join('')
}
