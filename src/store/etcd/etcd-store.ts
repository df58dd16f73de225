/** The store in an etcd cluster (v3 API, 3.5.13 and later). */
import { randomInt } from 'node:crypto'
import type { ClientTls } from '../../base/grpc/grpc-channel.ts'
import { GrpcCode, GrpcError } from '../../base/grpc/grpc-error.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { MemberListRequest } from '../etcd-api/cluster-messages.ts'
import {
  CompactionRequest,
  HeaderResponse,
  message,
  RangeRequest,
  RangeResponse,
  type ResponseHeader,
  TxnRequest,
  TxnResponse,
} from '../etcd-api/kv-messages.ts'
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
import { MemberListResponse, StatusResponse } from '../etcd-api/maintenance-messages.ts'
import {
  CompactedError,
  FutureRevisionError,
  InvalidRequestError,
  type LeaseId,
  LeaseNotFoundError,
  type LeaseStatus,
  type RangeOptions,
  type RangeResult,
  type Store,
  StoreUnavailableError,
  type Transaction,
  type TransactionResult,
  type Watch,
  type WatchHandler,
  type WatchOptions,
} from '../store.ts'
import { EtcdConnections, type Method, type Probe } from './connections.ts'
import { rangeRequestOf, rangeResultOf, transactionResultOf, txnRequestOf } from './conversion.ts'
import { targetsOf } from './endpoints.ts'
import { isCompacted, isFuture, storeErrorOf } from './etcd-error.ts'
import { EtcdWatch, otherHistory } from './etcd-watch.ts'

export interface EtcdStoreOptions {
  /** URLs, as `https://10.0.0.1:2379`. */
  readonly servers: readonly string[]
  readonly tls?: ClientTls
  /** Longest time of one call, its repetitions included. */
  readonly timeoutMs?: number
  /** Asks so often which members there are, and uses those; the first of `servers` goes before the others. Absent: never. */
  readonly followMembersMs?: number
}

/** Earlier versions answer requests for progress wrongly: https://github.com/etcd-io/etcd/issues/17507 */
const oldestVersion = [3, 5, 13] as const

const maxKeepAliveAttempts = 3
const preferredTimeoutMs = 1000
/** What is not found out by then is given as 0. */
const compactRevisionTimeoutMs = 5000

const empty = message('Empty', {})

const method = <Q, R>(
  path: string,
  request: Method<Q, R>['request'],
  response: Method<Q, R>['response'],
  reads: boolean,
): Method<Q, R> => ({ path: `/etcdserverpb.${path}`, request, response, reads })

const methods = {
  range: method('KV/Range', RangeRequest, RangeResponse, true),
  txn: method('KV/Txn', TxnRequest, TxnResponse, false),
  /** Of transactions without writes. */
  readTxn: method('KV/Txn', TxnRequest, TxnResponse, true),
  compact: method('KV/Compact', CompactionRequest, HeaderResponse, false),
  leaseGrant: method('Lease/LeaseGrant', LeaseGrantRequest, LeaseGrantResponse, false),
  leaseRevoke: method('Lease/LeaseRevoke', LeaseRevokeRequest, HeaderResponse, false),
  leaseTimeToLive: method('Lease/LeaseTimeToLive', LeaseTimeToLiveRequest, LeaseTimeToLiveResponse, true),
  leaseLeases: method('Lease/LeaseLeases', empty, LeaseLeasesResponse, true),
  status: method('Maintenance/Status', empty, StatusResponse, true),
  members: method('Cluster/MemberList', MemberListRequest, MemberListResponse, true),
}

/** A range without keys: for the revision. */
const nothing: RangeOptions = { start: '\0', end: '\0', limit: 1, keysOnly: true }
const probe: Probe = {
  path: methods.range.path,
  request: encodeMessage(RangeRequest, rangeRequestOf(nothing)),
}

/** Answered by one member by itself, which may lag behind the others. */
const local: ReadonlySet<unknown> = new Set([methods.leaseTimeToLive, methods.leaseLeases, methods.status])

const isRead = ({ success, failure }: Transaction): boolean =>
  [...success, ...failure].every(operation => 'range' in operation)

class EtcdStore implements Store {
  readonly #connections: EtcdConnections
  readonly #watches = new Set<EtcdWatch>()
  /** Of watches from "now" on: what is now. Writes wait for it, so that they come after. */
  readonly #beginning = new Set<Promise<unknown>>()
  #highest = 0
  #term = 0
  #clusterId: number | bigint | undefined
  #asking: { readonly started: boolean; readonly revision: Promise<number> } | undefined
  #closed = false
  #followTimer: NodeJS.Timeout | undefined

  constructor(connections: EtcdConnections) {
    this.#connections = connections
  }

