import { f } from '../../../schema/field.ts'
import { int32, list, str, type TypeOf } from '../../../schema/type.ts'
import { ListMeta } from './object-meta.ts'
import { kind, message } from './package.ts'

export const StatusCause = message(
  'StatusCause',
  {
    reason: f(1, str).go('v1.CauseType').doc('Kind of the cause, one word such as `FieldValueInvalid`.'),
    message: f(2, str).doc('What is wrong, for people.'),
    field: f(3, str).doc('Field that is wrong, as `spec.containers[0].name`.'),
  },
  { doc: 'One reason why a request failed.' },
)
export type StatusCause = TypeOf<typeof StatusCause>

export const StatusDetails = message(
  'StatusDetails',
  {
    name: f(1, str).doc('Name of the object concerned.'),
    group: f(2, str).doc('API group of the resource.'),
    kind: f(3, str).doc('Resource or kind concerned.'),
    causes: f(4, list(StatusCause)).listOf('atomic').doc('The single reasons.'),
    retryAfterSeconds: f(5, int32).doc('Seconds after which trying again makes sense.'),
    uid: f(6, str).go('types.UID').doc('UID of the object concerned.'),
  },
  { doc: 'Facts about a failure for programs.' },
)
export type StatusDetails = TypeOf<typeof StatusDetails>

export const Status = kind(
  'Status',
  {
    metadata: f(1, ListMeta).always().doc('Metadata of a list; empty.'),
    status: f(2, str).doc('`Success` or `Failure`.'),
    message: f(3, str).doc('What happened, for people.'),
    reason: f(4, str).go('v1.StatusReason').doc('Why it failed, one word such as `NotFound`.'),
    details: f(5, StatusDetails).doc('Facts about the failure for programs.'),
    code: f(6, int32).doc('HTTP status code.'),
  },
  { doc: 'The outcome of a request that does not answer with an object.' },
)
export type Status = TypeOf<typeof Status>
