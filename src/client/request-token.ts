/** Asks for a token of a service account (TokenRequest). */
import { TokenRequest } from '../api/authentication/v1/token-request.ts'
import { ServiceAccount } from '../api/core/v1/service-account.ts'
import type { Clock } from '../base/clock.ts'
import type { Client } from './client.ts'

export interface IssuedToken {
  readonly token: string
  readonly issuedMs: number
  readonly expiresMs: number
}

/** A part of its life after which a token is renewed, as client-go and the kubelet do. */
export const renewAfter = 0.8

/** Throws ApiError or UnreachableError. */
export async function requestToken(
  client: Client,
  clock: Clock,
  account: { readonly namespace: string; readonly name: string },
  spec: TokenRequest['spec'] & { readonly expirationSeconds: number },
): Promise<IssuedToken> {
  const issuedMs = clock.now()
  const request = { apiVersion: TokenRequest.apiVersion, kind: 'TokenRequest', spec }
  const { status } = await client
    .of(ServiceAccount)
    .subresource<TokenRequest>('POST', account.namespace, account.name, 'token', request)
  const expiresMs = Date.parse(status.expirationTimestamp ?? '') || issuedMs + spec.expirationSeconds * 1000
  return { token: status.token, issuedMs, expiresMs }
}
