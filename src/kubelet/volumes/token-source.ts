/** Service account tokens of pods by TokenRequest, kept until they have to be renewed (KEP-1205). */
import type { Pod } from '../../api/core/v1/pod.ts'
import type { ServiceAccountTokenProjection } from '../../api/core/v1/volume.ts'
import type { Clock } from '../../base/clock.ts'
import type { Client } from '../../client/client.ts'
import { type IssuedToken, renewAfter, requestToken } from '../../client/request-token.ts'

const defaultSeconds = 3600
/** Renewed before, however long it lives. */
const maxAgeMs = 24 * 3_600_000

export class TokenSource {
  readonly #client: Client
  readonly #clock: Clock
  /** By pod, then by audience, expiry and path: as many as pods have projections. */
  readonly #kept = new Map<string, Map<string, IssuedToken>>()

  constructor(client: Client, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  async token(pod: Pod, projection: ServiceAccountTokenProjection): Promise<string> {
    const { audience = '', expirationSeconds = defaultSeconds, path } = projection
    const { uid, name, namespace } = pod.metadata
    const ofPod = this.#kept.get(uid) ?? new Map<string, IssuedToken>()
    this.#kept.set(uid, ofPod)
    const key = JSON.stringify([audience, expirationSeconds, path])
    const kept = ofPod.get(key)
    const nowMs = this.#clock.now()
    if (kept && nowMs < this.#renewalMs(kept)) return kept.token
    try {
      const account = { namespace, name: pod.spec.serviceAccountName || 'default' }
      const issued = await requestToken(this.#client, this.#clock, account, {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
      })
      ofPod.set(key, issued)
      return issued.token
    } catch (error) {
      // A token that still holds is better than none.
      if (kept && nowMs < kept.expiresMs) return kept.token
      throw new Error(`failed to fetch token: ${(error as Error).message}`, { cause: error })
    }
  }

  /** Milliseconds until a token of the pod has to be renewed; undefined for none. */
  renewalInMs(uid: string): number | undefined {
    const times = [...(this.#kept.get(uid)?.values() ?? [])].map(kept => this.#renewalMs(kept))
    return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - this.#clock.now())
  }

  forget(uid: string): void {
    this.#kept.delete(uid)
  }

  #renewalMs({ issuedMs, expiresMs }: IssuedToken): number {
    return issuedMs + Math.min((expiresMs - issuedMs) * renewAfter, maxAgeMs)
  }
}
