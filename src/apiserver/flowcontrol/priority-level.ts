/** One priority level at work: its seats, its queues, what it counted. */
import type { PriorityLevelConfiguration } from '../../api/flowcontrol/v1/priority-level-configuration.ts'
import type { FlowHash } from '../../machinery/flowcontrol/shuffle-sharding.ts'
import { DemandMeter, type Limits, smoothedDemand } from './concurrency.ts'
import {
  type Entered,
  QueueSet,
  type RefusalReason,
  type Running,
  type WaitingRequest,
  type Work,
} from './queue-set.ts'

export class PriorityLevel {
  readonly name: string
  readonly isExempt: boolean
  readonly dispatched = new Map<string, number>()
  readonly refused = new Map<string, Map<RefusalReason, number>>()
  readonly demand: DemandMeter
  configuration: PriorityLevelConfiguration
  limits: Limits = { nominal: 0, lower: 0, upper: 0 }
  smoothed = 0
  highest = 0
  #queues: QueueSet

  constructor(configuration: PriorityLevelConfiguration, nowMs: number) {
    this.configuration = configuration
    this.name = configuration.metadata.name
    this.isExempt = configuration.spec.type === 'Exempt'
    this.demand = new DemandMeter(nowMs)
    // Who is exempt finds a seat always.
    this.#queues = new QueueSet(this.isExempt ? Infinity : 1, this.isExempt ? undefined : shapeOf(configuration))
  }

  get queues(): QueueSet {
    return this.#queues
  }

  configure(configuration: PriorityLevelConfiguration, limits: Limits, nowMs: number): void {
    this.configuration = configuration
    this.limits = limits
    if (this.isExempt) return
    this.#queues.reshape(shapeOf(configuration))
    this.#queues.setLimit(Math.max(limits.nominal, 1), nowMs)
  }

  /** Seats from now on, own and borrowed. */
  lend(seats: number, nowMs: number): void {
    if (!this.isExempt) this.#queues.setLimit(Math.max(seats, 1), nowMs)
  }

  enter(
    schema: string,
    hash: () => FlowHash,
    flow: string,
    work: Work,
    nowMs: number,
    wait: WaitingRequest['decide'],
  ): Entered {
    const entered = this.#queues.enter(hash, flow, work, nowMs, wait)
    if (entered.is === 'running') this.countDispatched(schema)
    else if (entered.is === 'refused') this.countRefused(schema, entered.reason)
    this.#measure(nowMs)
    return entered
  }

  finish(running: Running, nowMs: number): void {
    this.#queues.finish(running, nowMs)
    this.#measure(nowMs)
  }

  releaseFinal(running: Running, nowMs: number): void {
    this.#queues.releaseFinal(running, nowMs)
    this.#measure(nowMs)
  }

  abandon(request: WaitingRequest, nowMs: number): boolean {
    const found = this.#queues.abandon(request, nowMs)
    this.#measure(nowMs)
    return found
  }

  countDispatched(schema: string): void {
    this.dispatched.set(schema, (this.dispatched.get(schema) ?? 0) + 1)
  }

  countRefused(schema: string, reason: RefusalReason): void {
    const reasons = this.refused.get(schema) ?? new Map<RefusalReason, number>()
    this.refused.set(schema, reasons)
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }

  /** Closes a period of the demand. */
  endPeriod(nowMs: number): void {
    const demand = this.demand.take(nowMs)
    this.highest = demand.highest
    this.smoothed = smoothedDemand(this.smoothed, demand)
  }

  #measure(nowMs: number): void {
    this.demand.set(this.#queues.seatsInUse + this.#queues.waitingSeats, nowMs)
  }
}

function shapeOf({ spec }: PriorityLevelConfiguration) {
  const response = spec.limited?.limitResponse
  return response?.type === 'Queue' ? response.queuing : undefined
}
