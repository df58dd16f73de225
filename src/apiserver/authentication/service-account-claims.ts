/** What service-account tokens say (KEP-1205, KEP-4193; the layout of claims is `kubernetes.io`'s own). */

export interface ObjectClaim {
  readonly name: string
  readonly uid: string
}

export interface ServiceAccountClaims {
  readonly jti: string
  readonly audiences: readonly string[]
  /** Seconds since the epoch. */
  readonly issuedAt: number
  readonly notBefore: number
  readonly expiresAt: number
  readonly namespace: string
  readonly serviceAccount: ObjectClaim
  readonly pod?: ObjectClaim
  readonly secret?: ObjectClaim
  /** Of a token bound to a pod: the pod's node, for information; of any other: what it is bound to. */
  readonly node?: { readonly name: string; readonly uid?: string }
  /** A token that outlives what was asked for: from when on its use is stale. */
  readonly warnAfter?: number
}

/** A token of a Secret of type `kubernetes.io/service-account-token`: without audience and expiry. */
export interface LegacyClaims {
  readonly namespace: string
  readonly serviceAccount: ObjectClaim
  readonly secretName: string
}

export const legacyIssuer = 'kubernetes/serviceaccount'

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

function reference(value: unknown): ObjectClaim | undefined {
  if (!isObject(value)) return undefined
  const name = text(value.name)
  const uid = text(value.uid)
  return name !== undefined && uid !== undefined ? { name, uid } : undefined
}

/** The payload of a token, as RFC 7519 registers its names. */
export function payloadOf(issuer: string, subject: string, claims: ServiceAccountClaims): Json {
  return {
    aud: claims.audiences,
    exp: claims.expiresAt,
    iat: claims.issuedAt,
    iss: issuer,
    jti: claims.jti,
    'kubernetes.io': {
      namespace: claims.namespace,
      ...(claims.node ? { node: claims.node } : {}),
      ...(claims.pod ? { pod: claims.pod } : {}),
      ...(claims.secret ? { secret: claims.secret } : {}),
      serviceaccount: claims.serviceAccount,
      ...(claims.warnAfter === undefined ? {} : { warnafter: claims.warnAfter }),
    },
    nbf: claims.notBefore,
    sub: subject,
  }
}

/** Undefined where what every token must say is missing. */
export function claimsOf(payload: Json): ServiceAccountClaims | undefined {
  const own = payload['kubernetes.io']
  if (!isObject(own)) return undefined
  const namespace = text(own.namespace)
  const serviceAccount = reference(own.serviceaccount)
  const expiresAt = number(payload.exp)
  if (namespace === undefined || serviceAccount === undefined || expiresAt === undefined) return undefined
  const audiences = typeof payload.aud === 'string' ? [payload.aud] : payload.aud
  if (!Array.isArray(audiences) || audiences.some(audience => typeof audience !== 'string')) return undefined
  const pod = reference(own.pod)
  const secret = reference(own.secret)
  // A reference that is there but broken must not read as "not bound".
  if ((own.pod !== undefined && !pod) || (own.secret !== undefined && !secret)) return undefined
  const nodeName = isObject(own.node) ? text(own.node.name) : undefined
  if (own.node !== undefined && nodeName === undefined) return undefined
  const nodeUid = isObject(own.node) ? text(own.node.uid) : undefined
  const warnAfter = number(own.warnafter)
  return {
    jti: text(payload.jti) ?? '',
    audiences,
    issuedAt: number(payload.iat) ?? 0,
    notBefore: number(payload.nbf) ?? 0,
    expiresAt,
    namespace,
    serviceAccount,
    ...(pod ? { pod } : {}),
    ...(secret ? { secret } : {}),
    ...(nodeName === undefined ? {} : { node: { name: nodeName, ...(nodeUid === undefined ? {} : { uid: nodeUid }) } }),
    ...(warnAfter === undefined ? {} : { warnAfter }),
  }
}

export function legacyClaimsOf(payload: Json): LegacyClaims | undefined {
  const namespace = text(payload['kubernetes.io/serviceaccount/namespace'])
  const secretName = text(payload['kubernetes.io/serviceaccount/secret.name'])
  const name = text(payload['kubernetes.io/serviceaccount/service-account.name'])
  const uid = text(payload['kubernetes.io/serviceaccount/service-account.uid'])
  if (!namespace || !secretName || !name || !uid) return undefined
  return { namespace, secretName, serviceAccount: { name, uid } }
}
