/** How the seats of the server are shared among the priority levels, and lent from one to another (KEP-1040, "Borrowing"). Pure. */
import type { PriorityLevelConfigurationSpec } from '../../api/flowcontrol/v1/priority-level-configuration.ts'

export interface Limits {
  readonly nominal: number
  /** What the level keeps whatever others borrow. */
  readonly lower: number
  readonly upper: number
}

const sharesOf = ({ limited, exempt }: PriorityLevelConfigurationSpec): number =>
  limited?.nominalConcurrencyShares ?? exempt?.nominalConcurrencyShares ?? (limited ? 30 : 0)

const lendableOf = ({ limited, exempt }: PriorityLevelConfigurationSpec): number =>
  limited?.lendablePercent ?? exempt?.lendablePercent ?? 0

/** The limits of all levels, by name, when `seats` are shared by their weights. */
export function nominalLimits(
  levels: ReadonlyMap<string, PriorityLevelConfigurationSpec>,
  seats: number,
): Map<string, Limits> {
  const sum = [...levels.values()].reduce((total, spec) => total + sharesOf(spec), 0)
  return new Map(
    [...levels].map(([name, spec]) => {
      const nominal = Math.ceil((seats * sharesOf(spec)) / Math.max(sum, 1))
      const borrowing = spec.limited?.borrowingLimitPercent
      return [
        name,
        {
          nominal,
          lower: nominal - Math.round((nominal * lendableOf(spec)) / 100),
          upper: borrowing === undefined ? seats : nominal + Math.round((nominal * borrowing) / 100),
        },
      ]
    }),
  )
}

/** How many seats a level wanted over a while: mean, standard deviation and most. */
export interface Demand {
  readonly mean: number
  readonly deviation: number
  readonly highest: number
}

/** Seats wanted, followed over time. */
export class DemandMeter {
  #value = 0
  #changedMs: number
  #startedMs: number
  #sum = 0
  #squares = 0
  #highest = 0

  constructor(nowMs: number) {
    this.#changedMs = nowMs
    this.#startedMs = nowMs
  }

  set(value: number, nowMs: number): void {
    if (value === this.#value) return
    this.#integrate(nowMs)
    this.#value = value
    if (value > this.#highest) this.#highest = value
  }

  /** What was since the last time; begins anew. */
  take(nowMs: number): Demand {
    this.#integrate(nowMs)
    const elapsedMs = nowMs - this.#startedMs
    const mean = elapsedMs > 0 ? this.#sum / elapsedMs : this.#value
    const variance = elapsedMs > 0 ? this.#squares / elapsedMs - mean * mean : 0
    const demand = { mean, deviation: Math.sqrt(Math.max(0, variance)), highest: this.#highest }
    this.#startedMs = nowMs
    this.#sum = 0
    this.#squares = 0
    this.#highest = this.#value
    return demand
  }

  #integrate(nowMs: number): void {
    const elapsedMs = nowMs - this.#changedMs
    this.#changedMs = nowMs
    this.#sum += this.#value * elapsedMs
    this.#squares += this.#value * this.#value * elapsedMs
  }
}

/** So much of the last smoothed demand stays after ten seconds of less. */
const smoothing = 0.977

/** Demand that rises at once and falls slowly. */
export function smoothedDemand(before: number, { mean, deviation, highest }: Demand): number {
  const envelope = Math.min(mean + deviation, highest)
  return Math.max(envelope, smoothing * before + (1 - smoothing) * envelope)
}

export interface Claim {
  readonly limits: Limits
  readonly highest: number
  readonly smoothed: number
}

/** The seats that each level has until the next adjustment: in proportion to demand, within the bounds of each. */
export function lentLimits(claims: ReadonlyMap<string, Claim>): Map<string, number> {
  const bounds = [...claims].map(([name, { limits, highest, smoothed }]) => {
    // What is used of one's own is not lent.
    const least = Math.max(limits.lower, Math.min(limits.nominal, highest))
    return { name, least, most: Math.max(least, limits.upper), target: Math.max(least, smoothed, 0.001) }
  })
  const available = [...claims.values()].reduce((sum, { limits }) => sum + limits.nominal, 0)
  const given = (fraction: number) =>
    bounds.map(({ least, most, target }) => Math.min(most, Math.max(least, fraction * target)))
  const total = (fraction: number) => given(fraction).reduce((sum, seats) => sum + seats, 0)
  let low = 0
  let high = 1
  while (total(high) < available && high < 1e9) high *= 2
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (total(middle) < available) low = middle
    else high = middle
  }
  const seats = given(high)
  return new Map(bounds.map(({ name }, i) => [name, Math.round(seats[i]!)]))
}
