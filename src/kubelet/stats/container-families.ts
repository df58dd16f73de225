/**
 * The families of `/metrics/cadvisor`, by the names that dashboards and alerts ask for (cAdvisor documentation, "Monitoring
 * cAdvisor with Prometheus"). Every sample of one family has the same labels, empty where they do not apply.
 */
import type { CgroupLimits } from '../resources/cgroup-limits.ts'
import type { GroupCounters } from './group-counters.ts'
import { family, type Labels, type Sample } from './metric-family.ts'
import type { InterfaceCounters } from './network-counters.ts'

/** A control group, as one scrape sees it. */
export interface MeasuredGroup {
  readonly labels: Labels
  readonly counters: GroupCounters
  readonly limits: CgroupLimits | undefined
  readonly startSeconds: number | undefined
  /** Of the writable layer. */
  readonly layerBytes: number | undefined
  /** Only of groups that stand for a network namespace. */
  readonly interfaces: readonly InterfaceCounters[]
}

type Value = number | undefined | readonly Sample[]

interface FamilyRule {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  /** One figure, or more with labels of their own. */
  readonly of: (group: MeasuredGroup) => Value
}

const counter = (name: string, help: string, of: FamilyRule['of']): FamilyRule => ({ name, type: 'counter', help, of })
const gauge = (name: string, help: string, of: FamilyRule['of']): FamilyRule => ({ name, type: 'gauge', help, of })

const perDevice =
  (key: 'readBytes' | 'writtenBytes' | 'reads' | 'writes') =>
  ({ counters }: MeasuredGroup): readonly Sample[] =>
    counters.devices.map((device): Sample => [{ device: device.device }, device[key]])

const perInterface =
  (key: Exclude<keyof InterfaceCounters, 'name'>) =>
  ({ interfaces }: MeasuredGroup): readonly Sample[] =>
    interfaces.map((one): Sample => [{ interface: one.name }, one[key]])

const pressures = (['cpu', 'memory', 'io'] as const).flatMap(resource => [
  counter(
    `container_pressure_${resource}_stalled_seconds_total`,
    `Time in which no task of the group got on for want of ${resource}, in seconds.`,
    ({ counters }) => counters.pressure.get(resource)?.stalledSeconds,
  ),
  counter(
    `container_pressure_${resource}_waiting_seconds_total`,
    `Time in which some tasks of the group waited for ${resource}, in seconds.`,
    ({ counters }) => counters.pressure.get(resource)?.waitingSeconds,
  ),
])

const cpu: readonly FamilyRule[] = [
  counter('container_cpu_usage_seconds_total', 'CPU time used, in seconds.', ({ counters }) => [
    [{ cpu: 'total' }, counters.cpuSeconds],
  ]),
  counter(
    'container_cpu_user_seconds_total',
    'CPU time used in user mode, in seconds.',
    ({ counters }) => counters.cpuUserSeconds,
  ),
  counter(
    'container_cpu_system_seconds_total',
    'CPU time used by the kernel, in seconds.',
    ({ counters }) => counters.cpuSystemSeconds,
  ),
  counter('container_cpu_cfs_periods_total', 'Periods in which the CPU limit was enforced.', ({ counters, limits }) =>
    limits?.cpuQuotaUs === undefined ? undefined : counters.periods,
  ),
  counter(
    'container_cpu_cfs_throttled_periods_total',
    'Periods in which the group was throttled.',
    ({ counters, limits }) => (limits?.cpuQuotaUs === undefined ? undefined : counters.throttledPeriods),
  ),
  counter(
    'container_cpu_cfs_throttled_seconds_total',
    'Time in which the group was throttled, in seconds.',
    ({ counters, limits }) => (limits?.cpuQuotaUs === undefined ? undefined : counters.throttledSeconds),
  ),
  gauge('container_spec_cpu_period', 'Period of the CPU limit, in microseconds.', ({ limits }) => limits?.cpuPeriodUs),
  gauge('container_spec_cpu_quota', 'CPU limit a period, in microseconds.', ({ limits }) => limits?.cpuQuotaUs),
  gauge('container_spec_cpu_shares', 'CPU shares.', ({ limits }) => limits?.cpuShares),
]

