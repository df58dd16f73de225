/** Starts processes of `clipper` that outlive the command, and tells why one ended at once. */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { CliError } from './cli-error.ts'

export interface BackgroundProcess {
  readonly pid: number
  /** Rejects when it ends, with the last that it said. `what` it is begins the message. */
  readonly ended: Promise<never>
}

/** The program and its arguments run in a session of their own; what they print is appended to the log. */
export function startInBackground(command: readonly string[], logFile: string, what: string): BackgroundProcess {
  const log = openSync(logFile, 'a', 0o600)
  const [program = '', ...args] = command
  const child = spawn(program, args, { detached: true, cwd: '/', stdio: ['ignore', log, log] })
  closeSync(log)
  child.unref()
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      const { line, hint } = lastOfLog(logFile)
      reject(new CliError(`${what} ended at once (exit code ${code}): ${line}`, hint ?? `look into ${logFile}`))
    })
  })
  return { pid: child.pid ?? 0, ended }
}

/** Why a process ended, and what is to be done about it, as its log says in the end. */
function lastOfLog(path: string): { readonly line: string; readonly hint?: string } {
  if (!existsSync(path)) return { line: 'no log' }
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const at = lines.findLastIndex(line => !/^\s/.test(line))
  const line = lines[at] ?? ''
  try {
    const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } }
    return { line: err?.message === undefined ? (msg ?? line) : `${msg}: ${err.message}` }
  } catch {
    // The command's own words: its hint is indented below its error.
    const hint = line.startsWith('clipper: ') ? lines[at + 1]?.trim() : undefined
    return { line: line.replace(/^clipper: /, ''), ...(hint ? { hint } : {}) }
  }
}
