/** Reads and sets the limits of one control group, version 1 and 2 (kernel: cgroup-v1/memory.rst, cgroup-v2.rst, sched-bwc.rst). */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CgroupLimits {
  readonly cpuShares: number
  /** undefined: none. */
  readonly cpuQuotaUs: number | undefined
  readonly cpuPeriodUs: number
  /** undefined: none. */
  readonly memoryBytes: number | undefined
}

/** What the kernel shows for "no limit" in version 1 is a page short of 2^63. */
const unlimitedBytes = 2 ** 62

/** cpu.weight from shares, as runc converts them: 2..262144 onto 1..10000. */
export const weightOf = (shares: number): number => Math.floor(1 + ((shares - 2) * 9999) / 262142)
const sharesOfWeight = (weight: number): number => Math.floor(2 + ((weight - 1) * 262142) / 9999)

/** Version 2 keeps weights, which are coarser than shares: the same shares come back changed. */
export const sharesAfterWeight = (shares: number): number => sharesOfWeight(weightOf(shares))

/** `directories`: by controller in version 1, one under '' in version 2. undefined: there is no such group. */
export function readCgroupLimits(directories: ReadonlyMap<string, string>): CgroupLimits | undefined {
  const unified = directories.get('')
  try {
    if (unified !== undefined) {
      const [quota = 'max', period = '100000'] = read(unified, 'cpu.max').split(' ')
      const memory = read(unified, 'memory.max')
      return {
        cpuShares: sharesOfWeight(Number(read(unified, 'cpu.weight'))),
        cpuQuotaUs: quota === 'max' ? undefined : Number(quota),
        cpuPeriodUs: Number(period),
        memoryBytes: memory === 'max' ? undefined : Number(memory),
      }
    }
    const cpu = directories.get('cpu') ?? ''
    const quota = Number(read(cpu, 'cpu.cfs_quota_us'))
    const memory = Number(read(directories.get('memory') ?? '', 'memory.limit_in_bytes'))
    return {
      cpuShares: Number(read(cpu, 'cpu.shares')),
      cpuQuotaUs: quota < 0 ? undefined : quota,
      cpuPeriodUs: Number(read(cpu, 'cpu.cfs_period_us')),
      memoryBytes: memory > unlimitedBytes ? undefined : memory,
    }
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

export interface CgroupChange {
  readonly cpuShares?: number
  readonly cpuQuotaUs?: number
  readonly cpuPeriodUs?: number
  readonly memoryBytes?: number
}

/** Throws what the kernel refuses, as a memory limit below the usage. */
export function writeCgroupLimits(directories: ReadonlyMap<string, string>, change: CgroupChange): void {
  const { cpuShares, cpuQuotaUs, cpuPeriodUs = 100_000, memoryBytes } = change
  const unified = directories.get('')
  if (unified !== undefined) {
    if (cpuShares !== undefined) write(unified, 'cpu.weight', weightOf(cpuShares))
    if (cpuQuotaUs !== undefined) write(unified, 'cpu.max', `${cpuQuotaUs} ${cpuPeriodUs}`)
    if (memoryBytes !== undefined) write(unified, 'memory.max', memoryBytes)
    return
  }
  const cpu = directories.get('cpu') ?? ''
  if (cpuShares !== undefined) write(cpu, 'cpu.shares', cpuShares)
  if (cpuQuotaUs !== undefined) {
    write(cpu, 'cpu.cfs_period_us', cpuPeriodUs)
    write(cpu, 'cpu.cfs_quota_us', cpuQuotaUs)
  }
  if (memoryBytes !== undefined) write(directories.get('memory') ?? '', 'memory.limit_in_bytes', memoryBytes)
}

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')
const read = (directory: string, name: string): string => readFileSync(join(directory, name), 'utf8').trim()
const write = (directory: string, name: string, value: string | number): void =>
  writeFileSync(join(directory, name), `${value}`)
