/** The load program: built from `bench/load/` by the local Go, run against a side. */
import { execFile, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Measurement } from './measurement.ts'
import { findInPath } from './sides/executables.ts'
import type { NamedProcess } from './sides/server-process.ts'

const run = promisify(execFile)
const source = resolve(import.meta.dirname, 'load')

const cacheDirectory = (): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'clipper/bench')

export async function buildLoad(): Promise<string> {
  if (!findInPath('go')) throw new Error('the load program needs Go: put the go command on PATH')
  mkdirSync(cacheDirectory(), { recursive: true })
  const program = join(cacheDirectory(), 'load')
  // Without cgo it needs no C library, so that it also runs in an image of its own.
  const env = { ...process.env, CGO_ENABLED: '0' }
  await run('go', ['build', '-o', program, '.'], { cwd: source, env, maxBuffer: 16 * 1024 * 1024 })
  return program
}

export interface LoadOptions {
  readonly program: string
  readonly kubeconfig: string
  readonly processes: readonly NamedProcess[]
  readonly signal: AbortSignal
  readonly timeoutMs: number
  say(line: string): void
}

/** Runs one suite of the load program; its progress is passed on. */
export function runLoad(options: LoadOptions, suite: string, flags: readonly string[]): Promise<Measurement[]> {
  const { program, kubeconfig, processes, signal, timeoutMs, say } = options
  const pids = processes.map(({ pid }) => pid).join(',')
  return new Promise((resolveRun, reject) => {
    const child = spawn(program, [suite, '--kubeconfig', kubeconfig, '--pids', pids, ...flags], {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const lines: string[] = []
    let lastLine = ''
    eachLine(child.stdout, line => lines.push(line))
    eachLine(child.stderr, line => {
      lastLine = line
      say(line)
    })
    child.once('error', reject)
    child.once('close', code =>
      code === 0
        ? resolveRun(lines.map(line => JSON.parse(line) as Measurement))
        : reject(new Error(`load ${suite} ${flags.join(' ')}: exit code ${code}: ${lastLine}`)),
    )
  })
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (part: string) => {
    const lines = (rest + part).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
  stream.on('end', () => {
    if (rest !== '') take(rest)
  })
}
