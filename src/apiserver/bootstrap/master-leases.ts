/**
 * Which API servers are alive, in the store itself: each keeps a key with its address on a lease. Keys and values are
 * those of upstream's lease reconciler (`/registry/masterleases/<address>`, an Endpoints), so both kinds see each other.
 */
import { Endpoints } from '../../api/core/v1/endpoints.ts'
import { decodeObject } from '../../schema/json-decode.ts'
import { encodeObject } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import { decodeEnvelope, isEnveloped } from '../../schema/protobuf-decode.ts'
import { type LeaseId, LeaseNotFoundError, prefixEnd, type Store } from '../../store/store.ts'

export const masterLeasesPrefix = '/registry/masterleases/'
/** Upstream's. */
const leaseSeconds = 15

export interface MasterLeases {
  /** Gives the address its full time again. */
  renew(address: string): Promise<void>
  /** In order, without repetition. */
  list(): Promise<string[]>
  remove(address: string): Promise<void>
}

export class StoredMasterLeases implements MasterLeases {
  readonly #store: Store
  #lease: LeaseId | undefined

  constructor(store: Store) {
    this.#store = store
  }

  async renew(address: string): Promise<void> {
    const key = masterLeasesPrefix + address
    if (this.#lease !== undefined && (await this.#keepAlive(this.#lease))) {
      const { kvs } = await this.#store.range({ start: key })
      if (kvs[0]?.lease === this.#lease) return
    }
    this.#lease = await this.#store.grantLease(leaseSeconds)
    const value = encodeObject(Endpoints as Kind, {
      kind: 'Endpoints',
      apiVersion: 'v1',
      metadata: {},
      subsets: [{ addresses: [{ ip: address }] }],
    })
    await this.#store.transact({ compare: [], success: [{ put: key, value, lease: this.#lease }], failure: [] })
  }

  async list(): Promise<string[]> {
    const { kvs } = await this.#store.range({ start: masterLeasesPrefix, end: prefixEnd(masterLeasesPrefix) })
    const addresses = kvs.flatMap(({ value }) => {
      const object = isEnveloped(value) ? decodeEnvelope(Endpoints, value) : decodeObject(Endpoints, value).object
      const address = (object as Endpoints).subsets?.[0]?.addresses?.[0]?.ip
      return address === undefined || address === '' ? [] : [address]
    })
    return [...new Set(addresses)].sort()
  }

  async remove(address: string): Promise<void> {
    await this.#store.transact({ compare: [], success: [{ delete: masterLeasesPrefix + address }], failure: [] })
    const lease = this.#lease
    this.#lease = undefined
    if (lease !== undefined) await this.#store.revokeLease(lease).catch(ignoreGone)
  }

  async #keepAlive(lease: LeaseId): Promise<boolean> {
    try {
      await this.#store.keepAliveLease(lease)
      return true
    } catch (error) {
      ignoreGone(error)
      return false
    }
  }
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof LeaseNotFoundError)) throw error
}
