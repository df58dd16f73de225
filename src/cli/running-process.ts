/** The cluster's process: who it is, whether it lives, and that there is only one. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import { sleep } from '../base/clock.ts'

export interface RunningProcess {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: tells a process from another one with the same pid. */
  readonly startTicks: string
  readonly dataDirectory: string
}

function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

export function writePidFile(path: string, dataDirectory: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const running: RunningProcess = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '', dataDirectory }
  writeFileSync(`${path}.new`, JSON.stringify(running), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

export function removePidFile(path: string): void {
  rmSync(path, { force: true })
}

/** The live process that a pid file names; undefined if it is gone. */
export function readPidFile(path: string): RunningProcess | undefined {
  try {
    const running = JSON.parse(readFileSync(path, 'utf8')) as RunningProcess
    return isAlive(running) ? running : undefined
  } catch {
    return undefined
  }
}

export const isAlive = (running: RunningProcess): boolean => startTicksOf(running.pid) === running.startTicks

/** How long a process may take to finish what it accepted before it is killed. */
const stopTimeoutMs = 20_000

/** Ends the process that a pid file names, and waits for its end. */
export async function endProcess(pidFile: string): Promise<void> {
  const running = readPidFile(pidFile)
  if (running) {
    process.kill(running.pid, 'SIGTERM')
    const deadline = performance.now() + stopTimeoutMs
    while (isAlive(running)) {
      if (performance.now() > deadline) process.kill(running.pid, 'SIGKILL')
      await sleep(50)
    }
  }
  removePidFile(pidFile)
}

/**
 * A lock that its holder's death releases: an abstract unix socket. Resolves to the release, or to undefined where
 * another process holds it.
 */
export function tryLock(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer(socket => socket.destroy())
    server.once('error', error =>
      (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(`\0clipper/${name}`, () => {
      server.unref()
      resolve(() => server.close())
    })
  })
}
