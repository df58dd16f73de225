/**
 * Figures of the process in `/metrics`, read when they are asked for. prom-client's own defaults also sample the event
 * loop's delay 100 times a second, which is most of what an idle cluster would do.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { Counter, Gauge, type Registry } from 'prom-client'
import { openFileLimit } from './open-files.ts'

const bytesPerKibibyte = 1024

function openFiles(): number {
  // One of them is the directory being read.
  return readdirSync('/proc/self/fd').length - 1
}

function virtualBytes(): number {
  return Number(/^VmSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * bytesPerKibibyte
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Seconds in which the event loop ran, since the start of the process. */
const busySeconds = (): number => performance.eventLoopUtilization().active / 1000

const gauges: readonly (readonly [name: string, help: string, read: () => number])[] = [
  [
    'process_start_time_seconds',
    'Start of the process, in seconds since the epoch.',
    () => performance.timeOrigin / 1000,
  ],
  ['process_resident_memory_bytes', 'Resident memory in bytes.', () => process.memoryUsage.rss()],
  ['process_virtual_memory_bytes', 'Virtual memory in bytes.', virtualBytes],
  ['process_open_fds', 'Open file descriptors.', openFiles],
  ['process_max_fds', 'Limit of open file descriptors.', () => openFileLimit() ?? 0],
  ['nodejs_heap_size_total_bytes', 'Size of the heap in bytes.', () => getHeapStatistics().total_heap_size],
  ['nodejs_heap_size_used_bytes', 'Used part of the heap in bytes.', () => getHeapStatistics().used_heap_size],
  ['nodejs_external_memory_bytes', 'Memory outside the heap in bytes.', () => getHeapStatistics().external_memory],
]

const counters: typeof gauges = [
  ['process_cpu_seconds_total', 'CPU time of user and system in seconds.', cpuSeconds],
  ['nodejs_eventloop_active_seconds_total', 'Seconds in which the event loop was not waiting.', busySeconds],
]

export function addProcessMetrics(registry: Registry): void {
  const registers = [registry]
  for (const [name, help, read] of gauges)
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  for (const [name, help, read] of counters)
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })
}
