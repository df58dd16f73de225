/**
 * A program that runs in a session of its own and outlives this process: a later start adopts it. While this process runs,
 * it is started again whenever it has ended.
 */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { type Clock, sleep, type Timer } from './clock.ts'
import type { Logger } from './log.ts'
import { identityOf, isAlive, type ProcessIdentity, readLiveProcess } from './process-identity.ts'
import type { Spawner } from './spawner.ts'
import { writeFileWhole } from './whole-file.ts'

export interface DetachedProgram {
  readonly command: string
  readonly args: readonly string[]
  /** Gets its output, appended. */
  readonly logFile: string
  /** Where it is written down which process it is. */
  readonly instanceFile: string
  /** What it reads besides its arguments. */
  readonly settings?: string
  /** Before every start of it. */
  prepare?(): void
}

export interface DetachedDependencies {
  readonly spawner: Spawner
  readonly clock: Clock
  readonly log: Logger
}

interface Instance extends ProcessIdentity {
  /** Of what it was started with: a program with other settings is started anew. */
  readonly hash: string
}

const superviseEveryMs = 500
/** Between two starts of a program that ends at once; doubles up to the second one. */
const firstRestartMs = 500
const lastRestartMs = 10_000
const pollMs = 25

const readInstance = (path: string): Instance | undefined => readLiveProcess<Instance>(path)

async function end(instance: Instance, graceMs: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(instance)) return
    process.kill(instance.pid, signal)
    for (let waitedMs = 0; isAlive(instance) && waitedMs < graceMs; waitedMs += pollMs) await sleep(pollMs)
  }
}

/** Ends the program that an instance file names, if it runs. */
export async function endDetached(instanceFile: string, graceMs = 10_000): Promise<void> {
  const instance = readInstance(instanceFile)
  if (instance) await end(instance, graceMs)
  rmSync(instanceFile, { force: true })
}

export class DetachedProcess {
  readonly #program: DetachedProgram
  readonly #deps: DetachedDependencies
  readonly #hash: string
  #instance: Instance | undefined
  #timer: Timer | undefined
  #restartMs = firstRestartMs
  #startedAtMs = 0
  #stopped = false

  constructor(program: DetachedProgram, deps: DetachedDependencies) {
    this.#program = program
    this.#deps = deps
    this.#hash = createHash('sha256')
      .update(JSON.stringify([program.command, program.args, program.settings]))
      .digest('hex')
  }

  get pid(): number | undefined {
    return this.isAlive ? this.#instance?.pid : undefined
  }

  get isAlive(): boolean {
    return this.#instance !== undefined && isAlive(this.#instance)
  }

  /** Adopts or starts it; true: it ran before. */
  async start(): Promise<boolean> {
    const running = readInstance(this.#program.instanceFile)
    const adopted = running?.hash === this.#hash
    if (running && !adopted) {
      const { command } = this.#program
      this.#deps.log.info({ command, pid: running.pid }, 'runs with other settings: starting it anew')
      await end(running, 10_000)
    }
    if (adopted) this.#instance = running
    else await this.#launch()
    this.#supervise(superviseEveryMs)
    return adopted
  }

  /** Leaves it alone from now on. */
  detach(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async stop(graceMs = 10_000): Promise<void> {
    this.detach()
    if (this.#instance) await end(this.#instance, graceMs)
    rmSync(this.#program.instanceFile, { force: true })
  }

  /** The end of what it has written, for errors. */
  lastLines(count = 3): string {
    try {
      return readFileSync(this.#program.logFile, 'utf8').trim().split('\n').slice(-count).join(' | ')
    } catch {
      return 'no log'
    }
  }

  async #launch(): Promise<void> {
    const { command, args, logFile, instanceFile } = this.#program
    this.#program.prepare?.()
    const pid = await this.#deps.spawner.startDetached(command, args, { logFile })
    this.#startedAtMs = this.#deps.clock.monotonic()
    this.#instance = { ...identityOf(pid), hash: this.#hash }
    try {
      writeFileWhole(instanceFile, JSON.stringify(this.#instance), 0o600)
    } catch (error) {
      // A full disk: what no later start could find must not run on.
      await end(this.#instance, 0)
      throw error
    }
  }

  #supervise(delayMs: number): void {
    if (this.#stopped) return
    this.#timer = this.#deps.clock.after(delayMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#deps
    if (this.#stopped || this.isAlive) return this.#supervise(superviseEveryMs)
    if (clock.monotonic() - this.#startedAtMs > lastRestartMs) this.#restartMs = firstRestartMs
    const { command } = this.#program
    log.warn({ command, lastLines: this.lastLines(1) }, 'a program ended; starting it again')
    await this.#launch().catch(error => log.error({ command, error: (error as Error).message }, 'cannot be started'))
    this.#supervise(this.#restartMs)
    this.#restartMs = Math.min(this.#restartMs * 2, lastRestartMs)
  }
}
