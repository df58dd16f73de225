/** Runs other programs: quietly, with their output in the error where they fail. */
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'

export class CommandError extends Error {}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Where its output goes besides. */
  readonly logFile?: string
}

/** What is kept of a program's output; more is cut off at the front. */
const maxOutputBytes = 4 << 20
const shownLines = 30

/** The standard output. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      ...(options.signal ? { signal: options.signal } : {}),
    })
    const log = options.logFile === undefined ? undefined : createWriteStream(options.logFile, { flags: 'a' })
    let stdout = ''
    let all = ''
    const keep = (text: string, part: string) => (text + part).slice(-maxOutputBytes)
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      stdout = keep(stdout, part)
      all = keep(all, part)
      log?.write(part)
    })
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      all = keep(all, part)
      log?.write(part)
    })
    child.once('error', error => reject(new CommandError(`${command}: ${error.message}`)))
    child.once('close', (code, killedBy) => {
      log?.end()
      if (code === 0) return resolve(stdout)
      const end = all.trimEnd().split('\n').slice(-shownLines).join('\n')
      reject(new CommandError(`${command} ${args[0] ?? ''}: ${killedBy ?? `exit code ${code}`}\n${end}`))
    })
  })
}
