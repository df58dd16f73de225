/** The members of an etcd cluster: listed, added, promoted, removed. */
import type { ClientTls } from '../base/grpc/grpc-channel.ts'
import { EtcdConnections, type Method } from '../store/etcd/connections.ts'
import { targetsOf } from '../store/etcd/endpoints.ts'
import {
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberPromoteRequest,
  MemberRemoveRequest,
  MembersResponse,
} from '../store/etcd-api/cluster-messages.ts'
import { message } from '../store/etcd-api/kv-messages.ts'
import { type Member, StatusResponse } from '../store/etcd-api/maintenance-messages.ts'

export type { Member } from '../store/etcd-api/maintenance-messages.ts'
export type MemberId = number | bigint

const method = <Q, R>(
  path: string,
  request: Method<Q, R>['request'],
  response: Method<Q, R>['response'],
  reads = false,
) => ({
  path: `/etcdserverpb.${path}`,
  request,
  response,
  reads,
})

const methods = {
  list: method('Cluster/MemberList', MemberListRequest, MembersResponse, true),
  add: method('Cluster/MemberAdd', MemberAddRequest, MemberAddResponse),
  remove: method('Cluster/MemberRemove', MemberRemoveRequest, MembersResponse),
  promote: method('Cluster/MemberPromote', MemberPromoteRequest, MembersResponse),
  status: method('Maintenance/Status', message('StatusRequest', {}), StatusResponse, true),
}

export interface MemberStatus {
  readonly version: string
  readonly isLearner: boolean
  readonly memberId: MemberId
  readonly leader: MemberId
  readonly errors: readonly string[]
}

/** As etcdctl shows it. */
export const showMemberId = (id: MemberId): string => BigInt(id).toString(16)

/** Undefined where the text is no id. */
export const parseMemberId = (text: string): bigint | undefined =>
  /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : undefined

export const isSameMember = (a: MemberId, b: MemberId): boolean => BigInt(a) === BigInt(b)

export class Members {
  readonly #connections: EtcdConnections

  /** `servers`: URLs of clients, any of which is asked until one answers. */
  constructor(servers: readonly string[], tls: ClientTls, timeoutMs = 10_000) {
    this.#connections = new EtcdConnections(targetsOf(servers, tls), timeoutMs)
  }

  /** Needs a majority. Throws GrpcError, as the others do. */
  async list(): Promise<readonly Member[]> {
    return (await this.#connections.call(methods.list, { linearizable: true })).members ?? []
  }

  /** What the asked member itself knows, also without a majority. */
  async listOfOne(): Promise<readonly Member[]> {
    return (await this.#connections.call(methods.list, {})).members ?? []
  }

  /** The members with the new one, which has no name before it has started. */
  async addLearner(peerUrl: string): Promise<{ readonly id: MemberId; readonly members: readonly Member[] }> {
    const { member, members = [] } = await this.#connections.call(methods.add, { peerUrls: [peerUrl], isLearner: true })
    return { id: member?.id ?? 0, members }
  }

  async remove(id: MemberId): Promise<void> {
    await this.#connections.call(methods.remove, { id })
  }

  async promote(id: MemberId): Promise<void> {
    await this.#connections.call(methods.promote, { id })
  }

  async status(): Promise<MemberStatus> {
    const {
      version = '',
      isLearner = false,
      header,
      leader = 0,
      errors = [],
    } = await this.#connections.call(methods.status, {})
    return { version, isLearner, memberId: header?.memberId ?? 0, leader, errors }
  }

  close(): void {
    this.#connections.close()
  }
}