  async currentRevision(): Promise<number> {
    this.#open()
    const asking = this.#asking
    if (asking !== undefined) {
      // One that is under way may have been answered before this call: join the next one.
      if (!asking.started) return asking.revision
    }
    const start = async (): Promise<number> => {
      await asking?.revision.catch(() => {})
      this.#asking = { started: true, revision }
      try {
        return (await this.#range(nothing)).revision
      } finally {
        if (this.#asking?.revision === revision) this.#asking = undefined
      }
    }
    const { promise: revision, resolve } = Promise.withResolvers<number>()
    this.#asking = { started: false, revision }
    resolve(start())
    return revision
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    this.#open()
    if (options.start === '') throw new InvalidRequestError('etcdserver: key is not provided')
    return this.#range(options)
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    this.#open()
    if (this.#beginning.size > 0) await Promise.all(this.#beginning)
    const call = isRead(transaction) ? methods.readTxn : methods.txn
    const response = await this.#call(call, txnRequestOf(transaction))
    return transactionResultOf(response, response.header?.revision ?? 0)
  }

  watch(options: WatchOptions, handler: WatchHandler): Watch {
    this.#open()
    const own: WatchHandler = {
      events: (events, revision) => handler.events(events, revision),
      progress: revision => handler.progress(revision),
      ended: error => {
        this.#watches.delete(watch)
        handler.ended(error)
      },
    }
    // Its answer shows whether the history is still the same.
    const reopened = () => void this.currentRevision().catch(() => {})
    const watch = new EtcdWatch(this.#connections, options, own, reopened)
    this.#watches.add(watch)
    if (options.startRevision === undefined) {
      const begun = this.currentRevision().then(
        revision => watch.begin(revision + 1),
        error => watch.fail(error),
      )
      this.#beginning.add(begun)
      begun.finally(() => this.#beginning.delete(begun))
    }
    return {
      requestProgress: () => watch.requestProgress(),
      close: () => {
        this.#watches.delete(watch)
        watch.close()
      },
    }
  }

  async compact(revision: number, { physical = false } = {}): Promise<void> {
    this.#open()
    await this.#call(methods.compact, { revision, ...(physical ? { physical } : {}) })
  }

  async grantLease(ttlSeconds: number, { id = 0 }: { id?: LeaseId } = {}): Promise<LeaseId> {
    this.#open()
    const ttl = Math.max(1, Math.ceil(ttlSeconds))
    const lease = id === 0 ? randomInt(1, 2 ** 48 - 1) : id
    return (await this.#call(methods.leaseGrant, { ttl, id: lease })).id ?? lease
  }

  async keepAliveLease(lease: LeaseId): Promise<number> {
    this.#open()
    for (let attempt = 1; ; attempt++) {
      try {
        const ttl = await this.#keepAlive(lease)
        if (ttl <= 0) throw new LeaseNotFoundError()
        return ttl
      } catch (error) {
        // Repeating it does no harm.
        if (!(error instanceof GrpcError) || attempt === maxKeepAliveAttempts) throw storeErrorOf(error, false)
      }
    }
  }

  async #keepAlive(lease: LeaseId): Promise<number> {
    const answer = Promise.withResolvers<number>()
    const { call, member } = this.#connections.duplex(
      '/etcdserverpb.Lease/LeaseKeepAlive',
      bytes => answer.resolve(decodeMessage(LeaseKeepAliveResponse, bytes).ttl ?? 0),
      { timeoutMs: 5000 },
    )
    call.send(encodeMessage(LeaseKeepAliveRequest, { id: lease }))
    call.done.then(() => answer.reject(new GrpcError(GrpcCode.unavailable, 'etcd ended the call')), answer.reject)
    try {
      return await answer.promise
    } catch (error) {
      this.#connections.failed(member)
      throw error
    } finally {
      call.cancel()
    }
  }

  async revokeLease(lease: LeaseId): Promise<void> {
    this.#open()
    await this.#call(methods.leaseRevoke, { id: lease })
  }

  async leases(): Promise<readonly LeaseId[]> {
    this.#open()
    return ((await this.#call(methods.leaseLeases, {})).leases ?? []).map(({ id = 0 }) => id)
  }

  async leaseStatus(lease: LeaseId, { keys = false } = {}): Promise<LeaseStatus | undefined> {
    this.#open()
    const status = await this.#call(methods.leaseTimeToLive, { id: lease, ...(keys ? { keys } : {}) })
    const { ttl = 0, grantedTtl = 0 } = status
    if (ttl < 0) return undefined
    return { grantedTtlSeconds: grantedTtl, remainingTtlSeconds: ttl, keys: (status.keys ?? []).toSorted() }
  }

  async size(): Promise<{ totalBytes: number; usedBytes: number }> {
    this.#open()
    const { dbSize = 0, dbSizeInUse = 0 } = await this.#call(methods.status, {})
    return { totalBytes: dbSize, usedBytes: dbSizeInUse }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#followTimer)
    for (const watch of this.#watches) watch.fail(new StoreUnavailableError('the store is closed'))
    this.#watches.clear()
    this.#connections.close()
  }

  /** Refuses versions that cannot be relied on. */
  async checkVersion(): Promise<void> {
    const { version = '' } = await this.#call(methods.status, {})
    const parts = version.split(/[.-]/, 3).map(Number)
    const at = oldestVersion.findIndex((least, i) => parts[i] !== least)
    if (at >= 0 && !((parts[at] ?? 0) > oldestVersion[at]!)) {
      throw new Error(
        `etcd ${version} is too old: ${oldestVersion.join('.')} is the first whose watches tell their progress rightly`,
      )
    }
  }

  /** Members come and go, and the preferred one comes back. */
  followMembers(preferred: string, tls: ClientTls, everyMs: number): void {
    const turn = async () => {
      const { members = [] } = await this.#connections.call(methods.members, { linearizable: true })
      const others = members.filter(({ isLearner, clientUrls = [] }) => !isLearner && !clientUrls.includes(preferred))
      const urls = others.flatMap(({ clientUrls = [] }) => clientUrls.slice(0, 1)).sort()
      this.#connections.useTargets(targetsOf([preferred, ...urls], tls))
      await this.#connections.preferFirst(async channel => {
        const bytes = await channel.unary(methods.status.path, new Uint8Array(), { timeoutMs: preferredTimeoutMs })
        const { leader = 0, isLearner = false } = decodeMessage(StatusResponse, bytes)
        return BigInt(leader) !== 0n && !isLearner
      })
    }
    const schedule = () => {
      if (this.#closed) return
      this.#followTimer = setTimeout(
        () =>
          void turn()
            .catch(() => {})
            .finally(schedule),
        everyMs,
      ).unref()
    }
    schedule()
  }

  #open(): void {
    if (this.#closed) throw new StoreUnavailableError('the store is closed')
  }

  async #range(options: RangeOptions): Promise<RangeResult> {
    return rangeResultOf(await this.#call(methods.range, rangeRequestOf(options)))
  }

  async #call<Q, R extends { readonly header?: ResponseHeader }>(call: Method<Q, R>, request: Q): Promise<R> {
    const known = local.has(call) ? { revision: 0, term: 0 } : { revision: this.#highest, term: this.#term }
    let response: R
    try {
      response = await this.#connections.call(call, request)
    } catch (error) {
      if (isCompacted(error)) throw new CompactedError(await this.#compactRevision())
      if (isFuture(error)) throw new FutureRevisionError(await this.currentRevision())
      throw storeErrorOf(error, !call.reads)
    }
    this.#checkHistory(response.header ?? {}, known)
    return response
  }

  /** etcd names it where a watch ends that begins below it. */
  #compactRevision(): Promise<number> {
    return new Promise(resolve => {
      const found = (revision: number) => {
        clearTimeout(timer)
        resolve(revision)
      }
      const watch = new EtcdWatch(
        this.#connections,
        { start: '\0', startRevision: 1 },
        {
          events: () => {},
          progress: () => {},
          ended: error => found(error instanceof CompactedError ? error.compactRevision : 0),
        },
      )
      const timer = setTimeout(() => {
        watch.close()
        found(0)
      }, compactRevisionTimeoutMs)
    })
  }

  /**
   * What a majority has agreed on does not go back, neither the revision nor the term of its leader, and a cluster keeps its
   * id: where they do, the cluster was restored from a snapshot or exchanged, and whoever watches must begin anew. `known` is
   * from before the call.
   */
  #checkHistory(header: ResponseHeader, known: { readonly revision: number; readonly term: number }): void {
    const { revision = 0, clusterId } = header
    const term = Number(header.raftTerm ?? 0)
    const wrong: string[] = []
    if (this.#clusterId !== undefined && clusterId !== undefined && clusterId !== this.#clusterId)
      wrong.push('its id is another')
    if (revision < known.revision) wrong.push(`its revision went back from ${known.revision} to ${revision}`)
    if (term < known.term) wrong.push(`its term went back from ${known.term} to ${term}`)
    if (clusterId !== undefined) this.#clusterId = clusterId
    if (wrong.length === 0) {
      this.#highest = Math.max(this.#highest, revision)
      this.#term = Math.max(this.#term, term)
      return
    }
    this.#highest = revision
    this.#term = term
    for (const watch of this.#watches) watch.fail(otherHistory(wrong.join(', ')))
  }
}

/** Throws EndpointError, or an Error that says why the cluster cannot be used. */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const { servers, tls = {}, timeoutMs, followMembersMs } = options
  const store = new EtcdStore(new EtcdConnections(targetsOf(servers, tls), timeoutMs, probe))
  try {
    await store.checkVersion()
    if (followMembersMs !== undefined) store.followMembers(servers[0]!, tls, followMembersMs)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}