const memory: readonly FamilyRule[] = [
  gauge('container_memory_usage_bytes', 'Memory used, caches included.', ({ counters }) => counters.memoryBytes),
  gauge('container_memory_max_usage_bytes', 'Most memory ever used.', ({ counters }) => counters.maxMemoryBytes),
  gauge(
    'container_memory_working_set_bytes',
    'Memory used, without inactive pages of files.',
    ({ counters }) => counters.workingSetBytes,
  ),
  gauge('container_memory_cache', 'Pages of files, in bytes.', ({ counters }) => counters.cacheBytes),
  gauge('container_memory_rss', 'Anonymous memory, in bytes.', ({ counters }) => counters.rssBytes),
  gauge('container_memory_swap', 'Swap used, in bytes.', ({ counters }) => counters.swapBytes ?? 0),
  gauge('container_memory_mapped_file', 'Mapped pages of files, in bytes.', ({ counters }) => counters.mappedBytes),
  gauge('container_memory_kernel_usage', 'Memory of the kernel, in bytes.', ({ counters }) => counters.kernelBytes),
  gauge(
    'container_memory_total_active_file_bytes',
    'Active pages of files, in bytes.',
    ({ counters }) => counters.activeFileBytes,
  ),
  gauge(
    'container_memory_total_inactive_file_bytes',
    'Inactive pages of files, in bytes.',
    ({ counters }) => counters.inactiveFileBytes,
  ),
  counter('container_memory_failcnt', 'How often the memory limit was met.', ({ counters }) => counters.limitFailures),
  counter('container_memory_failures_total', 'Page faults, by kind.', ({ counters }) => [
    [{ failure_type: 'pgfault', scope: 'hierarchy' }, counters.faults],
    [{ failure_type: 'pgmajfault', scope: 'hierarchy' }, counters.majorFaults],
  ]),
  counter('container_oom_events_total', 'Processes killed for want of memory.', ({ counters }) => counters.oomKills),
  gauge('container_spec_memory_limit_bytes', 'Memory limit; 0 for none.', ({ limits }) =>
    limits ? (limits.memoryBytes ?? 0) : undefined,
  ),
]

const rest: readonly FamilyRule[] = [
  counter('container_fs_reads_bytes_total', 'Bytes read from block devices.', perDevice('readBytes')),
  counter('container_fs_reads_total', 'Reads from block devices.', perDevice('reads')),
  counter('container_fs_writes_bytes_total', 'Bytes written to block devices.', perDevice('writtenBytes')),
  counter('container_fs_writes_total', 'Writes to block devices.', perDevice('writes')),
  gauge('container_fs_usage_bytes', 'Bytes in the writable layer.', ({ layerBytes }) => [[{ device: '' }, layerBytes]]),
  counter('container_network_receive_bytes_total', 'Bytes received.', perInterface('rxBytes')),
  counter('container_network_receive_packets_total', 'Packets received.', perInterface('rxPackets')),
  counter(
    'container_network_receive_packets_dropped_total',
    'Packets dropped while receiving.',
    perInterface('rxDropped'),
  ),
  counter('container_network_receive_errors_total', 'Errors while receiving.', perInterface('rxErrors')),
  counter('container_network_transmit_bytes_total', 'Bytes sent.', perInterface('txBytes')),
  counter('container_network_transmit_packets_total', 'Packets sent.', perInterface('txPackets')),
  counter(
    'container_network_transmit_packets_dropped_total',
    'Packets dropped while sending.',
    perInterface('txDropped'),
  ),
  counter('container_network_transmit_errors_total', 'Errors while sending.', perInterface('txErrors')),
  gauge('container_processes', 'Tasks in the group.', ({ counters }) => counters.processes),
  gauge('container_start_time_seconds', 'Start, in seconds since the epoch.', ({ startSeconds }) => startSeconds),
]

const families: readonly FamilyRule[] = [...cpu, ...memory, ...rest, ...pressures]

export interface Machine {
  readonly cpus: number
  readonly memoryBytes: number
  readonly labels: Labels
}

export function containerFamilies(groups: readonly MeasuredGroup[], machine: Machine, nowSeconds: number): string {
  const samplesOf = ({ of }: FamilyRule): Sample[] =>
    groups.flatMap(group => {
      const value = of(group)
      const samples: readonly Sample[] = typeof value === 'object' ? value : [[{}, value]]
      return samples.map(([own, number]): Sample => [{ ...group.labels, ...own }, number])
    })
  return [
    ...families.map(rule => family(rule.name, rule.type, rule.help, samplesOf(rule))),
    family(
      'container_last_seen',
      'gauge',
      'When the group was last seen, in seconds since the epoch.',
      groups.map(({ labels }): Sample => [labels, nowSeconds]),
    ),
    family('container_scrape_error', 'gauge', '1 if the figures could not be read.', [[{}, 0]]),
    family('machine_cpu_cores', 'gauge', 'Logical CPUs.', [[machine.labels, machine.cpus]]),
    family('machine_memory_bytes', 'gauge', 'Memory of the machine.', [[machine.labels, machine.memoryBytes]]),
    family('machine_scrape_error', 'gauge', '1 if the machine could not be read.', [[{}, 0]]),
  ].join('')
}
