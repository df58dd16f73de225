import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '../../base/clock.ts'
import { Cgroups } from '../resources/cgroups.ts'
import { ContainerMetrics, type ContainerMetricsOptions } from './container-metrics.ts'

const directory = mkdtempSync('/tmp/container-metrics-')
after(() => rmSync(directory, { recursive: true }))
const write = (path: string, files: Record<string, string>) => {
  for (const [name, content] of Object.entries(files)) {
    const file = join(directory, path, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${content}\n`)
  }
}

type Workers = ReturnType<ContainerMetricsOptions['manager']['workers']>

/** A pod `web` with a sandbox `s1` and a running container `c1`, in control groups below `mountPoint`. */
function metrics(mountPoint: string): Promise<string> {
  const pod = { metadata: { name: 'web', namespace: 'shop', uid: 'u' }, spec: { containers: [{ name: 'main' }] } }
  const runtime = {
    sandboxes: [{ id: 's1', ready: true, createdAtMs: 1000, hostNetwork: false, attempt: 0, ips: [] }],
    containers: [
      { id: 'c1', name: 'main', state: 'running', image: 'shop/web:1', startedAtMs: 2500 },
      { id: 'c0', name: 'main', state: 'exited', image: 'shop/web:1', startedAtMs: 2000 },
    ],
  }
  return new ContainerMetrics({
    runtime: {
      listContainerStats: async () => [{ attributes: { id: 'c1' }, writableLayer: { usedBytes: { value: 77 } } }],
    },
    manager: { workers: () => [{ pod, uid: 'u', runtime }] as unknown as Workers },
    cgroups: new Cgroups({ mountPoint, driver: 'cgroupfs', root: '/kubepods' }),
    clock: systemClock,
    machine: { cpuCount: 4, memoryBytes: 1024, machineId: 'm', systemUuid: 's', bootId: 'b' },
  }).text()
}

const container =
  '{container="main",id="/kubepods/besteffort/podu/c1",image="shop/web:1",name="c1",namespace="shop",pod="web"'
const sandbox =
  '{container="",id="/kubepods/besteffort/podu/s1",image="clipper.local/pause:1",name="s1",namespace="shop",pod="web"'
const line = (text: string, start: string): string | undefined =>
  text
    .split('\n')
    .find(one => one.startsWith(start))
    ?.split(' ')[1]

test('/metrics/cadvisor names containers, pods and their network, of control groups of version 2', async () => {
  write('v2', { 'cgroup.controllers': 'cpu memory pids' })
  write('v2/kubepods/besteffort/podu/s1', { 'cgroup.procs': `${process.pid}`, 'memory.stat': 'anon 1' })
  write('v2/kubepods/besteffort/podu', { 'cgroup.procs': '', 'memory.stat': 'anon 5', 'memory.current': '900' })
  write('v2/kubepods/besteffort/podu/c1', {
    'cgroup.procs': '12',
    'cpu.stat':
      'usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_periods 10\nnr_throttled 3\nthrottled_usec 70000',
    'cpu.max': '50000 100000',
    'cpu.weight': '39',
    'memory.current': '1000',
    'memory.max': '4096',
    'memory.stat': 'anon 600\nfile 400\ninactive_file 300\npgfault 8\npgmajfault 1',
    'memory.events': 'low 0\nhigh 0\nmax 2\noom 1\noom_kill 1',
    'io.stat': '9999:1 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0',
    'memory.pressure':
      'some avg10=0.00 avg60=0.00 avg300=0.00 total=3000000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1000000',
  })
  const text = await metrics(join(directory, 'v2'))
  assert.equal(line(text, `container_cpu_usage_seconds_total${container},cpu="total"}`), '2.5')
  assert.equal(line(text, `container_cpu_cfs_throttled_periods_total${container}}`), '3')
  assert.equal(line(text, `container_memory_working_set_bytes${container}}`), '700')
  assert.equal(line(text, `container_spec_memory_limit_bytes${container}}`), '4096')
  assert.equal(
    line(text, `container_memory_failures_total${container},failure_type="pgmajfault",scope="hierarchy"}`),
    '1',
  )
  assert.equal(line(text, `container_fs_writes_bytes_total${container},device="9999:1"}`), '20')
  assert.equal(line(text, `container_fs_usage_bytes${container},device=""}`), '77')
  assert.equal(line(text, `container_pressure_memory_waiting_seconds_total${container}}`), '3')
  assert.equal(line(text, `container_start_time_seconds${container}}`), '2.5')
  assert.equal(
    line(
      text,
      'container_memory_usage_bytes{container="",id="/kubepods/besteffort/podu",image="",name="",namespace="shop",pod="web"}',
    ),
    '900',
  )
  assert.match(text, new RegExp(`^container_network_receive_bytes_total${sandbox},interface="[^"]+"} \\d+$`, 'm'))
  assert.equal(line(text, 'machine_cpu_cores{boot_id="b",machine_id="m",system_uuid="s"}'), '4')
  assert.doesNotMatch(text, /name="c0"/)
})

test('/metrics/cadvisor reads control groups of version 1', async () => {
  const group = 'kubepods/besteffort/podu/c1'
  write(`v1/memory/${group}`, {
    'cgroup.procs': '12',
    'memory.usage_in_bytes': '2000',
    'memory.limit_in_bytes': '9223372036854771712',
    'memory.stat': 'cache 1\ntotal_cache 700\ntotal_rss 900\ntotal_inactive_file 500',
    'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 4',
  })
  write(`v1/cpu,cpuacct/${group}`, {
    'cpuacct.usage': '1500000000',
    'cpuacct.stat': 'user 100\nsystem 50',
    'cpu.shares': '2',
    'cpu.cfs_period_us': '100000',
    'cpu.cfs_quota_us': '-1',
    'cpu.stat': 'nr_periods 0\nnr_throttled 0\nthrottled_time 0',
  })
  write(`v1/blkio/${group}`, {
    'blkio.throttle.io_service_bytes_recursive': '9999:1 Read 5\n9999:1 Write 6\n9999:1 Total 11\nTotal 11',
    'blkio.throttle.io_serviced_recursive': '9999:1 Read 1\n9999:1 Write 2\n9999:1 Total 3\nTotal 3',
  })
  const text = await metrics(join(directory, 'v1'))
  assert.equal(line(text, `container_cpu_usage_seconds_total${container},cpu="total"}`), '1.5')
  assert.equal(line(text, `container_cpu_user_seconds_total${container}}`), '1')
  assert.equal(line(text, `container_memory_cache${container}}`), '700')
  assert.equal(line(text, `container_memory_working_set_bytes${container}}`), '1500')
  assert.equal(line(text, `container_oom_events_total${container}}`), '4')
  assert.equal(line(text, `container_spec_memory_limit_bytes${container}}`), '0')
  assert.equal(line(text, `container_fs_reads_bytes_total${container},device="9999:1"}`), '5')
  assert.equal(line(text, `container_fs_writes_total${container},device="9999:1"}`), '2')
  assert.doesNotMatch(text, /container_cpu_cfs_throttled/, 'what has no CPU limit is not throttled')
})
