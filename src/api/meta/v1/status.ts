import { f } from '../../../schema/field.ts'
import { int32, list, str, type TypeOf } from '../../../schema/type.ts'
import { ListMeta } from './object-meta.ts'
import { kind, message } from './package.ts'

export const StatusCause = message('StatusCause', {
  reason: f(1, str),
  message: f(2, str),
  field: f(3, str),
})
export type StatusCause = TypeOf<typeof StatusCause>

export const StatusDetails = message('StatusDetails', {
  name: f(1, str),
  group: f(2, str),
  kind: f(3, str),
  causes: f(4, list(StatusCause)).listOf('atomic'),
  retryAfterSeconds: f(5, int32),
  uid: f(6, str),
})
export type StatusDetails = TypeOf<typeof StatusDetails>

export const Status = kind('Status', {
  metadata: f(1, ListMeta).always(),
  status: f(2, str),
  message: f(3, str),
  reason: f(4, str),
  details: f(5, StatusDetails),
  code: f(6, int32),
})
export type Status = TypeOf<typeof Status>
