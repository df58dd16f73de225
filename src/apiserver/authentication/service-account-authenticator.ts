/** Users by service-account token: signature, times, audience, and that what the token is bound to is still there. */
import { createHash } from 'node:crypto'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { Secret } from '../../api/core/v1/secret.ts'
import { ServiceAccount } from '../../api/core/v1/service-account.ts'
import type { Clock } from '../../base/clock.ts'
import type { Kind } from '../../schema/kind.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { TokenAuthenticator, TokenResult, UserInfo } from './authenticator.ts'
import {
  claimsOf,
  type LegacyClaims,
  legacyClaimsOf,
  legacyIssuer,
  type ObjectClaim,
  type ServiceAccountClaims,
} from './service-account-claims.ts'
import type { TokenKeys } from './token-keys.ts'
import {
  credentialIdKey,
  nodeNameKey,
  nodeUidKey,
  podNameKey,
  podUidKey,
  serviceAccountGroups,
  serviceAccountUsername,
} from './users.ts'

/** An object may be used so long after its deletion began, so that pods can end in order. */
const deletionGraceMs = 60_000
/** A longer one is refused unread. Our own are below 2 KiB. */
const maxTokenBytes = 16_384

interface Verified {
  readonly payload: Record<string, unknown> | undefined
  readonly untilMs: number
}

const failed = (error: string): TokenResult => ({ ok: false, error })

interface Deletable {
  readonly metadata: { readonly uid: string; readonly deletionTimestamp?: string }
}

function partOf(token: string, index: number): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

export interface ServiceAccountAuthenticatorOptions {
  readonly keys: TokenKeys
  /** The audiences of this server: its issuer, and what it is also known by. */
  readonly audiences: readonly string[]
  readonly reader: ObjectReader
  readonly clock: Clock
}

export class ServiceAccountAuthenticator implements TokenAuthenticator {
  readonly audiences: readonly string[]
  readonly #keys: TokenKeys
  readonly #reader: ObjectReader
  readonly #clock: Clock
  /** Signatures checked before, by the token's hash, least recently used first: at most `#maxVerified`, for `#verifiedMs`. */
  readonly #verified = new Map<string, Verified>()
  readonly #maxVerified = 4096
  readonly #verifiedMs = 300_000

  constructor(options: ServiceAccountAuthenticatorOptions) {
    this.#keys = options.keys
    this.audiences = options.audiences
    this.#reader = options.reader
    this.#clock = options.clock
  }

