import { f } from '../../../schema/field.ts'
import { int64, list, map, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, listMessage, message } from './package.ts'

export const AttestationValue = listMessage('AttestationValue', str)
export type AttestationValue = TypeOf<typeof AttestationValue>

export const BoundObjectReference = message('BoundObjectReference', {
  kind: f(1, str),
  apiVersion: f(2, str),
  name: f(3, str),
  uid: f(4, str),
})
export type BoundObjectReference = TypeOf<typeof BoundObjectReference>

export const TokenRequestSpec = message('TokenRequestSpec', {
  audiences: f(1, list(str)).explicit().listOf('atomic'),
  boundObjectRef: f(3, BoundObjectReference),
  expirationSeconds: f(4, int64).explicit(),
  attestations: f(5, map(AttestationValue)),
})
export type TokenRequestSpec = TypeOf<typeof TokenRequestSpec>

export const TokenRequestStatus = message('TokenRequestStatus', {
  token: f(1, str).always(),
  expirationTimestamp: f(2, time),
})
export type TokenRequestStatus = TypeOf<typeof TokenRequestStatus>

export const TokenRequest = kind('TokenRequest', {
  metadata: f(1, ObjectMeta).always(),
  spec: f(2, TokenRequestSpec).always(),
  status: f(3, TokenRequestStatus).always(),
})
export type TokenRequest = TypeOf<typeof TokenRequest>
