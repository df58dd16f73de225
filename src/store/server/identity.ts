/** Who this store is among etcd's clients: ids that stay, and the alarms that were raised. Kept in `member.json`. */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ResponseHeader } from '../etcd-api/kv-messages.ts'

/** The version of etcd whose API is served; clients decide by it what they may use. */
export const etcdVersion = '3.7.0'
/** A single member elects nobody: its term stays. */
export const raftTerm = 2

interface Kept {
  readonly clusterId: string
  readonly memberId: string
  readonly alarms: readonly number[]
}

const randomId = (): string => (randomBytes(8).readBigUInt64BE() | 1n).toString()

export class Identity {
  readonly clusterId: bigint
  readonly memberId: bigint
  readonly alarms: Set<number>
  readonly #file: string

  /** The directory must exist. */
  constructor(directory: string) {
    this.#file = join(directory, 'member.json')
    const kept = readKept(this.#file)
    this.clusterId = BigInt(kept?.clusterId ?? randomId())
    this.memberId = BigInt(kept?.memberId ?? randomId())
    this.alarms = new Set(kept?.alarms)
    if (kept === undefined) this.save()
  }

  header(revision: number): ResponseHeader {
    return { clusterId: this.clusterId, memberId: this.memberId, revision, raftTerm }
  }

  /** Whole or not at all. */
  save(): void {
    const kept: Kept = {
      clusterId: this.clusterId.toString(),
      memberId: this.memberId.toString(),
      alarms: [...this.alarms],
    }
    const next = `${this.#file}.tmp`
    const fd = openSync(next, 'w', 0o600)
    writeSync(fd, `${JSON.stringify(kept)}\n`)
    fsyncSync(fd)
    closeSync(fd)
    renameSync(next, this.#file)
  }
}

function readKept(file: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kept
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${file}: ${(error as Error).message}`)
  }
}
