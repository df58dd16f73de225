/**
 * The helper that starts processes for a large one: fork stalls a process in proportion to its memory, and this one
 * stays small. Started by `spawner.ts` over an IPC channel; ends when the channel closes. Imports nothing heavy.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import type { DetachedRequest, RunRequest, SpawnerReply, SpawnerRequest } from './spawner.ts'

const running = new Map<number, ChildProcess>()

function reply(message: SpawnerReply): void {
  if (process.connected) process.send?.(message)
}

function run(request: RunRequest): void {
  const { id, command, args, options } = request
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
  })
  running.set(id, child)
  const outputs = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  let bytes = 0
  let truncated = false
  let timedOut = false
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk: Buffer) => {
      const room = options.maxOutputBytes - bytes
      if (chunk.length > room) truncated = true
      if (room <= 0) return
      outputs[name].push(chunk.subarray(0, room))
      bytes += Math.min(room, chunk.length)
    })
  const timer = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
  }, options.timeoutMs)
  let failure: string | undefined
  child.on('error', error => {
    failure = error.message
    if (child.pid === undefined) finish(-1, null)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin)
  let done = false
  const finish = (code: number | null, signal: NodeJS.Signals | null) => {
    if (done) return
    done = true
    clearTimeout(timer)
    running.delete(id)
    reply({
      id,
      code: code ?? -1,
      signal: signal ?? undefined,
      stdout: Buffer.concat(outputs.stdout),
      stderr: Buffer.concat(outputs.stderr),
      truncated,
      timedOut,
      failure,
    })
  }
  child.on('close', finish)
}

function startDetached({ id, command, args, options }: DetachedRequest): void {
  try {
    const output = options.logFile === undefined ? 'ignore' : openSync(options.logFile, 'a', 0o600)
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', output, output],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
    })
    child.on('error', error => reply({ id, failure: error.message }))
    child.on('spawn', () => reply({ id, pid: child.pid }))
    child.unref()
  } catch (error) {
    reply({ id, failure: (error as Error).message })
  }
}

function serve(): void {
  process.on('message', (request: SpawnerRequest) => {
    if (request.type === 'run') run(request)
    else if (request.type === 'detached') startDetached(request)
    else running.get(request.id)?.kill('SIGKILL')
  })
  process.on('disconnect', () => {
    for (const child of running.values()) child.kill('SIGKILL')
    process.exit(0)
  })
  // The parent decides when it ends: a terminal's Ctrl-C reaches the whole group.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
}

// Without a parent it is only compiled, see `main/compiled-modules.ts`.
if (process.connected) serve()
