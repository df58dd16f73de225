/**
 * Gives memory back once the process has come to rest. V8 collects when more is allocated, not when nothing is, and the
 * allocator keeps freed pages between those in use: after a burst of 5,000 pods, a third of what was resident was garbage
 * and another third free pages. Both are left alone while there is work.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'

export interface ProcessMemory {
  /** Part of the time since the last call in which the main thread had work. */
  busyPart(): number
  residentBytes(): number
  heapBytes(): number
  /** Collects all garbage, which stops the main thread for about a millisecond a megabyte that is in use. */
  collect(): void
  /** Hands free pages to the system. */
  trim(): void
}

const lookMs = 2_000
const idlePart = 0.2
/** So many quiet looks in a row. */
const quietLooks = 2
/** Less is not worth a collection. */
const worthBytes = 16 * 1024 * 1024
/** Once more after so long: what was held for a time, such as the newest events of every kind, is free by then. */
const againMs = 240_000
/** A larger heap is left to V8: the pause would be felt by the next request. */
const maxHeapBytes = 256 * 1024 * 1024

export function watchIdleMemory(clock: Clock, memory: ProcessMemory): void {
  let quiet = 0
  let leftBytes = 0
  let againAtMs = Number.POSITIVE_INFINITY
  const look = (): void => {
    quiet = memory.busyPart() < idlePart ? quiet + 1 : 0
    const before = memory.residentBytes()
    const hasGrown = before > leftBytes + worthBytes
    const isDue = clock.monotonic() >= againAtMs
    if (quiet >= quietLooks && (hasGrown || isDue)) {
      againAtMs = hasGrown ? clock.monotonic() + againMs : Number.POSITIVE_INFINITY
      if (memory.heapBytes() <= maxHeapBytes) memory.collect()
      memory.trim()
      leftBytes = memory.residentBytes()
      quiet = 0
    } else leftBytes = Math.min(leftBytes, before)
    clock.after(lookMs, look)
  }
  clock.after(lookMs, look)
}

export function thisProcessMemory(): ProcessMemory {
  let utilization = performance.eventLoopUtilization()
  let collect: (() => void) | undefined
  let trim: (() => void) | undefined
  return {
    busyPart() {
      const now = performance.eventLoopUtilization()
      const part = performance.eventLoopUtilization(now, utilization).utilization
      utilization = now
      return part
    },
    residentBytes: () => process.memoryUsage.rss(),
    heapBytes: () => process.memoryUsage().heapUsed,
    collect() {
      collect ??= collector()
      collect()
    },
    trim() {
      trim ??= trimmer()
      trim()
    },
  }
}

function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  return collect
}

/** glibc's malloc_trim; nothing where there is none. */
function trimmer(): () => void {
  try {
    const { dlopen } = process.getBuiltinModule('node:ffi')
    const { functions } = dlopen('libc.so.6', { malloc_trim: { arguments: ['u64'], return: 'i32' } })
    return () => void functions.malloc_trim(0n)
  } catch (error) {
    loggerOf('memory').debug({ error: (error as Error).message }, 'free pages stay with the allocator')
    return () => {}
  }
}
