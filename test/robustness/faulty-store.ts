/** A store's process that the kernel is made to fail: killed at its Nth write or sync, or given an error there (strace). */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Random } from './workload.ts'

export interface Fault {
  readonly name: string
  /** strace's `inject`. */
  readonly inject?: string
  /** Killed from outside so long after it listens, where it still runs then. */
  readonly killAfterMs: number
}

const syscalls = ['pwrite64', 'fsync,fdatasync'] as const
const errors = ['EIO', 'ENOSPC'] as const
const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!

/** Every step of a commit and of a checkpoint is a write or a sync. */
export function nextFault(random: Random): Fault {
  const killAfterMs = 300 + Math.floor(random() * 400)
  const choice = random()
  if (choice < 0.2) return { name: `kill after ${killAfterMs} ms`, killAfterMs }
  const syscall = pick(random, syscalls)
  const at = 1 + Math.floor(random() * (syscall === 'pwrite64' ? 400 : 60))
  if (choice < 0.65) {
    return { name: `kill at ${syscall} ${at}`, inject: `${syscall}:signal=SIGKILL:when=${at}`, killAfterMs: 1500 }
  }
  const error = pick(random, errors)
  const last = at + Math.floor(random() * 5)
  const inject = `${syscall}:error=${error}:when=${at}..${last}`
  return { name: `${error} at ${syscall} ${at} to ${last}, kill after ${killAfterMs} ms`, inject, killAfterMs }
}

const program = join(import.meta.dirname, 'store-process.ts')

export class FaultyStore {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  #error = ''

  constructor(directory: string, port: number, fault?: Fault) {
    const command = [process.execPath, '--disable-warning=ExperimentalWarning', program, directory, String(port)]
    const strace =
      fault?.inject === undefined
        ? []
        : ['strace', '-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', '-e', `inject=${fault.inject}`]
    const [first, ...rest] = [...strace, ...command]
    // A group of its own: strace does not pass a kill on.
    this.#child = spawn(first!, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    this.#child.stderr!.on('data', chunk => {
      this.#error += chunk
    })
    this.#exited = once(this.#child, 'exit')
  }

  /** Resolves when it listens, or has ended. */
  async started(): Promise<void> {
    await Promise.race([once(this.#child.stdout!, 'data'), this.#exited])
  }

  /** Resolves when it has ended by its fault, at the latest after so long by a kill. */
  async ended(killAfterMs: number): Promise<void> {
    const timer = setTimeout(() => this.#kill(), killAfterMs)
    await this.#exited
    clearTimeout(timer)
  }

  /** What it wrote to its standard error. */
  get complaint(): string {
    return this.#error
  }

  #kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(-this.#child.pid!, 'SIGKILL')
  }
}
