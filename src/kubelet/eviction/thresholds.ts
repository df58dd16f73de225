/** When the node runs short of something (Kubernetes documentation, "Node-pressure Eviction"). Pure. */
import { Quantity } from '../../machinery/quantity.ts'

export type Signal = 'memory.available' | 'nodefs.available' | 'nodefs.inodesFree'
export type StarvedResource = 'memory' | 'ephemeral-storage' | 'inodes'
export type PressureCondition = 'MemoryPressure' | 'DiskPressure'

export interface Observation {
  readonly available: number
  readonly capacity: number
}
export type Observations = Partial<Record<Signal, Observation>>

export interface Threshold {
  readonly signal: Signal
  /** As an amount, or as a part of the capacity. */
  readonly least: { readonly amount: number } | { readonly part: number }
}

export const leastMemoryBytes = 100 * 1024 * 1024
export const leastDiskPart = 0.1

/**
 * Upstream's, memory first. The image file system has none of its own: images, volumes and logs lie in one data directory,
 * and images that nobody uses go long before (`ImageCollector`).
 */
export const defaultThresholds: readonly Threshold[] = [
  { signal: 'memory.available', least: { amount: leastMemoryBytes } },
  { signal: 'nodefs.available', least: { part: leastDiskPart } },
  { signal: 'nodefs.inodesFree', least: { part: 0.05 } },
]

export const resourceOf: Readonly<Record<Signal, StarvedResource>> = {
  'memory.available': 'memory',
  'nodefs.available': 'ephemeral-storage',
  'nodefs.inodesFree': 'inodes',
}

const conditionOf: Readonly<Record<Signal, PressureCondition>> = {
  'memory.available': 'MemoryPressure',
  'nodefs.available': 'DiskPressure',
  'nodefs.inodesFree': 'DiskPressure',
}

/** A condition holds so long after it was last observed, so that it does not flap. */
const transitionMs = 300_000

const leastOf = ({ least }: Threshold, { capacity }: Observation): number =>
  'amount' in least ? least.amount : Math.floor(capacity * least.part)

export const metThresholds = (thresholds: readonly Threshold[], observations: Observations): readonly Threshold[] =>
  thresholds.filter(threshold => {
    const observed = observations[threshold.signal]
    return observed !== undefined && observed.available < leastOf(threshold, observed)
  })

export class PressureHistory {
  /** Monotonic milliseconds, by condition. */
  readonly #seenMs = new Map<PressureCondition, number>()

  note(met: readonly Threshold[], nowMs: number): void {
    for (const { signal } of met) this.#seenMs.set(conditionOf[signal], nowMs)
  }

  conditions(nowMs: number): readonly PressureCondition[] {
    return [...this.#seenMs].flatMap(([condition, seenMs]) => (nowMs - seenMs < transitionMs ? [condition] : [])).sort()
  }
}

const amountText = (resource: StarvedResource, amount: number): string =>
  Quantity.ofValue(amount, resource === 'inodes' ? 'DecimalSI' : 'BinarySI').toString()

/** The sentence that tells how much is left of what should be. */
export function shortageText(threshold: Threshold, observations: Observations): string {
  const resource = resourceOf[threshold.signal]
  const observed = observations[threshold.signal]
  const low = `The node was low on resource: ${resource}. `
  if (!observed) return low
  const [least, available] = [leastOf(threshold, observed), observed.available].map(one => amountText(resource, one))
  return `${low}Threshold quantity: ${least}, available: ${available}. `
}
