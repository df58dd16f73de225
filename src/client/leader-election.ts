/**
 * One of several candidates leads, as long as it renews a Lease (client-go's leaderelection: same records, same timing).
 * A leader that cannot renew stops before its Lease runs out for the others; here it then stands again in the same process.
 * What another candidate wrote is timed by when it was seen, so clocks of machines need not agree.
 */
import { Lease, type LeaseSpec } from '../api/coordination/v1/lease.ts'
import { type Clock, pause } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { isNotFound } from '../machinery/api-error.ts'
import type { Client } from './client.ts'
import { microTimeOf } from './timestamps.ts'

export interface LeaseTimes {
  /** How long others wait after a renewal that they have seen. */
  readonly leaseDurationMs: number
  /** How long the leader tries to renew before it stops. */
  readonly renewDeadlineMs: number
  readonly retryPeriodMs: number
}

/** The components' own defaults. */
export const defaultLeaseTimes: LeaseTimes = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 }

export interface LeaderElectionOptions extends LeaseTimes {
  readonly client: Client
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  readonly namespace: string
  readonly name: string
  /** Tells candidates apart: never the same for two processes. */
  readonly identity: string
  /** Ends the candidacy; a Lease that is held is given back. */
  readonly signal: AbortSignal
  /** The work of the leader: begun when it leads, and over soon after its signal aborts. */
  lead(signal: AbortSignal): Promise<void>
  onNewLeader?(identity: string): void
}

/** client-go's. */
const jitterFactor = 1.2
/**
 * So that candidates do not ask in step. client-go waits up to 2.2 periods; but a candidate sees a renewal only when it asks,
 * and counts from then on: what it sees late it waits for longer.
 */
const candidateJitter = 0.2

