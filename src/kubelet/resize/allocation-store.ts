/**
 * Keeps what is allocated to each pod and what its containers were last given, across restarts of the kubelet: a file for
 * each pod, replaced as a whole. Nothing is synced: after a power loss no container runs, and all are admitted anew.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../../base/log.ts'
import type { Allocation } from './allocation.ts'

interface Entry {
  readonly allocated?: Allocation
  readonly actuated?: Allocation
}

export class AllocationStore {
  readonly #directory: string
  /** As many as pods on the node. */
  readonly #entries = new Map<string, Entry>()

  constructor(directory: string, log: Logger) {
    this.#directory = directory
    mkdirSync(directory, { recursive: true, mode: 0o750 })
    for (const name of readdirSync(directory)) {
      const path = join(directory, name)
      if (!name.endsWith('.json')) {
        rmSync(path, { force: true })
        continue
      }
      try {
        this.#entries.set(name.slice(0, -'.json'.length), JSON.parse(readFileSync(path, 'utf8')) as Entry)
      } catch (error) {
        log.warn({ path, error: (error as Error).message }, 'allocation not read')
        rmSync(path, { force: true })
      }
    }
  }

  allocated(uid: string): Allocation | undefined {
    return this.#entries.get(uid)?.allocated
  }

  actuated(uid: string): Allocation | undefined {
    return this.#entries.get(uid)?.actuated
  }

  setAllocated(uid: string, allocated: Allocation): void {
    this.#write(uid, { ...this.#entries.get(uid), allocated })
  }

  setActuated(uid: string, actuated: Allocation): void {
    this.#write(uid, { ...this.#entries.get(uid), actuated })
  }

  remove(uid: string): void {
    if (!this.#entries.delete(uid)) return
    rmSync(this.#path(uid), { force: true })
  }

  uids(): string[] {
    return [...this.#entries.keys()]
  }

  #path(uid: string): string {
    return join(this.#directory, `${uid}.json`)
  }

  #write(uid: string, entry: Entry): void {
    const path = this.#path(uid)
    writeFileSync(`${path}.new`, JSON.stringify(entry))
    renameSync(`${path}.new`, path)
    this.#entries.set(uid, entry)
  }
}
