/**
 * Priority and fairness (KEP-1040): every request belongs to a flow of a priority level, runs while the level has seats,
 * and otherwise waits in a bounded queue among few others, at most a quarter of a request's time.
 */
import type { FlowSchema } from '../../api/flowcontrol/v1/flow-schema.ts'
import { FlowSchema as FlowSchemaKind } from '../../api/flowcontrol/v1/flow-schema.ts'
import type { PriorityLevelConfiguration } from '../../api/flowcontrol/v1/priority-level-configuration.ts'
import { PriorityLevelConfiguration as PriorityLevelKind } from '../../api/flowcontrol/v1/priority-level-configuration.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import { tooManyRequestsError } from '../../machinery/api-error.ts'
import {
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from '../../machinery/flowcontrol/default-objects.ts'
import { flowHash } from '../../machinery/flowcontrol/shuffle-sharding.ts'
import type { RequestContext } from '../chain/request-context.ts'
import { connectingSubresources, type RequestInfo } from '../chain/request-info.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import { type CompiledSchema, compileSchemas } from './classify.ts'
import { lentLimits, nominalLimits } from './concurrency.ts'
import { PriorityLevel } from './priority-level.ts'
import type { RefusalReason, Running, WaitingRequest } from './queue-set.ts'
import { workOf } from './work-estimate.ts'

export interface FlowControlOptions {
  readonly clock: Clock
  /** Seats of the server (upstream: `--max-requests-inflight` and `--max-mutating-requests-inflight` together). */
  readonly seats: number
  /** Watches and streams at a time; they hold no seat, but memory. */
  readonly longRunning: number
  readonly objectsOf: (info: RequestInfo) => number
}

export const defaultFlowLimits: FlowLimits = { seats: 600, longRunning: 20_000 }
export type FlowLimits = Pick<FlowControlOptions, 'seats' | 'longRunning'>

const maxWaitMs = 15_000
const adjustMs = 10_000

const isStream = ({ isResourceRequest, subresource }: RequestInfo): boolean =>
  isResourceRequest && connectingSubresources.has(subresource)

/** What a request holds until it leaves. Each function may be called once or more; the first call counts. */
export interface Ticket {
  /** Gives the seats back. */
  release(): void
  /** The request is over; also gives the seats back. */
  leave(): void
}

const freeTicket: Ticket = { release() {}, leave() {} }

export class FlowControl {
  readonly #options: FlowControlOptions
  readonly #schemas = new Map<string, FlowSchema>()
  readonly #configured = new Map<string, PriorityLevelConfiguration>()
  readonly levels = new Map<string, PriorityLevel>()
  readonly #watchers = new Map<string, number>()
  #compiled: readonly CompiledSchema[] = []
  #stale = true
  #timer: Timer | undefined
  #stops: (() => void)[] = []
  /** Of those under way. */
  readonly inFlight = { readOnly: 0, mutating: 0, longRunning: 0 }
  onWaited: (level: string, schema: string, seconds: number, ran: boolean) => void = () => {}

  constructor(options: FlowControlOptions) {
    this.#options = options
    this.#schedule()
  }

  /** Takes the configuration from the stored objects from now on. */
  follow(reader: ObjectReader): void {
    const into =
      <T extends { readonly metadata: { readonly name: string } }>(map: Map<string, T>) =>
      ({ type, object }: { readonly type: string; readonly object: T }) => {
        if (type === 'deleted') map.delete(object.metadata.name)
        else map.set(object.metadata.name, object)
        this.#stale = true
      }
    this.#stops.push(
      reader.subscribe<PriorityLevelConfiguration>(PriorityLevelKind, into(this.#configured)),
      reader.subscribe<FlowSchema>(FlowSchemaKind, into(this.#schemas)),
    )
  }

  close(): void {
    this.#timer?.cancel()
    for (const stop of this.#stops) stop()
  }

  /** Throws, or rejects with, 429. */
  enter(context: RequestContext): Ticket | Promise<Ticket> {
    const { info } = context
    if (isStream(info)) return this.#enterLong()
    const { compiled, level, work } = this.#classify(context)
    const schema = compiled.schema.metadata.name
    const distinguisher = compiled.distinguisher(context.user, info)
    const nowMs = this.#options.clock.monotonic()
    let decide: WaitingRequest['decide'] = () => {}
    const entered = level.enter(
      schema,
      () => flowHash(schema, distinguisher),
      distinguisher,
      work,
      nowMs,
      refusal => decide(refusal),
    )
    if (entered.is === 'refused') throw tooMany()
    if (entered.is === 'running') return this.#ticket(context, level, entered.running)
    const { request } = entered
    return new Promise<Ticket>((resolve, reject) => {
      const { signal } = context.request
      const giveUp = (reason: RefusalReason) => () => {
        if (level.abandon(request, this.#options.clock.monotonic())) decide(reason)
      }
      const timer = this.#options.clock.after(maxWaitMs, giveUp('time-out'))
      const onAbort = giveUp('cancelled')
      decide = reason => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        const now = this.#options.clock.monotonic()
        this.onWaited(level.name, schema, (now - nowMs) / 1000, reason === undefined)
        if (reason !== undefined) {
          level.countRefused(schema, reason)
          return reject(tooMany())
        }
        level.countDispatched(schema)
        resolve(this.#ticket(context, level, { queue: request.queue, startedMs: now, work }))
      }
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  #classify(context: RequestContext) {
    if (this.#stale) this.#configure()
    const { info, user } = context
    const compiled = this.#compiled.find(one => one.matches(user, info)) ?? this.#compiled.at(-1)!
    const level = this.levels.get(compiled.level)!
    context.flow = { schema: compiled.schema.metadata.uid ?? '', level: level.configuration.metadata.uid ?? '' }
    const work = workOf(info, {
      objects: () => this.#options.objectsOf(info),
      watchers: () => this.#watchers.get(watchKey(info)) ?? 0,
      query: context.request.query,
    })
    return { compiled, level, work }
  }

  #enterLong(): Ticket {
    if (this.inFlight.longRunning >= this.#options.longRunning) throw tooMany()
    this.inFlight.longRunning++
    return { release() {}, leave: once(() => this.inFlight.longRunning--) }
  }

  #ticket(context: RequestContext, level: PriorityLevel, running: Running): Ticket {
    const { info } = context
    const kind = isReading(info) ? 'readOnly' : 'mutating'
    this.inFlight[kind]++
    const release = once(() => {
      this.inFlight[kind]--
      const { clock } = this.#options
      level.finish(running, clock.monotonic())
      const { finalMs } = running.work
      if (finalMs > 0) clock.after(finalMs, () => level.releaseFinal(running, clock.monotonic()))
    })
    if (info.verb !== 'watch') return { release, leave: release }
    return this.#watchTicket(info, release)
  }

  #watchTicket(info: RequestInfo, release: () => void): Ticket {
    let long: Ticket = freeTicket
    try {
      long = this.#enterLong()
    } catch (error) {
      release()
      throw error
    }
    const key = watchKey(info)
    this.#watchers.set(key, (this.#watchers.get(key) ?? 0) + 1)
    const leave = once(() => {
      release()
      long.leave()
      const left = (this.#watchers.get(key) ?? 1) - 1
      if (left === 0) this.#watchers.delete(key)
      else this.#watchers.set(key, left)
    })
    return { release, leave }
  }

  /** The mandatory objects are in force also while they are missing from the store; the suggested ones until any is read. */
  #configure(): void {
    this.#stale = false
    const nowMs = this.#options.clock.monotonic()
    const levels = new Map(objectsOf<PriorityLevelConfiguration>(mandatoryPriorityLevels))
    const schemas = new Map(objectsOf<FlowSchema>(mandatoryFlowSchemas))
    const isEmpty = this.#configured.size === 0 && this.#schemas.size === 0
    const given = isEmpty ? objectsOf<PriorityLevelConfiguration>(suggestedPriorityLevels) : this.#configured
    for (const [name, level] of given) levels.set(name, level)
    const sorted = isEmpty ? objectsOf<FlowSchema>(suggestedFlowSchemas) : this.#schemas
    for (const [name, schema] of sorted) schemas.set(name, schema)
    const limits = nominalLimits(new Map([...levels].map(([name, { spec }]) => [name, spec])), this.#options.seats)
    for (const [name, configuration] of levels) {
      const level = this.levels.get(name) ?? new PriorityLevel(configuration, nowMs)
      this.levels.set(name, level)
      level.configure(configuration, limits.get(name)!, nowMs)
    }
    // Requests in a level that went finish there.
    for (const name of this.levels.keys()) if (!levels.has(name)) this.levels.delete(name)
    this.#compiled = compileSchemas(schemas.values(), name => levels.has(name))
  }

  /** Lends seats that some levels do not need to others that do. */
  adjust(): void {
    const nowMs = this.#options.clock.monotonic()
    const limited = [...this.levels.values()].filter(level => !level.isExempt)
    for (const level of limited) level.endPeriod(nowMs)
    const lent = lentLimits(
      new Map(limited.map(({ name, limits, highest, smoothed }) => [name, { limits, highest, smoothed }])),
    )
    for (const level of limited) level.lend(lent.get(level.name) ?? level.limits.nominal, nowMs)
  }

  #schedule(): void {
    this.#timer = this.#options.clock.after(adjustMs, () => {
      this.adjust()
      this.#schedule()
    })
  }
}

const tooMany = () => tooManyRequestsError('Too many requests, please try again later.', 1)

const watchKey = ({ apiGroup, resource }: RequestInfo): string => `${apiGroup}/${resource}`

const isReading = ({ verb, isResourceRequest }: RequestInfo): boolean =>
  verb === 'get' || verb === 'list' || verb === 'watch' || !isResourceRequest

function once(run: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    run()
  }
}

function objectsOf<T>(specs: ReadonlyMap<string, unknown>): Map<string, T> {
  return new Map([...specs].map(([name, spec]) => [name, { metadata: { name }, spec, status: {} } as T]))
}
