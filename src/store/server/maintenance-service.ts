/** etcd's services Maintenance, Cluster and Auth, and gRPC's own of health. */
import { createHash } from 'node:crypto'
import { GrpcCode, GrpcError } from '../../base/grpc/grpc-error.ts'
import type { ServerCall, StreamHandler, UnaryHandler } from '../../base/grpc/grpc-server.ts'
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { int32 } from '../../schema/type.ts'
import { framed } from '../etcd-api/framed.ts'
import { HeaderResponse } from '../etcd-api/kv-messages.ts'
import {
  AlarmAction,
  AlarmRequest,
  AlarmResponse,
  AlarmType,
  AuthStatusResponse,
  HashKvRequest,
  HashKvResponse,
  MemberListResponse,
  SnapshotResponse,
  StatusResponse,
} from '../etcd-api/maintenance-messages.ts'
import { etcdVersion, raftTerm } from './identity.ts'
import { numberOf } from './range-form.ts'
import { rpcErrorOf } from './rpc-error.ts'
import { prefixedBy, type ServiceDeps } from './service.ts'

const HealthResponse = messagesOf('grpc.health.v1')('HealthCheckResponse', { status: f(1, int32) })
const serving = framed(HealthResponse, { status: 1 })

const maintenance = prefixedBy('Maintenance')
const cluster = prefixedBy('Cluster')
const auth = prefixedBy('Auth')

const refused =
  (why: string): UnaryHandler =>
  async () => {
    throw new GrpcError(GrpcCode.unimplemented, why)
  }

const oneMember = 'this store has one member and gets no other'
const noAuth = 'this store has no users and roles: it knows its clients by their TLS certificates'

const authMethods = [
  ...['AuthEnable', 'AuthDisable', 'Authenticate'],
  ...['UserAdd', 'UserGet', 'UserList', 'UserDelete', 'UserChangePassword', 'UserGrantRole', 'UserRevokeRole'],
  ...['RoleAdd', 'RoleGet', 'RoleList', 'RoleDelete', 'RoleGrantPermission', 'RoleRevokePermission'],
]

export interface MemberUrls {
  readonly name: string
  readonly clientUrls: readonly string[]
}

export function maintenanceService(
  deps: ServiceDeps,
  member: MemberUrls,
): { unary: [string, UnaryHandler][]; streams: [string, StreamHandler][] } {
  const { store, identity } = deps
  const header = async () => identity.header(await store.currentRevision())
  return {
    unary: [
      maintenance('Status', () => status(deps)),
      maintenance('Hash', async () => {
        const { hash, currentRevision } = await store.hash(0)
        return framed(HashKvResponse, { header: identity.header(currentRevision), hash })
      }),
      maintenance('HashKV', async bytes => {
        const revision = numberOf(decodeMessage(HashKvRequest, bytes).revision)
        const { currentRevision, hash, compactRevision, hashRevision } = await store.hash(Math.max(0, revision))
        const compacted = compactRevision === 0 ? {} : { compactRevision }
        return framed(HashKvResponse, { header: identity.header(currentRevision), hash, ...compacted, hashRevision })
      }),
      maintenance('Defragment', async () => {
        await store.defragment()
        return framed(HeaderResponse, {})
      }),
      maintenance('Alarm', async bytes => framed(AlarmResponse, { header: await header(), ...alarm(deps, bytes) })),
      maintenance('MoveLeader', async () => {
        throw new GrpcError(GrpcCode.failedPrecondition, 'etcdserver: bad leader transferee')
      }),
      maintenance('Downgrade', refused('this store is no etcd: it has no other version to go back to')),
      cluster('MemberList', async () => {
        const { name, clientUrls } = member
        const members = [{ id: identity.memberId, name, clientUrls: [...clientUrls] }]
        return framed(MemberListResponse, { header: await header(), members })
      }),
      ...['MemberAdd', 'MemberRemove', 'MemberUpdate', 'MemberPromote'].map(name => cluster(name, refused(oneMember))),
      auth('AuthStatus', async () => framed(AuthStatusResponse, { header: await header() })),
      ...authMethods.map(name => auth(name, refused(noAuth))),
      ['/grpc.health.v1.Health/Check', async () => serving],
    ],
    streams: [
      ['/etcdserverpb.Maintenance/Snapshot', call => snapshot(deps, call)],
      ['/grpc.health.v1.Health/Watch', call => ({ message: () => void call.send(serving) })],
    ],
  }
}

async function status({ store, identity }: ServiceDeps): Promise<Uint8Array> {
  const revision = await store.currentRevision()
  const { totalBytes, usedBytes } = await store.size()
  const memberId = identity.memberId
  const alarmNames: Readonly<Record<number, string>> = {
    [AlarmType.noSpace]: 'NOSPACE',
    [AlarmType.corrupt]: 'CORRUPT',
  }
  return framed(StatusResponse, {
    header: identity.header(revision),
    version: etcdVersion,
    dbSize: totalBytes,
    leader: memberId,
    raftIndex: revision,
    raftTerm,
    raftAppliedIndex: revision,
    errors: [...identity.alarms].map(type => `memberID:${identity.memberId} alarm:${alarmNames[type]} `),
    dbSizeInUse: usedBytes,
    storageVersion: etcdVersion,
  })
}

function alarm({ identity }: ServiceDeps, bytes: Uint8Array) {
  const { action = AlarmAction.get, memberId = 0, alarm: type = AlarmType.none } = decodeMessage(AlarmRequest, bytes)
  const own = identity.memberId
  const shown = (types: Iterable<number>) => ({ alarms: [...types].map(alarm => ({ memberId: own, alarm })) })
  const { alarms } = identity
  const isOther = memberId !== 0 && BigInt(memberId) !== identity.memberId
  if (action === AlarmAction.activate) {
    if (isOther || (type !== AlarmType.noSpace && type !== AlarmType.corrupt)) return {}
    alarms.add(type)
    identity.save()
    return shown([type])
  }
  if (action === AlarmAction.deactivate) {
    const ended = isOther ? [] : [...alarms].filter(one => type === AlarmType.none || one === type)
    for (const one of ended) alarms.delete(one)
    identity.save()
    return shown(ended)
  }
  return shown([...alarms].filter(one => type === AlarmType.none || one === type))
}

/** The snapshot and, behind it, its SHA-256: the layout that `etcdctl snapshot save` expects. */
function snapshot({ store }: ServiceDeps, call: ServerCall) {
  let over = false
  const run = async () => {
    const taken = await store.snapshot()
    try {
      const sum = createHash('sha256')
      let left = taken.totalBytes
      const send = (blob: Uint8Array) =>
        call.sent(
          framed(SnapshotResponse, { ...(left === 0 ? {} : { remainingBytes: left }), blob, version: taken.format }),
        )
      for await (const chunk of taken.chunks()) {
        sum.update(chunk)
        left -= chunk.byteLength
        if (over || !(await send(chunk))) return
      }
      await send(sum.digest())
      call.end()
    } finally {
      taken.release()
    }
  }
  return {
    message: () => void run().catch(error => call.end(rpcErrorOf(error))),
    closed: () => {
      over = true
    },
  }
}
