/** A program that the bench starts, whose cost it reads, and that it ends by its id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface NamedProcess {
  readonly name: string
  readonly pid: number
}

export interface Usage {
  readonly residentMiB: number
  readonly peakMiB: number
  readonly cpuSeconds: number
}

/** /proc/PID/stat counts in these; the same on every Linux that Node runs on. */
const ticksPerSecond = 100

/** undefined: the process is gone. */
export function usageOf(pid: number): Usage | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program, in parentheses, may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      residentMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
      peakMiB: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    }
  } catch {
    return undefined
  }
}

export function totalUsage(processes: readonly NamedProcess[]): Usage {
  const total = { residentMiB: 0, peakMiB: 0, cpuSeconds: 0 }
  for (const { pid } of processes) {
    const usage = usageOf(pid)
    if (!usage) continue
    total.residentMiB += usage.residentMiB
    total.peakMiB += usage.peakMiB
    total.cpuSeconds += usage.cpuSeconds
  }
  return total
}

const stopTimeoutMs = 20_000

export class ServerProcess implements NamedProcess {
  readonly name: string
  readonly log: string
  readonly #child: ChildProcess
  readonly #closed: Promise<void>
  #stopping = false

  constructor(name: string, directory: string, command: string, args: readonly string[], cwd = '/') {
    this.name = name
    mkdirSync(directory, { recursive: true })
    this.log = join(directory, `${name}.log`)
    const log = openSync(this.log, 'a')
    this.#child = spawn(command, [...args], { cwd, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#closed = new Promise(closed => {
      this.#child.once('close', () => closed())
      this.#child.once('error', () => closed())
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Throws with the end of the log where it has ended by itself. */
  requireAlive(): void {
    if (this.#stopping || (this.#child.exitCode === null && this.#child.signalCode === null && this.pid !== 0)) return
    throw new Error(`${this.name} ended (${this.#child.exitCode ?? this.#child.signalCode}):\n${this.logTail()}`)
  }

  logTail(lines = 12): string {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : ''
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopTimeoutMs)
    await this.#closed
    clearTimeout(timer)
  }
}

/** Polls until the probe says yes; the processes must live meanwhile. */
export async function untilReady(
  what: string,
  processes: readonly ServerProcess[],
  probe: () => Promise<boolean>,
  { timeoutMs = 120_000, pollMs = 20 } = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await probe().catch(() => false))) {
    for (const one of processes) one.requireAlive()
    if (performance.now() > deadline)
      throw new Error(`${what}: not ready after ${timeoutMs / 1000} s\n${processes.map(p => p.logTail()).join('\n')}`)
    await sleep(pollMs)
  }
}
