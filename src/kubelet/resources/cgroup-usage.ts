/** What a control group uses, version 1 and 2. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const text = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
export const numberIn = (path: string): number | undefined => {
  const content = text(path).trim()
  return /^\d+$/.test(content) ? Number(content) : undefined
}
export const keyIn = (content: string, key: string): number | undefined => {
  const found = new RegExp(`^${key} (\\d+)$`, 'm').exec(content)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Memory that cannot be had back at once: without inactive pages of files. */
export const workingSet = (usage: number | undefined, inactive: number | undefined): number | undefined =>
  usage === undefined ? undefined : Math.max(0, usage - (inactive ?? 0))

export interface CgroupUsage {
  readonly cpuNanoSeconds: number | undefined
  readonly memoryBytes: number | undefined
  readonly workingSetBytes: number | undefined
  readonly rssBytes: number | undefined
}

/** Usage of one control group. `directories`: by controller in version 1, one under '' in version 2. */
export function cgroupUsage(directories: ReadonlyMap<string, string>): CgroupUsage {
  const unified = directories.get('')
  const memory = unified ?? directories.get('memory') ?? ''
  const stat = text(join(memory, 'memory.stat'))
  const usage = numberIn(join(memory, unified ? 'memory.current' : 'memory.usage_in_bytes'))
  const inactive = keyIn(stat, unified ? 'inactive_file' : 'total_inactive_file')
  const microseconds = unified ? keyIn(text(join(unified, 'cpu.stat')), 'usage_usec') : undefined
  return {
    cpuNanoSeconds: unified
      ? microseconds === undefined
        ? undefined
        : microseconds * 1000
      : numberIn(join(directories.get('cpuacct') ?? '', 'cpuacct.usage')),
    memoryBytes: usage,
    workingSetBytes: workingSet(usage, inactive),
    rssBytes: keyIn(stat, unified ? 'anon' : 'total_rss'),
  }
}
