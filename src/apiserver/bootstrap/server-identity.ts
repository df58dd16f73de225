/**
 * The Lease of this API server in `kube-system`, by which clients see which servers there are (Kubernetes documentation,
 * "Leases", "API server identity"), and the removal of those whose servers are long gone.
 */
import { createHash, randomUUID } from 'node:crypto'
import { Lease } from '../../api/coordination/v1/lease.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import { loggerOf } from '../../base/log.ts'
import { isConflict } from '../../machinery/api-error.ts'
import { showMicroTime } from '../../schema/time-format.ts'
import type { BootstrapApi } from './bootstrap-api.ts'

const log = loggerOf('apiserver/identity')
const namespace = 'kube-system'
const identityLabel = 'apiserver.kubernetes.io/identity'
/** Upstream's times. */
const leaseSeconds = 3600
const renewMs = 10_000
const collectMs = 3_600_000

export interface ServerIdentityOptions {
  readonly api: BootstrapApi
  /** Tells servers apart and stays the same over a restart, as the host's name. */
  readonly serverName: string
  readonly clock: Clock
}

const microTime = (ms: number): string => showMicroTime(Math.floor(ms / 1000), (ms % 1000) * 1_000_000)

/** Base32 of RFC 4648 in lower case, without padding. */
function base32(bytes: Uint8Array): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
  const bits = [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? []).map(group => alphabet[Number.parseInt(group.padEnd(5, '0'), 2)]).join('')
}

/** As upstream derives it from the host's name. */
export const serverIdOf = (serverName: string): string =>
  `apiserver-${base32(createHash('sha256').update(serverName).digest().subarray(0, 16))}`

/** Pure. A Lease without times is no identity of anyone. */
export function isExpired({ spec = {} }: Pick<Lease, 'spec'>, nowMs: number): boolean {
  if (!spec.renewTime || !spec.leaseDurationSeconds) return true
  return Date.parse(spec.renewTime) + spec.leaseDurationSeconds * 1000 < nowMs
}

export class ServerIdentity {
  readonly #options: ServerIdentityOptions
  readonly #name: string
  readonly #holder: string
  #timer: Timer | undefined
  #collectedAtMs = Number.NEGATIVE_INFINITY
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: ServerIdentityOptions) {
    this.#options = options
    this.#name = serverIdOf(options.serverName)
    this.#holder = `${this.#name}_${randomUUID()}`
  }

  /** Resolves after the first renewal. */
  async start(): Promise<void> {
    await this.renew()
    this.#after(0, () => this.#collectIfDue())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#running
    await this.#options.api.delete(Lease, namespace, this.#name)
  }

  #after(delayMs: number, work: () => Promise<void>): void {
    if (this.#stopped) return
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#running = work()
        .catch(error => log.warn({ error: String(error) }, 'the identity Lease was not renewed; trying again'))
        .then(() => this.#after(renewMs, () => this.#turn()))
    })
  }

  async #turn(): Promise<void> {
    await this.renew()
    await this.#collectIfDue()
  }

  async #collectIfDue(): Promise<void> {
    const nowMs = this.#options.clock.monotonic()
    if (nowMs - this.#collectedAtMs < collectMs) return
    this.#collectedAtMs = nowMs
    await this.collect()
  }

  async renew(): Promise<void> {
    const { api, clock, serverName } = this.#options
    const nowMs = clock.now()
    const existing = await api.get(Lease, namespace, this.#name)
    const spec = {
      holderIdentity: this.#holder,
      leaseDurationSeconds: leaseSeconds,
      acquireTime: existing?.spec?.holderIdentity === this.#holder ? existing.spec.acquireTime : microTime(nowMs),
      renewTime: microTime(nowMs),
    }
    const labels = { [identityLabel]: 'kube-apiserver', 'kubernetes.io/hostname': serverName }
    if (!existing)
      return void (await api.create(Lease, { metadata: { namespace, name: this.#name, labels }, spec } as object))
    const metadata = { ...existing.metadata, labels: { ...existing.metadata.labels, ...labels } }
    await api.update(Lease, { ...existing, metadata, spec } as object).catch(ignoreConflict)
  }

  /** Deletes the Leases of servers that have not been there for as long as a Lease lasts. */
  async collect(): Promise<void> {
    const { api, clock } = this.#options
    const leases = await api.list(Lease, namespace)
    for (const { metadata, spec } of leases) {
      if (metadata.labels?.[identityLabel] !== 'kube-apiserver' || !isExpired({ spec }, clock.now())) continue
      const latest = await api.get(Lease, namespace, metadata.name)
      if (latest && isExpired(latest, clock.now())) await api.delete(Lease, namespace, metadata.name)
    }
  }
}

/** Another server with this name writes too; the next turn looks again. */
function ignoreConflict(error: unknown): void {
  if (!isConflict(error)) throw error
}
