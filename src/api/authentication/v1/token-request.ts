import { f } from '../../../schema/field.ts'
import { int64, list, map, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, listMessage, message } from './package.ts'

export const AttestationValue = listMessage('AttestationValue', str)
export type AttestationValue = TypeOf<typeof AttestationValue>

export const BoundObjectReference = message(
  'BoundObjectReference',
  {
    kind: f(1, str).doc('`Pod`, `Node` or `Secret`.'),
    apiVersion: f(2, str).doc('Group and version of the kind.'),
    name: f(3, str).doc('Name of the object.'),
    uid: f(4, str).go('types.UID').doc('UID of the object.'),
  },
  { doc: 'An object with which a token becomes invalid.' },
)
export type BoundObjectReference = TypeOf<typeof BoundObjectReference>

export const TokenRequestSpec = message(
  'TokenRequestSpec',
  {
    audiences: f(1, list(str))
      .explicit()
      .listOf('atomic')
      .doc('Recipients that the token is for; the API server if empty.'),
    boundObjectRef: f(3, BoundObjectReference).orNull().doc('Object with whose end the token becomes invalid.'),
    expirationSeconds: f(4, int64)
      .explicit()
      .doc('Validity in seconds; 3600 by default, at least 600; the server may shorten it.'),
    attestations: f(5, map(AttestationValue)).doc('Further facts for the token, by prefixed name.'),
  },
  { doc: 'Specification of a token request.' },
)
export type TokenRequestSpec = TypeOf<typeof TokenRequestSpec>

export const TokenRequestStatus = message(
  'TokenRequestStatus',
  {
    token: f(1, str).always().doc('The token, a signed JWT.'),
    expirationTimestamp: f(2, time).doc('When it expires.'),
  },
  { doc: 'The token.' },
)
export type TokenRequestStatus = TypeOf<typeof TokenRequestStatus>

export const TokenRequest = kind(
  'TokenRequest',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata; the name is that of the service account.'),
    spec: f(2, TokenRequestSpec).always().doc('Which token is wanted.'),
    status: f(3, TokenRequestStatus).always().doc('The token; written by the server.'),
  },
  { doc: 'Asks for a token of a service account.' },
)
export type TokenRequest = TypeOf<typeof TokenRequest>
