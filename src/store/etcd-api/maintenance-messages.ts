/** etcd v3: the messages of the services Maintenance, Cluster and Auth that are answered. */
import { f } from '../../schema/field.ts'
import { binary, bool, int32, int64, list, str, type TypeOf, uint32, uint64 } from '../../schema/type.ts'
import { memberId, message, ResponseHeader } from './kv-messages.ts'

export const StatusResponse = message('StatusResponse', {
  header: f(1, ResponseHeader),
  version: f(2, str),
  dbSize: f(3, int64),
  leader: f(4, memberId),
  raftIndex: f(5, uint64),
  raftTerm: f(6, uint64),
  raftAppliedIndex: f(7, uint64),
  errors: f(8, list(str)),
  dbSizeInUse: f(9, int64),
  isLearner: f(10, bool),
  storageVersion: f(11, str),
  dbSizeQuota: f(12, int64),
})

export const HashKvRequest = message('HashKVRequest', { revision: f(1, int64) })
export const HashKvResponse = message('HashKVResponse', {
  header: f(1, ResponseHeader),
  hash: f(2, uint32),
  compactRevision: f(3, int64),
  hashRevision: f(4, int64),
})

export const SnapshotResponse = message('SnapshotResponse', {
  header: f(1, ResponseHeader),
  remainingBytes: f(2, uint64),
  blob: f(3, binary),
  version: f(4, str),
})

export const AlarmAction = { get: 0, activate: 1, deactivate: 2 } as const
export const AlarmType = { none: 0, noSpace: 1, corrupt: 2 } as const
export const AlarmRequest = message('AlarmRequest', {
  action: f(1, int32),
  memberId: f(2, memberId),
  alarm: f(3, int32),
})
export const AlarmResponse = message('AlarmResponse', {
  header: f(1, ResponseHeader),
  alarms: f(2, list(message('AlarmMember', { memberId: f(1, memberId), alarm: f(2, int32) }))),
})

export const Member = message('Member', {
  id: f(1, memberId),
  name: f(2, str),
  peerUrls: f(3, list(str)),
  clientUrls: f(4, list(str)),
  isLearner: f(5, bool),
})
export type Member = TypeOf<typeof Member>
export const MemberListResponse = message('MemberListResponse', {
  header: f(1, ResponseHeader),
  members: f(2, list(Member)),
})

export const AuthStatusResponse = message('AuthStatusResponse', {
  header: f(1, ResponseHeader),
  enabled: f(2, bool),
  authRevision: f(3, uint64),
})
