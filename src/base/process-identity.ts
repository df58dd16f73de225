/** Which process it is: a pid alone may be another's by now. */
import { readFileSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: tells a process from another one with the same pid. */
  readonly startTicks: string
}

/** Undefined if it is gone. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

export const identityOf = (pid: number): ProcessIdentity => ({ pid, startTicks: startTicksOf(pid) ?? '' })

export const isAlive = ({ pid, startTicks }: ProcessIdentity): boolean => startTicksOf(pid) === startTicks

/** The live process that a file names, with what else the file says of it; undefined if it is gone. */
export function readLiveProcess<T extends ProcessIdentity>(path: string): T | undefined {
  try {
    const named = JSON.parse(readFileSync(path, 'utf8')) as T
    return isAlive(named) ? named : undefined
  } catch {
    return undefined
  }
}
