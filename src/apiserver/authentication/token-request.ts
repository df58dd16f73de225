/** The `token` subresource of service accounts (authentication.k8s.io/v1 TokenRequest). */
import { randomUUID } from 'node:crypto'
import type { BoundObjectReference, TokenRequest } from '../../api/authentication/v1/token-request.ts'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { Secret } from '../../api/core/v1/secret.ts'
import { ServiceAccount } from '../../api/core/v1/service-account.ts'
import type { Clock } from '../../base/clock.ts'
import { badRequestError, conflictError, invalidError, notFoundError } from '../../machinery/api-error.ts'
import { invalid } from '../../schema/field-error.ts'
import type { Draft } from '../../schema/message.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import { isoSeconds } from '../registry/write-request.ts'
import { payloadOf, type ServiceAccountClaims } from './service-account-claims.ts'
import type { TokenKeys } from './token-keys.ts'
import { serviceAccountUsername } from './users.ts'

const defaultExpirationSeconds = 3600
const minExpirationSeconds = 600
const maxExpirationSeconds = 2 ** 32
/**
 * What the ServiceAccount admission asks for. Clients that never read their token again must outlive an hour: such a
 * token lasts a year, and says when it became stale (KEP-1205, "safe rollout of time-bound token").
 */
const extendableExpirationSeconds = 3607
const extendedExpirationSeconds = 365 * 24 * 3600

type Binding = Pick<ServiceAccountClaims, 'pod' | 'secret' | 'node'>

export interface TokenIssuerOptions {
  readonly keys: TokenKeys
  /** The default audiences: those of this server. */
  readonly audiences: readonly string[]
  readonly reader: ObjectReader
  readonly clock: Clock
  readonly uuid?: () => string
}

export class TokenIssuer {
  readonly #options: TokenIssuerOptions

  constructor(options: TokenIssuerOptions) {
    this.#options = options
  }

  /** Signs a token for a service account. Throws ApiError where the account or the bound object is missing. */
  async requestToken(namespace: string, name: string, request: Draft<TokenRequest>): Promise<TokenRequest> {
    const { metadata = {}, spec = {} } = request
    if (metadata.name && metadata.name !== name)
      throw badRequestError(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
    if (metadata.namespace && metadata.namespace !== namespace)
      throw badRequestError('the namespace of the provided object does not match the namespace sent on the request')
    const account = await this.#options.reader.getFresh(ServiceAccount, namespace, name)
    if (!account) throw notFoundError('', 'serviceaccounts', name)
    const expirationSeconds = Number(spec.expirationSeconds ?? defaultExpirationSeconds)
    checkExpiration(expirationSeconds)
    const audiences = spec.audiences?.length ? spec.audiences : this.#options.audiences
    const binding = spec.boundObjectRef ? await this.#bind(namespace, name, spec.boundObjectRef) : {}
    const nowSeconds = Math.floor(this.#options.clock.now() / 1000)
    const extend =
      expirationSeconds === extendableExpirationSeconds &&
      audiences.every(audience => this.#options.audiences.includes(audience))
    const claims: ServiceAccountClaims = {
      jti: (this.#options.uuid ?? randomUUID)(),
      audiences,
      issuedAt: nowSeconds,
      notBefore: nowSeconds,
      expiresAt: nowSeconds + (extend ? extendedExpirationSeconds : expirationSeconds),
      namespace,
      serviceAccount: { name, uid: account.metadata.uid },
      ...binding,
      ...(extend ? { warnAfter: nowSeconds + expirationSeconds } : {}),
    }
    const { keys } = this.#options
    const token = await keys.sign(payloadOf(keys.issuer, serviceAccountUsername(namespace, name), claims))
    return {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {
        name,
        namespace,
        uid: randomUUID(),
        creationTimestamp: isoSeconds(nowSeconds * 1000),
        ...(metadata.managedFields ? { managedFields: metadata.managedFields } : {}),
      } as TokenRequest['metadata'],
      spec: { boundObjectRef: null, ...spec, audiences: [...audiences], expirationSeconds } as TokenRequest['spec'],
      status: { token, expirationTimestamp: isoSeconds((nowSeconds + expirationSeconds) * 1000) },
    }
  }

  async #bind(namespace: string, account: string, ref: Draft<BoundObjectReference>): Promise<Binding> {
    const { reader } = this.#options
    const name = ref.name ?? ''
    const { apiVersion = '', kind = '' } = ref
    const type = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`
    const claimed = (resource: string, object: { metadata: { uid: string } } | undefined) => {
      if (!object) throw notFoundError('', resource, name)
      const { uid } = object.metadata
      if (ref.uid && ref.uid !== uid)
        throw conflictError(
          '',
          ref.kind ?? '',
          name,
          `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
        )
      return { name, uid }
    }
    switch (type) {
      case '/v1, Kind=Pod': {
        const pod = await reader.getFresh(Pod, namespace, name)
        const claim = claimed('pods', pod)
        if ((pod?.spec.serviceAccountName || 'default') !== account)
          throw badRequestError(
            `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
          )
        const nodeName = pod?.spec.nodeName
        if (!nodeName) return { pod: claim }
        const node = reader.get(Node, '', nodeName)
        return { pod: claim, node: { name: nodeName, ...(node ? { uid: node.metadata.uid } : {}) } }
      }
      case '/v1, Kind=Node':
        return { node: claimed('nodes', await reader.getFresh(Node, '', name)) }
      case '/v1, Kind=Secret':
        return { secret: claimed('secrets', await reader.getFresh(Secret, namespace, name)) }
      default:
        throw badRequestError(`cannot bind token to object of type ${type}`)
    }
  }
}

function checkExpiration(seconds: number): void {
  const path = 'spec.expirationSeconds'
  const fault =
    seconds < minExpirationSeconds
      ? invalid(path, seconds, 'may not specify a duration less than 10 minutes')
      : seconds > maxExpirationSeconds
        ? invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')
        : undefined
  if (fault) throw invalidError('authentication.k8s.io', 'TokenRequest', '', [fault])
}
