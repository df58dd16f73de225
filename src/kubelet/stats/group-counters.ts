/** All that a control group counts, version 1 and 2 (kernel: cgroup-v1/memory.rst, blkio-controller.rst, cgroup-v2.rst). */
import { join } from 'node:path'
import { keyIn, numberIn, text, workingSet } from '../resources/cgroup-usage.ts'

export interface DeviceCounters {
  /** As `/dev/vda`. */
  readonly device: string
  readonly readBytes: number | undefined
  readonly writtenBytes: number | undefined
  readonly reads: number | undefined
  readonly writes: number | undefined
}

/** Stalls by resource, in seconds: of some tasks and of all (kernel: accounting/psi.rst). */
export interface Pressure {
  readonly waitingSeconds: number
  readonly stalledSeconds: number
}

export interface GroupCounters {
  readonly cpuSeconds: number | undefined
  readonly cpuUserSeconds: number | undefined
  readonly cpuSystemSeconds: number | undefined
  readonly periods: number | undefined
  readonly throttledPeriods: number | undefined
  readonly throttledSeconds: number | undefined
  readonly memoryBytes: number | undefined
  readonly maxMemoryBytes: number | undefined
  readonly workingSetBytes: number | undefined
  readonly cacheBytes: number | undefined
  readonly rssBytes: number | undefined
  readonly swapBytes: number | undefined
  readonly mappedBytes: number | undefined
  readonly kernelBytes: number | undefined
  readonly activeFileBytes: number | undefined
  readonly inactiveFileBytes: number | undefined
  readonly faults: number | undefined
  readonly majorFaults: number | undefined
  readonly limitFailures: number | undefined
  readonly oomKills: number | undefined
  readonly processes: number | undefined
  readonly devices: readonly DeviceCounters[]
  readonly pressure: ReadonlyMap<'cpu' | 'memory' | 'io', Pressure>
}

const ticksPerSecond = 100
const perSecond = (value: number | undefined, divisor: number): number | undefined =>
  value === undefined ? undefined : value / divisor

export const hasGroup = (directories: ReadonlyMap<string, string>): boolean => pidsIn(directories) !== undefined

/** The processes of a group itself, without those of groups below it; undefined: there is no such group. */
function pidsIn(directories: ReadonlyMap<string, string>): number[] | undefined {
  const directory = directories.get('') ?? directories.get('memory') ?? ''
  const content = text(join(directory, 'cgroup.procs'))
  if (content === '' && text(join(directory, 'memory.stat')) === '') return undefined
  return content.split('\n').filter(Boolean).map(Number)
}

/** One process of a group. */
export const processIn = (directories: ReadonlyMap<string, string>): number | undefined => pidsIn(directories)?.[0]

/** `directories`: by controller in version 1, one under '' in version 2. */
export function groupCounters(directories: ReadonlyMap<string, string>): GroupCounters {
  const unified = directories.get('')
  return unified === undefined ? ofVersion1(directories) : ofVersion2(unified)
}

function ofVersion1(directories: ReadonlyMap<string, string>): GroupCounters {
  const at = (controller: string, name: string) => join(directories.get(controller) ?? '/nowhere', name)
  const stat = text(at('memory', 'memory.stat'))
  const cpuStat = text(at('cpu', 'cpu.stat'))
  const ticks = text(at('cpuacct', 'cpuacct.stat'))
  const usage = numberIn(at('memory', 'memory.usage_in_bytes'))
  const inactiveFileBytes = keyIn(stat, 'total_inactive_file')
  return {
    cpuSeconds: perSecond(numberIn(at('cpuacct', 'cpuacct.usage')), 1e9),
    cpuUserSeconds: perSecond(keyIn(ticks, 'user'), ticksPerSecond),
    cpuSystemSeconds: perSecond(keyIn(ticks, 'system'), ticksPerSecond),
    periods: keyIn(cpuStat, 'nr_periods'),
    throttledPeriods: keyIn(cpuStat, 'nr_throttled'),
    throttledSeconds: perSecond(keyIn(cpuStat, 'throttled_time'), 1e9),
    memoryBytes: usage,
    maxMemoryBytes: numberIn(at('memory', 'memory.max_usage_in_bytes')),
    workingSetBytes: workingSet(usage, inactiveFileBytes),
    cacheBytes: keyIn(stat, 'total_cache'),
    rssBytes: keyIn(stat, 'total_rss'),
    swapBytes: keyIn(stat, 'total_swap'),
    mappedBytes: keyIn(stat, 'total_mapped_file'),
    kernelBytes: numberIn(at('memory', 'memory.kmem.usage_in_bytes')),
    activeFileBytes: keyIn(stat, 'total_active_file'),
    inactiveFileBytes,
    faults: keyIn(stat, 'total_pgfault'),
    majorFaults: keyIn(stat, 'total_pgmajfault'),
    limitFailures: numberIn(at('memory', 'memory.failcnt')),
    oomKills: keyIn(text(at('memory', 'memory.oom_control')), 'oom_kill'),
    processes: numberIn(at('pids', 'pids.current')),
    devices: devicesOfVersion1(
      text(at('blkio', 'blkio.throttle.io_service_bytes_recursive')),
      text(at('blkio', 'blkio.throttle.io_serviced_recursive')),
    ),
    pressure: new Map(),
  }
}

