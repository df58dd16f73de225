/** On files as a kernel shows them: version 2 from Linux 6.12, version 1 from Linux 6.1. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readCgroupLimits, sharesAfterWeight, writeCgroupLimits } from './cgroup-limits.ts'
import { sharesOf } from './linux-resources.ts'

const directory = mkdtempSync('/tmp/clipper-cgroups-')
after(() => rmSync(directory, { recursive: true }))

function group(name: string, files: Record<string, string>): string {
  const path = join(directory, name)
  mkdirSync(path, { recursive: true })
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content)
  return path
}
const contentOf = (path: string, name: string) => readFileSync(join(path, name), 'utf8')

test('version 2: limits are read and set in one directory, and shares become weights', () => {
  const path = group('two', { 'cpu.max': '20000 100000\n', 'cpu.weight': '4\n', 'memory.max': '67108864\n' })
  const directories = new Map([['', path]])
  assert.deepEqual(readCgroupLimits(directories), {
    cpuShares: 80,
    cpuQuotaUs: 20_000,
    cpuPeriodUs: 100_000,
    memoryBytes: 67_108_864,
  })
  // Weights are coarser than shares: 100m of cpu comes back as another number, which means the same.
  assert.equal(sharesAfterWeight(sharesOf(100)), 80)
  writeCgroupLimits(directories, { cpuShares: 1024, cpuQuotaUs: 50_000, memoryBytes: 1000 })
  assert.deepEqual(
    ['cpu.weight', 'cpu.max', 'memory.max'].map(name => contentOf(path, name)),
    ['39', '50000 100000', '1000'],
  )
  writeFileSync(join(path, 'cpu.max'), 'max 100000\n')
  writeFileSync(join(path, 'memory.max'), 'max\n')
  const { cpuQuotaUs, memoryBytes } = readCgroupLimits(directories)!
  assert.deepEqual([cpuQuotaUs, memoryBytes], [undefined, undefined])
})

test('version 1: each controller has a directory of its own', () => {
  const cpu = group('one/cpu', {
    'cpu.shares': '102\n',
    'cpu.cfs_quota_us': '-1\n',
    'cpu.cfs_period_us': '100000\n',
  })
  const memory = group('one/memory', { 'memory.limit_in_bytes': '9223372036854771712\n' })
  const directories = new Map([
    ['cpu', cpu],
    ['memory', memory],
  ])
  assert.deepEqual(readCgroupLimits(directories), {
    cpuShares: 102,
    cpuQuotaUs: undefined,
    cpuPeriodUs: 100_000,
    memoryBytes: undefined,
  })
  writeCgroupLimits(directories, { memoryBytes: 4096 })
  writeCgroupLimits(directories, { cpuQuotaUs: 5000, cpuPeriodUs: 100_000 })
  assert.equal(contentOf(memory, 'memory.limit_in_bytes'), '4096')
  assert.deepEqual([contentOf(cpu, 'cpu.shares'), contentOf(cpu, 'cpu.cfs_quota_us')], ['102\n', '5000'])
})

test('a group that is gone has no limits', () => {
  assert.equal(readCgroupLimits(new Map([['', join(directory, 'gone')]])), undefined)
})
