/**
 * Keeps the node alive when memory or disk runs out, and pods within their limits on disk: looks every ten seconds, frees
 * what nobody uses, then evicts one pod at a time (documentation: "Node-pressure Eviction").
 */
import { statfsSync } from 'node:fs'
import { Counter, Registry } from 'prom-client'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { memInfo } from '../node/node-info.ts'
import { hasStorageLimit, storageViolation } from './local-storage.ts'
import type { PodUsage } from './pod-usage.ts'
import { excessText, isCritical, type RankedPod, rankForEviction } from './ranking.ts'
import {
  defaultThresholds,
  metThresholds,
  type Observations,
  type PressureCondition,
  PressureHistory,
  resourceOf,
  shortageText,
  type Threshold,
} from './thresholds.ts'
import type { MeasuredPod } from './usage-reader.ts'

export interface EvictablePod extends MeasuredPod {
  readonly isStatic: boolean
  readonly isActive: boolean
  evict(message: string, isDisruption: boolean): void
}

export interface EvictionOptions {
  readonly clock: Clock
  readonly log: Logger
  observe(): Observations
  pods(): readonly EvictablePod[]
  usage(pods: readonly MeasuredPod[], withInodes: boolean): Promise<ReadonlyMap<string, PodUsage>>
  /** Removes images and containers that nobody needs. */
  freeDisk(): Promise<void>
  /** About the node. */
  event(type: 'Warning', reason: string, message: string): void
  /** How often it looks; 10 s where absent. */
  readonly everyMs?: number
}

const everyMs = 10_000
/** An evicted pod gets so long to be gone before the node is looked at again. */
const cleanupTimeoutMs = 30_000
const cleanupPollMs = 250

export function observeNode(directory: string): Observations {
  const disk = statfsSync(directory)
  return {
    'memory.available': { available: memInfo('MemAvailable'), capacity: memInfo('MemTotal') },
    'nodefs.available': { available: disk.bavail * disk.bsize, capacity: disk.blocks * disk.bsize },
    // Some file systems have no such bound.
    ...(disk.files > 0 ? { 'nodefs.inodesFree': { available: disk.ffree, capacity: disk.files } } : {}),
  }
}

export class EvictionManager {
  readonly #options: EvictionOptions
  readonly #history = new PressureHistory()
  readonly #registry = new Registry()
  readonly #evictions = new Counter({
    name: 'kubelet_evictions',
    help: 'Evicted pods, by the signal that led to it.',
    labelNames: ['eviction_signal'],
    registers: [this.#registry],
  })
  #timer: Timer | undefined
  #stopped = false

  constructor(options: EvictionOptions) {
    this.#options = options
    this.#note()
  }

  start(): void {
    this.#schedule(this.#options.everyMs ?? everyMs)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  conditions(): readonly PressureCondition[] {
    return this.#history.conditions(this.#options.clock.monotonic())
  }

  metrics(): Promise<string> {
    return this.#registry.metrics()
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    this.#timer = this.#options.clock.after(delayMs, () => {
      void this.look()
        .catch((error: unknown) => {
          this.#options.log.warn({ error: (error as Error).message }, 'cannot look after the node')
          return false
        })
        // More may have to go.
        .then(evicted => this.#schedule(evicted ? 0 : (this.#options.everyMs ?? everyMs)))
    })
  }

  #note(): { readonly met: readonly Threshold[]; readonly observations: Observations } {
    const observations = this.#options.observe()
    const met = metThresholds(defaultThresholds, observations)
    this.#history.note(met, this.#options.clock.monotonic())
    return { met, observations }
  }

  /** One round. Gives whether a pod was evicted. */
  async look(): Promise<boolean> {
    const { log, event, freeDisk } = this.#options
    const { met } = this.#note()
    if (await this.#evictViolators()) return true
    const [first] = met
    if (!first) return false
    const resource = resourceOf[first.signal]
    log.warn({ signal: first.signal }, 'the node runs short')
    event('Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`)
    if (resource !== 'memory') await freeDisk()
    const { met: still, observations } = this.#note()
    const threshold = still.find(({ signal }) => signal === first.signal)
    return threshold ? await this.#evictFor(threshold, observations) : false
  }

  async #evictFor(threshold: Threshold, observations: Observations): Promise<boolean> {
    const resource = resourceOf[threshold.signal]
    const active = this.#options.pods().filter(({ isActive }) => isActive)
    const usage = await this.#options.usage(active, resource === 'inodes')
    const ranked = rankForEviction(
      resource,
      active.map(({ uid, pod }): RankedPod => ({ pod, usage: usage.get(uid) })),
    )
    for (const one of ranked) {
      const worker = active.find(({ uid }) => uid === one.pod.metadata.uid)!
      if (isCritical(one.pod, worker.isStatic)) continue
      const message = `${shortageText(threshold, observations)}${excessText(resource, one)}`
      await this.#evict(worker, threshold.signal, message, true)
      return true
    }
    this.#options.log.warn({ resource }, 'no pod can be evicted')
    return false
  }

  async #evictViolators(): Promise<boolean> {
    const bound = this.#options.pods().filter(({ isActive, pod }) => isActive && hasStorageLimit(pod))
    if (bound.length === 0) return false
    const usage = await this.#options.usage(bound, false)
    const evicted: Promise<void>[] = []
    for (const worker of bound) {
      const used = usage.get(worker.uid)
      const violation = used && storageViolation(worker.pod, used)
      if (violation && !isCritical(worker.pod, worker.isStatic))
        evicted.push(this.#evict(worker, violation.signal, violation.message, false))
    }
    await Promise.all(evicted)
    return evicted.length > 0
  }

  /** Resolves when nothing of it runs any more, or after half a minute. */
  async #evict(worker: EvictablePod, signal: string, message: string, isDisruption: boolean): Promise<void> {
    const { clock, log } = this.#options
    log.warn({ pod: worker.pod.metadata.name, uid: worker.uid, message }, 'evicting a pod')
    this.#evictions.inc({ eviction_signal: signal })
    worker.evict(message, isDisruption)
    const until = clock.monotonic() + cleanupTimeoutMs
    while (!this.#stopped && worker.isActive && clock.monotonic() < until)
      await new Promise<void>(resolve => void clock.after(cleanupPollMs, resolve))
  }
}