function ofVersion2(directory: string): GroupCounters {
  const at = (name: string) => join(directory, name)
  const stat = text(at('memory.stat'))
  const cpuStat = text(at('cpu.stat'))
  const usage = numberIn(at('memory.current'))
  const inactiveFileBytes = keyIn(stat, 'inactive_file')
  const events = text(at('memory.events'))
  const pressure = (['cpu', 'memory', 'io'] as const).flatMap(resource => {
    const found = parsePressure(text(at(`${resource}.pressure`)))
    return found ? [[resource, found] as const] : []
  })
  return {
    cpuSeconds: perSecond(keyIn(cpuStat, 'usage_usec'), 1e6),
    cpuUserSeconds: perSecond(keyIn(cpuStat, 'user_usec'), 1e6),
    cpuSystemSeconds: perSecond(keyIn(cpuStat, 'system_usec'), 1e6),
    periods: keyIn(cpuStat, 'nr_periods'),
    throttledPeriods: keyIn(cpuStat, 'nr_throttled'),
    throttledSeconds: perSecond(keyIn(cpuStat, 'throttled_usec'), 1e6),
    memoryBytes: usage,
    maxMemoryBytes: numberIn(at('memory.peak')),
    workingSetBytes: workingSet(usage, inactiveFileBytes),
    cacheBytes: keyIn(stat, 'file'),
    rssBytes: keyIn(stat, 'anon'),
    swapBytes: numberIn(at('memory.swap.current')),
    mappedBytes: keyIn(stat, 'file_mapped'),
    kernelBytes: keyIn(stat, 'kernel'),
    activeFileBytes: keyIn(stat, 'active_file'),
    inactiveFileBytes,
    faults: keyIn(stat, 'pgfault'),
    majorFaults: keyIn(stat, 'pgmajfault'),
    limitFailures: keyIn(events, 'max'),
    oomKills: keyIn(events, 'oom_kill'),
    processes: numberIn(at('pids.current')),
    devices: devicesOfVersion2(text(at('io.stat'))),
    pressure: new Map(pressure),
  }
}

/** `some avg10=0.00 … total=123` and `full …`, in microseconds. */
function parsePressure(content: string): Pressure | undefined {
  const total = (kind: string) => new RegExp(`^${kind} .*total=(\\d+)`, 'm').exec(content)?.[1]
  const some = total('some')
  if (some === undefined) return undefined
  return { waitingSeconds: Number(some) / 1e6, stalledSeconds: Number(total('full') ?? 0) / 1e6 }
}

/** `253:0 Read 4096` and so on, the last line a sum over all devices. */
function devicesOfVersion1(bytes: string, operations: string): DeviceCounters[] {
  const parse = (content: string) => {
    const found = new Map<string, { Read?: number; Write?: number }>()
    for (const [, number = '', what = '', value] of content.matchAll(/^(\d+:\d+) (Read|Write) (\d+)$/gm))
      found.set(number, { ...found.get(number), [what]: Number(value) })
    return found
  }
  const done = parse(operations)
  return [...parse(bytes)].map(([number, moved]) => ({
    device: deviceOf(number),
    readBytes: moved.Read,
    writtenBytes: moved.Write,
    reads: done.get(number)?.Read,
    writes: done.get(number)?.Write,
  }))
}

/** `253:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0`. */
function devicesOfVersion2(content: string): DeviceCounters[] {
  return content.split('\n').flatMap(line => {
    const [number = '', ...pairs] = line.split(' ')
    const values = new Map(pairs.map(pair => pair.split('=') as [string, string]))
    if (!values.has('rbytes')) return []
    const of = (key: string) => Number(values.get(key) ?? 0)
    return [
      {
        device: deviceOf(number),
        readBytes: of('rbytes'),
        writtenBytes: of('wbytes'),
        reads: of('rios'),
        writes: of('wios'),
      },
    ]
  })
}

const deviceOf = (number: string): string => {
  const name = /^DEVNAME=(.*)$/m.exec(text(`/sys/dev/block/${number}/uevent`))?.[1]
  return name === undefined ? number : `/dev/${name}`
}
