import { setTimeout as sleep } from 'node:timers/promises'
import { totalUsage } from '../sides/server-process.ts'
import type { SuiteContext } from './suite.ts'

/** After a run a server may tidy up; what it holds then is what it keeps. */
const settleMs = 10_000

export async function keepMemory({ side, keep, signal }: SuiteContext): Promise<void> {
  const peak = totalUsage(side.processes)
  await sleep(settleMs, undefined, { signal })
  const settled = totalUsage(side.processes)
  keep(
    { name: 'memory-after', value: settled.residentMiB },
    { name: 'memory-peak', value: peak.peakMiB },
    { name: 'cpu-total', value: settled.cpuSeconds },
  )
}
