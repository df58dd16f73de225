/**
 * One leader among candidates, by a Lease (client-go's leaderelection). A candidate trusts its own clock only: it counts
 * a lease as expired once it has not seen it change for the lease's duration. A leader that cannot renew stops leading
 * before another can start.
 */
import { Lease } from '../api/coordination/v1/lease.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { isNotFound } from '../machinery/api-error.ts'
import type { Client } from './client.ts'
import { microTimeOf } from './timestamps.ts'

export interface LeaderElectionOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  readonly namespace: string
  /** Of the lease, as `kube-scheduler`. */
  readonly name: string
  /** Unique among the candidates. */
  readonly identity: string
  /** Defaults as upstream's components: 15 s, 10 s, 2 s. */
  readonly leaseDurationMs?: number
  readonly renewDeadlineMs?: number
  readonly retryPeriodMs?: number
  /** Called once the lease is held; `lost` aborts when it is no longer. */
  readonly onStartedLeading: (lost: AbortSignal) => void
}

interface Observed {
  readonly record: string
  readonly atMs: number
}

export class LeaderElection {
  readonly #options: LeaderElectionOptions
  readonly #leaseDurationMs: number
  readonly #renewDeadlineMs: number
  readonly #retryPeriodMs: number
  #observed: Observed | undefined

  constructor(options: LeaderElectionOptions) {
    this.#options = options
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000
    if (this.#leaseDurationMs <= this.#renewDeadlineMs)
      throw new Error('leaseDurationMs must be greater than renewDeadlineMs')
    if (this.#renewDeadlineMs <= this.#retryPeriodMs * 1.2) {
      throw new Error('renewDeadlineMs must be greater than 1.2 times retryPeriodMs')
    }
  }

  /** Waits for the lease, leads, and resolves when leadership is lost or the signal aborts; then the lease is released. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log, identity, name } = this.#options
    while (!(await this.#try())) {
      await pause(clock, this.#retryPeriodMs * (1 + 1.2 * random()), signal)
      if (signal.aborted) return
    }
    log.info({ lease: name, identity }, 'became leader')
    const lost = new AbortController()
    this.#options.onStartedLeading(lost.signal)
    let renewedMs = clock.monotonic()
    while (!signal.aborted) {
      await pause(clock, this.#retryPeriodMs, signal)
      if (signal.aborted) break
      const deadlineMs = renewedMs + this.#renewDeadlineMs
      const startedMs = clock.monotonic()
      if (await before(clock, deadlineMs - startedMs, this.#try())) renewedMs = startedMs
      else if (clock.monotonic() >= deadlineMs) break
    }
    lost.abort(new Error('leadership lost'))
    log.info({ lease: name, identity }, 'stopped leading')
    if (signal.aborted) await before(clock, this.#retryPeriodMs, this.#release())
  }

  /** Takes or renews the lease. False if another holds it, or on any failure. */
  async #try(): Promise<boolean> {
    const { client, clock, namespace, name, identity, log } = this.#options
    const now = microTimeOf(clock.now())
    const leaseDurationSeconds = Math.ceil(this.#leaseDurationMs / 1000)
    try {
      const leases = client.of(Lease)
      const lease = await leases.get(namespace, name).catch(error => {
        if (isNotFound(error)) return undefined
        throw error
      })
      if (!lease) {
        const spec = {
          holderIdentity: identity,
          leaseDurationSeconds,
          acquireTime: now,
          renewTime: now,
          leaseTransitions: 0,
        }
        this.#observe(await leases.create(namespace, { metadata: { namespace, name }, spec }))
        return true
      }
      this.#observe(lease)
      const held = lease.spec.holderIdentity === identity
      if (!held && (lease.spec.holderIdentity ?? '') !== '' && !this.#expired(lease)) return false
      const spec = {
        ...lease.spec,
        holderIdentity: identity,
        leaseDurationSeconds,
        renewTime: now,
        ...(held ? {} : { acquireTime: now, leaseTransitions: (lease.spec.leaseTransitions ?? 0) + 1 }),
      }
      this.#observe(await leases.update({ ...lease, spec }))
      return true
    } catch (error) {
      log.warn({ lease: name, error: (error as Error).message }, 'could not take or renew the lease')
      return false
    }
  }

  #expired(lease: Lease): boolean {
    const durationMs = (lease.spec.leaseDurationSeconds ?? 0) * 1000
    return this.#options.clock.monotonic() >= (this.#observed?.atMs ?? 0) + durationMs
  }

  #observe(lease: Lease): void {
    const record = JSON.stringify(lease.spec)
    if (this.#observed?.record !== record) this.#observed = { record, atMs: this.#options.clock.monotonic() }
  }

  /** So that the next one need not wait for the lease to expire. */
  async #release(): Promise<void> {
    const { client, clock, namespace, name, identity } = this.#options
    try {
      const lease = await client.of(Lease).get(namespace, name)
      if (lease.spec.holderIdentity !== identity) return
      const now = microTimeOf(clock.now())
      const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now }
      await client.of(Lease).update({ ...lease, spec })
    } catch {
      // It expires by itself.
    }
  }
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const end = () => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(delayMs, end)
    signal.addEventListener('abort', end, { once: true })
  })
}

/** The answer of `work`, or false if it is not there after `delayMs`. */
function before(clock: Clock, delayMs: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise(resolve => {
    const timer = clock.after(Math.max(delayMs, 0), () => resolve(false))
    work.then(
      answer => {
        timer.cancel()
        resolve(answer === true)
      },
      () => resolve(false),
    )
  })
}
