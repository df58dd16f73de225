/**
 * Starts processes through a small helper. Forking from a process of 3 GB stalls its event loop for 100 ms; asking a
 * helper over IPC does not. Create it early, while the process is small.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  /** The process is killed after it; 30 s where absent. */
  readonly timeoutMs?: number
  /** Of stdout and stderr together; what is more is dropped. 1 MiB where absent. */
  readonly maxOutputBytes?: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface RunResult {
  /** -1 if it was ended by a signal. */
  readonly code: number
  readonly signal: string | undefined
  readonly stdout: string
  readonly stderr: string
  readonly truncated: boolean
  readonly timedOut: boolean
}

export interface DetachedOptions {
  /** Gets stdout and stderr, appended. */
  readonly logFile?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface RunRequest {
  readonly type: 'run'
  readonly id: number
  readonly command: string
  readonly args: readonly string[]
  readonly options: {
    readonly stdin: string | Uint8Array
    readonly timeoutMs: number
    readonly maxOutputBytes: number
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
  }
}
export interface DetachedRequest {
  readonly type: 'detached'
  readonly id: number
  readonly command: string
  readonly args: readonly string[]
  readonly options: DetachedOptions
}
export type SpawnerRequest = RunRequest | DetachedRequest | { readonly type: 'kill'; readonly id: number }

export interface SpawnerReply {
  readonly id: number
  readonly code?: number
  readonly signal?: string | undefined
  readonly stdout?: Uint8Array
  readonly stderr?: Uint8Array
  readonly truncated?: boolean
  readonly timedOut?: boolean
  readonly pid?: number | undefined
  /** Why it could not be started. */
  readonly failure?: string | undefined
}

export interface Spawner {
  /** Runs a command to its end. Rejects only if it cannot be started; a non-zero code is a result. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>
  /** Starts a process in a session of its own that outlives this one; gives its pid. */
  startDetached(command: string, args: readonly string[], options?: DetachedOptions): Promise<number>
  /** Ends the helper. Commands that still run are killed, detached processes stay. */
  close(): void
}

/** More wait in line: a bound on processes, not on callers. */
const maxRunning = 32
const maxWaiting = 10_000

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8')

export class HelperSpawner implements Spawner {
  #helper: ChildProcess | undefined
  #closed = false
  #nextId = 1
  #running = 0
  readonly #pending = new Map<number, { resolve(reply: SpawnerReply): void; reject(error: Error): void }>()
  readonly #waiting: (() => void)[] = []

  constructor() {
    this.#start()
  }

  async run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    options.signal?.throwIfAborted()
    const id = this.#nextId++
    const request: RunRequest = {
      type: 'run',
      id,
      command,
      args,
      options: {
        stdin: options.stdin ?? '',
        timeoutMs: options.timeoutMs ?? 30_000,
        maxOutputBytes: options.maxOutputBytes ?? 1 << 20,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.env === undefined ? {} : { env: options.env }),
      },
    }
    const onAbort = () => this.#helper?.send({ type: 'kill', id } satisfies SpawnerRequest)
    options.signal?.addEventListener('abort', onAbort, { once: true })
    try {
      const reply = await this.#ask(id, request)
      return {
        code: reply.code ?? -1,
        signal: reply.signal,
        stdout: text(reply.stdout),
        stderr: text(reply.stderr),
        truncated: reply.truncated ?? false,
        timedOut: reply.timedOut ?? false,
      }
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
    }
  }

  async startDetached(command: string, args: readonly string[], options: DetachedOptions = {}): Promise<number> {
    const id = this.#nextId++
    const reply = await this.#ask(id, { type: 'detached', id, command, args, options })
    if (reply.pid === undefined) throw new Error(`cannot start ${command}`)
    return reply.pid
  }

  close(): void {
    this.#closed = true
    this.#helper?.disconnect()
    this.#helper = undefined
  }

  async #ask(id: number, request: SpawnerRequest & { command: string }): Promise<SpawnerReply> {
    if (this.#running >= maxRunning) {
      if (this.#waiting.length >= maxWaiting) throw new Error(`too many processes wait to be started`)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    this.#running++
    try {
      const reply = await new Promise<SpawnerReply>((resolve, reject) => {
        if (this.#closed) return reject(new Error('the spawner is closed'))
        this.#pending.set(id, { resolve, reject })
        this.#helper ??= this.#start()
        this.#helper.ref()
        this.#helper.channel?.ref()
        this.#helper.send(request, error => {
          if (error) reject(error)
        })
      })
      if (reply.failure !== undefined) throw new Error(`${request.command}: ${reply.failure}`)
      return reply
    } finally {
      this.#pending.delete(id)
      this.#running--
      this.#waiting.shift()?.()
      if (this.#pending.size === 0) this.#unref()
    }
  }

  #start(): ChildProcess {
    const helper = fork(join(import.meta.dirname, 'spawner-process.ts'), [], {
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', '--max-old-space-size=64'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#helper = helper
    helper.on('message', (reply: SpawnerReply) => this.#pending.get(reply.id)?.resolve(reply))
    helper.on('error', () => {})
    helper.on('exit', () => {
      if (this.#helper === helper) this.#helper = undefined
      for (const { reject } of this.#pending.values()) reject(new Error('the process helper ended'))
    })
    this.#unref()
    return helper
  }

  /** An idle helper keeps no process alive. */
  #unref(): void {
    this.#helper?.unref()
    this.#helper?.channel?.unref()
  }
}
