/** etcd v3: the messages of the service Cluster. */
import { f } from '../../schema/field.ts'
import { bool, list, str } from '../../schema/type.ts'
import { memberId, message, ResponseHeader } from './kv-messages.ts'
import { Member, MemberListResponse } from './maintenance-messages.ts'

export const MemberListRequest = message('MemberListRequest', { linearizable: f(1, bool) })
export const MemberAddRequest = message('MemberAddRequest', { peerUrls: f(1, list(str)), isLearner: f(2, bool) })
export const MemberAddResponse = message('MemberAddResponse', {
  header: f(1, ResponseHeader),
  member: f(2, Member),
  members: f(3, list(Member)),
})
export const MemberRemoveRequest = message('MemberRemoveRequest', { id: f(1, memberId) })
export const MemberPromoteRequest = message('MemberPromoteRequest', { id: f(1, memberId) })
/** What remove, promote and update answer with is one shape. */
export const MembersResponse = MemberListResponse
