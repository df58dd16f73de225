/** etcd v3: the messages of the service Watch. */
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { bool, byteString, int32, int64, list, str, type TypeOf } from '../../schema/type.ts'
import { KeyValueMessage, message, ResponseHeader } from './kv-messages.ts'

export const FilterType = { noPut: 0, noDelete: 1 } as const
export const EventType = { put: 0, delete: 1 } as const
/** The id of a watch that could not be made, and of progress that concerns all watches of a stream. */
export const noWatchId = -1

export const WatchCreateRequest = message('WatchCreateRequest', {
  key: f(1, byteString),
  rangeEnd: f(2, byteString),
  startRevision: f(3, int64),
  progressNotify: f(4, bool),
  filters: f(5, list(int32)),
  prevKv: f(6, bool),
  watchId: f(7, int64),
  fragment: f(8, bool),
})
export type WatchCreateRequest = TypeOf<typeof WatchCreateRequest>

/** One of them is set. */
export const WatchRequest = message('WatchRequest', {
  createRequest: f(1, WatchCreateRequest),
  cancelRequest: f(2, message('WatchCancelRequest', { watchId: f(1, int64) })),
  progressRequest: f(3, message('WatchProgressRequest', {})),
})
export type WatchRequest = TypeOf<typeof WatchRequest>

export const EventMessage = messagesOf('mvccpb')('Event', {
  type: f(1, int32),
  kv: f(2, KeyValueMessage),
  prevKv: f(3, KeyValueMessage),
})
export type EventMessage = TypeOf<typeof EventMessage>

export const WatchResponse = message('WatchResponse', {
  header: f(1, ResponseHeader),
  watchId: f(2, int64),
  created: f(3, bool),
  canceled: f(4, bool),
  compactRevision: f(5, int64),
  cancelReason: f(6, str),
  fragment: f(7, bool),
  events: f(11, list(EventMessage)),
})
export type WatchResponse = TypeOf<typeof WatchResponse>
