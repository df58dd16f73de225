/**
 * A store's process that the kernel is made to fail: killed at its Nth write or sync, given an error there, or its disk left
 * with only what was synced (strace).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { SyncedImage, straceArguments } from '../../src/store/embedded/testing/synced-image.ts'

export interface ProcessFault {
  readonly name: string
  /** strace's `inject`. */
  readonly inject?: string
  /** The disk forgets what was not synced when the process is killed. */
  readonly losesUnsynced?: boolean
  /** Killed from outside so long after it listens, where it still runs then. */
  readonly killAfterMs: number
}

const program = join(import.meta.dirname, 'store-process.ts')

export class FaultyStore {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #directory: string
  readonly #image: SyncedImage | undefined
  readonly #record: string
  /** The store's own, not strace's. */
  #pid: number | undefined

  constructor(directory: string, port: number, fault?: ProcessFault) {
    this.#directory = directory
    this.#record = `${directory}.strace`
    const command = [process.execPath, '--disable-warning=ExperimentalWarning', program, directory, String(port)]
    if (fault?.losesUnsynced) {
      this.#image = new SyncedImage()
      this.#image.load(directory)
    }
    const strace = fault?.losesUnsynced
      ? ['strace', ...straceArguments(this.#record)]
      : fault?.inject === undefined
        ? []
        : ['strace', '-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', '-e', `inject=${fault.inject}`]
    const [first, ...rest] = [...strace, ...command]
    this.#child = spawn(first!, rest, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#exited = once(this.#child, 'close')
  }

  /** Resolves when it listens, or has ended. */
  async started(): Promise<void> {
    const [line] = (await Promise.race([once(this.#child.stdout!, 'data'), this.#exited])) as [Buffer | number | null]
    if (line instanceof Buffer) this.#pid = Number(line.toString().trim().split(' ').at(-1))
  }

  /** Resolves when it has ended, by its fault or a kill. */
  async ended(): Promise<void> {
    await this.#exited
  }

  /** Kills it after so long, where it still runs then; resolves when its files are as the fault leaves them. */
  async killed(afterMs: number): Promise<void> {
    const timer = setTimeout(() => this.signal('SIGKILL'), afterMs)
    await this.#exited
    clearTimeout(timer)
    if (this.#image === undefined) return
    // strace has written all of its record: it ends after what it traced.
    for await (const line of createInterface({ input: createReadStream(this.#record, 'latin1') }))
      this.#image.replay(line)
    rmSync(this.#record)
    rmSync(join(this.#directory, 'store.db-shm'), { force: true })
    this.#image.save(this.#directory)
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      try {
        process.kill(this.#pid, signal)
      } catch {
        // It ended meanwhile.
      }
    }
  }
}
