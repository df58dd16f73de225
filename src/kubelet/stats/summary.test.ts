import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ManualClock } from '../../client/testing/manual-clock.ts'
import { cgroupUsage } from '../resources/cgroup-usage.ts'
import { Cgroups } from '../resources/cgroups.ts'
import { StatsProvider } from './summary.ts'

const directory = mkdtempSync('/tmp/cgroups-')
after(() => rmSync(directory, { recursive: true }))
const write = (path: string, files: Record<string, string>) => {
  mkdirSync(join(directory, path), { recursive: true })
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, path, name), content)
}

test('usage is read from control groups of version 2', () => {
  write('v2', { 'cgroup.controllers': 'cpu memory pids\n' })
  write('v2/kubepods/burstable/podu', {
    'memory.current': '1000\n',
    'memory.stat': 'anon 600\nfile 400\ninactive_file 300\n',
    'cpu.stat': 'usage_usec 25\nuser_usec 20\n',
  })
  const cgroups = new Cgroups({ mountPoint: join(directory, 'v2'), driver: 'cgroupfs', root: '/kubepods' })
  assert.equal(cgroups.version, 2)
  assert.deepEqual(cgroupUsage(cgroups.directoriesOf(cgroups.pathOf('u', 'Burstable'))), {
    cpuNanoSeconds: 25_000,
    memoryBytes: 1000,
    workingSetBytes: 700,
    rssBytes: 600,
  })
})

test('usage is read from control groups of version 1, also where controllers share a hierarchy', () => {
  write('v1/memory/kubepods/podu', {
    'memory.usage_in_bytes': '2000\n',
    'memory.stat': 'total_rss 900\ntotal_inactive_file 500\n',
  })
  write('v1/cpu,cpuacct/kubepods/podu', { 'cpuacct.usage': '77\n' })
  const cgroups = new Cgroups({ mountPoint: join(directory, 'v1'), driver: 'cgroupfs', root: '/kubepods' })
  assert.equal(cgroups.version, 1)
  assert.deepEqual(cgroupUsage(cgroups.directoriesOf(cgroups.pathOf('u', 'Guaranteed'))), {
    cpuNanoSeconds: 77,
    memoryBytes: 2000,
    workingSetBytes: 1500,
    rssBytes: 900,
  })
})

test('a pod’s limits reach version 2 as weight and maxima', () => {
  write('limits', { 'cgroup.controllers': 'cpu memory\n' })
  const cgroups = new Cgroups({ mountPoint: join(directory, 'limits'), driver: 'cgroupfs', root: '/kubepods' })
  cgroups.ensure('u', 'Burstable', { cpuShares: 1024, cpuPeriodUs: 100_000, cpuQuotaUs: 50_000, memoryBytes: 1 << 20 })
  const read = (name: string) => readFileSync(join(directory, 'limits/kubepods/burstable/podu', name), 'utf8')
  assert.deepEqual([read('cpu.weight'), read('cpu.max'), read('memory.max')], ['39', '50000 100000', '1048576'])
})

test('with systemd, a pod’s group is a slice', () => {
  const cgroups = new Cgroups({ mountPoint: directory, driver: 'systemd', root: '/kubepods' })
  assert.equal(cgroups.parentOf('a-b', 'BestEffort'), 'kubepods-besteffort-poda_b.slice')
  assert.equal(
    cgroups.pathOf('a-b', 'BestEffort'),
    '/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-poda_b.slice',
  )
})

test('two who ask at the same time are both told of rates', async () => {
  const clock = new ManualClock()
  const stats = new StatsProvider({
    nodeName: 'a',
    runtime: { listContainerStats: async () => [] },
    manager: { workers: () => [] },
    cgroups: new Cgroups({ driver: 'cgroupfs', root: '/kubepods' }),
    clock,
    directory: '/tmp',
    claims: async () => {
      await nextTurn()
      return []
    },
  })
  await stats.summary()
  await clock.advance(2_000)
  for (const { node } of await Promise.all([stats.summary(), stats.summary()]))
    assert.notEqual(node.cpu.usageNanoCores, undefined)
})
