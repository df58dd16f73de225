/** etcd's service Lease. */
import { GrpcCode, GrpcError } from '../../base/grpc/grpc-error.ts'
import type { CallListener, ServerCall, StreamHandler, UnaryHandler } from '../../base/grpc/grpc-server.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { framed } from '../etcd-api/framed.ts'
import { HeaderResponse } from '../etcd-api/kv-messages.ts'
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from '../etcd-api/lease-messages.ts'
import { AlarmType } from '../etcd-api/maintenance-messages.ts'
import { LeaseNotFoundError } from '../store.ts'
import { noSpaceMessage, rpcErrorOf } from './rpc-error.ts'
import { prefixedBy, type ServiceDeps } from './service.ts'

const path = prefixedBy('Lease')
/** Keep-alives of one stream that may wait for their answer. */
const maxWaiting = 10_000

export function leaseService(deps: ServiceDeps): {
  unary: [string, UnaryHandler][]
  streams: [string, StreamHandler][]
} {
  const { store, identity } = deps
  const header = async () => identity.header(await store.currentRevision())
  return {
    unary: [
      path('LeaseGrant', async bytes => {
        if (identity.alarms.has(AlarmType.noSpace)) throw new GrpcError(GrpcCode.resourceExhausted, noSpaceMessage)
        const { ttl = 0, id = 0 } = decodeMessage(LeaseGrantRequest, bytes)
        // Beyond 2^53 it comes as a bigint; below zero it is the shortest time, as with etcd.
        const seconds = Number(ttl)
        const lease = await store.grantLease(seconds, { id })
        const granted = (await store.leaseStatus(lease))?.grantedTtlSeconds ?? seconds
        return framed(LeaseGrantResponse, { header: await header(), id: lease, ttl: granted })
      }),
      path('LeaseRevoke', async bytes => {
        await store.revokeLease(decodeMessage(LeaseRevokeRequest, bytes).id ?? 0)
        return framed(HeaderResponse, { header: await header() })
      }),
      path('LeaseTimeToLive', async bytes => {
        const { id = 0, keys = false } = decodeMessage(LeaseTimeToLiveRequest, bytes)
        const status = await store.leaseStatus(id, { keys })
        const found =
          status === undefined
            ? { ttl: -1 }
            : { ttl: status.remainingTtlSeconds, grantedTtl: status.grantedTtlSeconds, keys: [...status.keys] }
        return framed(LeaseTimeToLiveResponse, { header: await header(), id, ...found })
      }),
      path('LeaseLeases', async () => {
        const leases = (await store.leases()).map(id => ({ id }))
        return framed(LeaseLeasesResponse, { header: await header(), leases })
      }),
    ],
    streams: [['/etcdserverpb.Lease/LeaseKeepAlive', call => new KeepAlives(deps, call)]],
  }
}

/** A stream of keep-alives, each answered in its turn. */
class KeepAlives implements CallListener {
  readonly #deps: ServiceDeps
  readonly #call: ServerCall
  #last: Promise<void> = Promise.resolve()
  #waiting = 0

  constructor(deps: ServiceDeps, call: ServerCall) {
    this.#deps = deps
    this.#call = call
  }

  message(bytes: Buffer): void {
    if (++this.#waiting > maxWaiting) {
      this.#call.end(new GrpcError(GrpcCode.resourceExhausted, 'too many keep-alives wait for their answer'))
      return
    }
    this.#last = this.#last
      .then(() => this.#answer(bytes))
      .catch(error => this.#call.end(rpcErrorOf(error)))
      .finally(() => this.#waiting--)
  }

  ended(): void {
    this.#last.then(() => this.#call.end())
  }

  async #answer(bytes: Buffer): Promise<void> {
    const { store, identity } = this.#deps
    const { id = 0 } = decodeMessage(LeaseKeepAliveRequest, bytes)
    // Taken before: whoever sees this revision knows that the lease was there then.
    const header = identity.header(await store.currentRevision())
    const ttl = await store.keepAliveLease(id).catch(error => {
      if (error instanceof LeaseNotFoundError) return 0
      throw error
    })
    await this.#call.sent(framed(LeaseKeepAliveResponse, { header, id, ...(ttl === 0 ? {} : { ttl }) }))
  }
}