/** Says what is wrong with the times, in the words of upstream's flags; undefined: nothing. */
export function faultOfLeaseTimes({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: LeaseTimes): string | undefined {
  if (leaseDurationMs < 1 || renewDeadlineMs < 1 || retryPeriodMs < 1) return 'durations must be greater than zero'
  if (leaseDurationMs <= renewDeadlineMs) return 'leaseDuration must be greater than renewDeadline'
  if (renewDeadlineMs <= jitterFactor * retryPeriodMs)
    return 'renewDeadline must be greater than retryPeriod*JitterFactor'
  return undefined
}

type LeaseRecord = Pick<
  LeaseSpec,
  'holderIdentity' | 'leaseDurationSeconds' | 'acquireTime' | 'renewTime' | 'leaseTransitions'
>

class LeaderElector {
  readonly #options: LeaderElectionOptions
  /** The Lease as it was read or written last, and when. */
  #observed: Lease | undefined
  #observedAtMs = 0
  #reported = ''

  constructor(options: LeaderElectionOptions) {
    const fault = faultOfLeaseTimes(options)
    if (fault !== undefined) throw new Error(fault)
    this.#options = options
  }

  async run(): Promise<void> {
    const { signal, log, name } = this.#options
    while (!signal.aborted) {
      if (!(await this.#acquire())) return
      log.info({ lease: name, identity: this.#options.identity }, 'leads')
      const term = new AbortController()
      const work = this.#options
        .lead(term.signal)
        .catch(error => log.error({ err: error, lease: name }, 'leading failed'))
      const ended = Promise.withResolvers<void>()
      void work.then(() => ended.resolve())
      await this.#renew(ended.promise)
      term.abort()
      await work
      // Only now, so that the next leader begins after this one has ended.
      if (this.#leads()) await this.#release()
      log.info({ lease: name }, 'leads no more')
    }
  }

  /** False where the candidacy ended first. */
  async #acquire(): Promise<boolean> {
    const { signal, clock, renewDeadlineMs, retryPeriodMs, random } = this.#options
    while (!signal.aborted) {
      if (await this.#tryAcquireOrRenew(renewDeadlineMs)) return true
      const leftMs = this.#leftMs()
      const periodMs = retryPeriodMs * (1 + random() * candidateJitter)
      // A Lease that runs out before is asked for at that moment: waiting on, which client-go does, costs up to 4.4 s.
      await pause(clock, leftMs > 0 ? Math.min(periodMs, leftMs) : periodMs, signal)
    }
    return false
  }

  /** Resolves when the Lease could not be renewed in time, the work ended by itself, or the candidacy ended. */
  async #renew(workEnded: Promise<void>): Promise<void> {
    const { signal, clock, log, name, renewDeadlineMs, retryPeriodMs } = this.#options
    let over = false
    void workEnded.then(() => {
      over = true
    })
    // Of when it was asked for: others may have seen the renewal long before its answer came.
    let renewedAtMs = clock.monotonic()
    const leftMs = () => renewedAtMs + renewDeadlineMs - clock.monotonic()
    while (!signal.aborted && !over) {
      if (leftMs() <= 0) {
        log.warn({ lease: name }, 'failed to renew the lease')
        this.#observed = undefined
        return
      }
      const askedAtMs = clock.monotonic()
      if (await this.#tryAcquireOrRenew(Math.min(leftMs(), renewDeadlineMs / 2))) renewedAtMs = askedAtMs
      else if (!this.#holdsOrIsUnknown()) return
      await Promise.race([pause(clock, Math.max(0, Math.min(retryPeriodMs, leftMs())), signal), workEnded])
    }
  }

  #leads(): boolean {
    return this.#observed?.spec.holderIdentity === this.#options.identity
  }

  #holdsOrIsUnknown(): boolean {
    return this.#observed === undefined || this.#leads()
  }

  #observe(lease: Lease): void {
    const { identity, clock, log, name } = this.#options
    if (lease.metadata.resourceVersion !== this.#observed?.metadata.resourceVersion)
      this.#observedAtMs = clock.monotonic()
    this.#observed = lease
    const holder = lease.spec.holderIdentity ?? ''
    if (holder === this.#reported) return
    this.#reported = holder
    if (holder !== '' && holder !== identity) log.info({ lease: name, leader: holder }, 'another leads')
    this.#options.onNewLeader?.(holder)
  }

  /** How long the Lease that was seen lasts from now on. */
  #leftMs(): number {
    const durationMs = (this.#observed?.spec.leaseDurationSeconds ?? 0) * 1000
    return this.#observedAtMs + durationMs - this.#options.clock.monotonic()
  }

  #isValid(): boolean {
    return this.#leftMs() > 0
  }

  /** A failure is a no: it is tried again after a while. What does not answer in time counts as one. */
  async #tryAcquireOrRenew(timeoutMs: number): Promise<boolean> {
    const { log, name, signal } = this.#options
    const deadline = this.#deadline(timeoutMs, signal)
    try {
      if (this.#leads() && this.#isValid()) {
        const renewed = await this.#write(this.#observed as Lease, deadline.signal).catch(() => undefined)
        if (renewed) return true
      }
      return await this.#readAndWrite(deadline.signal)
    } catch (error) {
      if (!signal.aborted) log.debug({ lease: name, error: (error as Error).message }, 'lease not acquired')
      return false
    } finally {
      deadline.cancel()
    }
  }

  /** Aborts after a time, and with another signal. */
  #deadline(timeoutMs: number, also?: AbortSignal): { readonly signal: AbortSignal; cancel(): void } {
    const controller = new AbortController()
    const timer = this.#options.clock.after(timeoutMs, () => controller.abort(new Error('no answer in time')))
    const onAbort = () => controller.abort(also?.reason)
    also?.addEventListener('abort', onAbort, { once: true })
    if (also?.aborted) onAbort()
    const cancel = () => {
      timer.cancel()
      also?.removeEventListener('abort', onAbort)
    }
    return { signal: controller.signal, cancel }
  }

  async #readAndWrite(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name } = this.#options
    const found = await within(signal, client.of(Lease).get(namespace, name)).catch(error => {
      if (isNotFound(error)) return undefined
      throw error
    })
    if (!found) {
      const spec = this.#record(0, undefined)
      this.#observe(
        await within(signal, client.of(Lease).create(namespace, { metadata: { name, namespace }, spec } as Lease)),
      )
      return true
    }
    this.#observe(found)
    if ((found.spec.holderIdentity ?? '') !== '' && this.#isValid() && !this.#leads()) return false
    await this.#write(found, signal)
    return true
  }

  /** Throws where the Lease has changed meanwhile. */
  async #write(lease: Lease, signal: AbortSignal): Promise<Lease> {
    const { client, identity } = this.#options
    const { holderIdentity, leaseTransitions = 0, acquireTime } = lease.spec
    const isOurs = holderIdentity === identity
    const record = this.#record((leaseTransitions ?? 0) + (isOurs ? 0 : 1), isOurs ? acquireTime : undefined)
    const written = await within(signal, client.of(Lease).update({ ...lease, spec: { ...lease.spec, ...record } }))
    this.#observe(written)
    return written
  }

  #record(leaseTransitions: number, acquireTime: LeaseSpec['acquireTime']): LeaseRecord {
    const { identity, leaseDurationMs, clock } = this.#options
    const now = microTimeOf(clock.now())
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.floor(leaseDurationMs / 1000)),
      acquireTime: acquireTime ?? now,
      renewTime: now,
      leaseTransitions,
    }
  }

  async #release(): Promise<void> {
    const { client, namespace, name, identity, clock, log, renewDeadlineMs } = this.#options
    const deadline = this.#deadline(renewDeadlineMs)
    try {
      const lease = await within(deadline.signal, client.of(Lease).get(namespace, name))
      if (lease.spec.holderIdentity !== identity) return
      const now = microTimeOf(clock.now())
      const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now }
      await within(deadline.signal, client.of(Lease).update({ ...lease, spec }))
    } catch (error) {
      log.warn({ lease: name, error: (error as Error).message }, 'the lease could not be released')
    } finally {
      deadline.cancel()
    }
    this.#observed = undefined
  }
}

/** The promise's outcome, or the signal's reason: what does not answer in time counts as not done. */
async function within<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  // What is not waited for any more may still fail.
  promise.catch(() => {})
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Stands for election until the signal aborts; resolves when all is stopped. */
export const runElected = (options: LeaderElectionOptions): Promise<void> => new LeaderElector(options).run()
