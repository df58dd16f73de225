/** The cluster's process: who it is, whether it lives, and that there is only one. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import { sleep } from '../base/clock.ts'
import { identityOf, isAlive, type ProcessIdentity, readLiveProcess } from '../base/process-identity.ts'

export interface RunningProcess extends ProcessIdentity {
  readonly dataDirectory: string
}

export function writePidFile(path: string, dataDirectory: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const running: RunningProcess = { ...identityOf(process.pid), dataDirectory }
  writeFileSync(`${path}.new`, JSON.stringify(running), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

export function removePidFile(path: string): void {
  rmSync(path, { force: true })
}

/** The live process that a pid file names; undefined if it is gone. */
export const readPidFile = (path: string): RunningProcess | undefined => readLiveProcess<RunningProcess>(path)

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