  /** Undefined for a token of another kind. `audiences`: for whom it must be meant; by default this server. */
  async authenticate(token: string, audiences: readonly string[] = this.audiences): Promise<TokenResult | undefined> {
    if (token.length > maxTokenBytes || token.split('.').length !== 3) return undefined
    const issuer = partOf(token, 1)?.iss
    if (issuer !== this.#keys.issuer && issuer !== legacyIssuer) return undefined
    const payload = await this.#verify(token)
    if (!payload) return failed('service account token has an invalid signature')
    if (payload.iss === legacyIssuer) return this.#legacy(token, payload, audiences)
    const claims = claimsOf(payload)
    if (!claims || payload.sub !== serviceAccountUsername(claims.namespace, claims.serviceAccount.name))
      return failed('service account token has invalid claims')
    return this.#check(claims, audiences)
  }

  async #verify(token: string): Promise<Record<string, unknown> | undefined> {
    const hash = createHash('sha256').update(token).digest('base64')
    const now = this.#clock.now()
    const known = this.#verified.get(hash)
    this.#verified.delete(hash)
    if (known && known.untilMs > now) {
      this.#verified.set(hash, known)
      return known.payload
    }
    const keyId = partOf(token, 0)?.kid
    const payload = await this.#keys.verify(token, typeof keyId === 'string' ? keyId : undefined)
    if (this.#verified.size >= this.#maxVerified) this.#verified.delete(this.#verified.keys().next().value as string)
    this.#verified.set(hash, { payload, untilMs: now + this.#verifiedMs })
    return payload
  }

  async #check(claims: ServiceAccountClaims, audiences: readonly string[]): Promise<TokenResult> {
    const nowMs = this.#clock.now()
    if (claims.expiresAt * 1000 <= nowMs) return failed('service account token has expired')
    if (claims.notBefore * 1000 > nowMs) return failed('service account token is not valid yet')
    const matching = audiences.filter(audience => claims.audiences.includes(audience))
    if (matching.length === 0) {
      const show = (list: readonly string[]) => `[${list.map(a => JSON.stringify(a)).join(' ')}]`
      return failed(`token audiences ${show(claims.audiences)} is invalid for the target audiences ${show(audiences)}`)
    }
    const { namespace, serviceAccount, secret, pod, node } = claims
    const error =
      (await this.#missing(ServiceAccount, namespace, serviceAccount, 'service account')) ??
      (secret && (await this.#missing(Secret, namespace, secret, 'secret'))) ??
      (pod && (await this.#missing(Pod, namespace, pod, 'pod'))) ??
      (node && !pod ? await this.#missing(Node, '', { name: node.name, uid: node.uid ?? '' }, 'node') : undefined)
    if (error !== undefined) return failed(error)
    return { ok: true, authenticated: { user: userOf(claims), audiences: matching } }
  }

  /** Why the object that a token names does not vouch for it. One that was just made elsewhere is read from the store. */
  async #missing<T>(kind: Kind<T>, namespace: string, claim: ObjectClaim, what: string): Promise<string | undefined> {
    const object = (this.#reader.get(kind, namespace, claim.name) ??
      (await this.#reader.getFresh(kind, namespace, claim.name))) as Deletable | undefined
    const name = namespace === '' ? claim.name : `${namespace}/${claim.name}`
    if (!object) return `${what} ${name} has been deleted`
    const { deletionTimestamp, uid } = object.metadata
    if (deletionTimestamp !== undefined && Date.parse(deletionTimestamp) + deletionGraceMs < this.#clock.now())
      return `${what} ${name} has been deleted`
    if (uid !== claim.uid) return `${what} UID (${uid}) does not match claim (${claim.uid})`
    return undefined
  }

  async #legacy(token: string, payload: Record<string, unknown>, audiences: readonly string[]): Promise<TokenResult> {
    const claims: LegacyClaims | undefined = legacyClaimsOf(payload)
    const matching = audiences.filter(audience => this.audiences.includes(audience))
    if (!claims || payload.sub !== serviceAccountUsername(claims.namespace, claims.serviceAccount.name))
      return failed('service account token has invalid claims')
    if (matching.length === 0) return failed('token audiences are invalid for the target audiences')
    const error = await this.#missing(ServiceAccount, claims.namespace, claims.serviceAccount, 'service account')
    if (error !== undefined) return failed(error)
    const secret = await this.#reader.getFresh(Secret, claims.namespace, claims.secretName)
    if (!secret || Buffer.from(secret.data?.token ?? '', 'base64').toString('utf8') !== token)
      return failed('service account token has been invalidated')
    return { ok: true, authenticated: { user: userOf(claims), audiences: matching } }
  }
}

function userOf(claims: ServiceAccountClaims | LegacyClaims): UserInfo {
  const extra: Record<string, string[]> = {}
  if ('jti' in claims) {
    if (claims.jti !== '') extra[credentialIdKey] = [`JTI=${claims.jti}`]
    if (claims.pod) {
      extra[podNameKey] = [claims.pod.name]
      extra[podUidKey] = [claims.pod.uid]
    }
    if (claims.node) {
      extra[nodeNameKey] = [claims.node.name]
      if (claims.node.uid !== undefined) extra[nodeUidKey] = [claims.node.uid]
    }
  }
  return {
    username: serviceAccountUsername(claims.namespace, claims.serviceAccount.name),
    uid: claims.serviceAccount.uid,
    groups: serviceAccountGroups(claims.namespace),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}
