/**
 * Bootstrap tokens (Kubernetes documentation, "Authenticating with Bootstrap Tokens"): `id.secret`, kept in a Secret of
 * kube-system, by which a machine and a cluster prove each other who they are before the machine has a certificate.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../api/core/v1/secret.ts'
import { DecodeError } from '../schema/decode-error.ts'
import { parseTime } from '../schema/time-format.ts'

export interface BootstrapToken {
  readonly id: string
  readonly secret: string
}

export const bootstrapTokenType = 'bootstrap.kubernetes.io/token'
export const bootstrapTokenNamespace = 'kube-system'
export const bootstrapUserPrefix = 'system:bootstrap:'
export const bootstrappersGroup = 'system:bootstrappers'
/** Whose members may ask for a node's certificate. */
export const joiningNodesGroup = 'system:bootstrappers:clipper:node'
/** Whose members read, each, the keys that were sealed for their token. */
export const joiningServersGroup = 'system:bootstrappers:clipper:server'

/** What machines without a certificate may read: where the API server is, signed with every token. */
export const clusterInfo = { namespace: 'kube-public', name: 'cluster-info' } as const
export const clusterInfoSignaturePrefix = 'jws-kubeconfig-'

const secretNamePrefix = 'bootstrap-token-'
const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

export const secretNameOf = (tokenId: string): string => `${secretNamePrefix}${tokenId}`

/** Whether it is kept as a bootstrap token, whatever is in it. */
export const isBootstrapToken = ({ type, metadata }: Secret): boolean =>
  type === bootstrapTokenType && metadata.namespace === bootstrapTokenNamespace

/** Undefined for what is no bootstrap token. */
export function parseBootstrapToken(text: string): BootstrapToken | undefined {
  const [, id, secret] = tokenPattern.exec(text) ?? []
  return id !== undefined && secret !== undefined ? { id, secret } : undefined
}

export const tokenField = ({ data }: Pick<Secret, 'data'>, key: string): string =>
  Buffer.from(data?.[key] ?? '', 'base64').toString('utf8')

/** When a token ends, in ms since the epoch; Infinity: never. A time that cannot be read is over, so that nothing lives on by a mistake. */
export function tokenExpiryMs(secret: Secret): number {
  const text = tokenField(secret, 'expiration')
  if (text === '') return Number.POSITIVE_INFINITY
  try {
    const { seconds, nanos } = parseTime(text)
    return seconds * 1000 + Math.floor(nanos / 1e6)
  } catch (error) {
    if (error instanceof DecodeError) return Number.NEGATIVE_INFINITY
    throw error
  }
}

/** The token of a Secret that may be used so; undefined where it is none, has ended, or is for something else. */
function usableToken(secret: Secret, usage: 'authentication' | 'signing', nowMs: number): BootstrapToken | undefined {
  const id = tokenField(secret, 'token-id')
  const value = tokenField(secret, 'token-secret')
  const isWhole =
    secret.type === bootstrapTokenType && secret.metadata.name === secretNameOf(id) && id !== '' && value !== ''
  if (!isWhole || secret.metadata.deletionTimestamp !== undefined || tokenExpiryMs(secret) <= nowMs) return undefined
  return tokenField(secret, `usage-bootstrap-${usage}`) === 'true' ? { id, secret: value } : undefined
}

export const signingToken = (secret: Secret, nowMs: number): BootstrapToken | undefined =>
  usableToken(secret, 'signing', nowMs)

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** The groups of whoever shows this token; undefined where the Secret does not vouch for it. */
export function bootstrapGroups(secret: Secret, token: BootstrapToken, nowMs: number): readonly string[] | undefined {
  const known = usableToken(secret, 'authentication', nowMs)
  if (!known || known.id !== token.id || !sameText(known.secret, token.secret)) return undefined
  const extra = tokenField(secret, 'auth-extra-groups')
  const groups = [...new Set(extra === '' ? [] : extra.split(','))].sort()
  return groups.every(group => groupPattern.test(group)) ? [bootstrappersGroup, ...groups] : undefined
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url')

/** A JSON Web Signature (HS256) without its content (RFC 7515, appendix F), as kubeadm's discovery reads it. */
export function detachedSignature(content: string, { id, secret }: BootstrapToken): string {
  const header = base64url(JSON.stringify({ alg: 'HS256', kid: id }))
  const signature = createHmac('sha256', secret)
    .update(`${header}.${base64url(content)}`)
    .digest('base64url')
  return `${header}..${signature}`
}

export const isSignatureOf = (signature: string, content: string, token: BootstrapToken): boolean =>
  sameText(signature, detachedSignature(content, token))
