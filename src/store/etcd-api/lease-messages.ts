/** etcd v3: the messages of the service Lease. */
import { f } from '../../schema/field.ts'
import { bool, byteString, int64, list, str } from '../../schema/type.ts'
import { leaseId, message, ResponseHeader } from './kv-messages.ts'

export const LeaseGrantRequest = message('LeaseGrantRequest', { ttl: f(1, int64), id: f(2, leaseId) })
export const LeaseGrantResponse = message('LeaseGrantResponse', {
  header: f(1, ResponseHeader),
  id: f(2, leaseId),
  ttl: f(3, int64),
  error: f(4, str),
})
export const LeaseRevokeRequest = message('LeaseRevokeRequest', { id: f(1, leaseId) })
export const LeaseKeepAliveRequest = message('LeaseKeepAliveRequest', { id: f(1, leaseId) })
export const LeaseKeepAliveResponse = message('LeaseKeepAliveResponse', {
  header: f(1, ResponseHeader),
  id: f(2, leaseId),
  ttl: f(3, int64),
})
export const LeaseTimeToLiveRequest = message('LeaseTimeToLiveRequest', { id: f(1, leaseId), keys: f(2, bool) })
export const LeaseTimeToLiveResponse = message('LeaseTimeToLiveResponse', {
  header: f(1, ResponseHeader),
  id: f(2, leaseId),
  ttl: f(3, int64),
  grantedTtl: f(4, int64),
  keys: f(5, list(byteString)),
})
export const LeaseLeasesResponse = message('LeaseLeasesResponse', {
  header: f(1, ResponseHeader),
  leases: f(2, list(message('LeaseStatus', { id: f(1, leaseId) }))),
})
