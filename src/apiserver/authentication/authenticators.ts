import type { Clock } from '../../base/clock.ts'
import { unauthorizedError } from '../../machinery/api-error.ts'
import type { Authenticator, TokenAuthenticator, TokenResult } from './authenticator.ts'
import { certificateAuthenticator } from './certificate-authenticator.ts'
import { anonymous, withAuthenticatedGroup } from './users.ts'

export interface AuthenticatorOptions {
  readonly tokens: TokenAuthenticator
  /** Whether requests without credentials are `system:anonymous` (RBAC then says what that may do) or refused. */
  readonly allowAnonymous: boolean
  readonly clock: Clock
}

/** Asks one after another; the first that vouches for the token decides. */
export const anyTokenAuthenticator = (authenticators: readonly TokenAuthenticator[]): TokenAuthenticator => ({
  async authenticate(token, audiences) {
    let refusal: TokenResult | undefined
    for (const authenticator of authenticators) {
      const result = await authenticator.authenticate(token, audiences)
      if (result?.ok) return result
      refusal ??= result
    }
    return refusal
  },
})

/** Client certificates before tokens, as upstream; credentials that nobody knows are an error, none at all is anonymous. */
export function createAuthenticator({ tokens, allowAnonymous, clock }: AuthenticatorOptions): Authenticator {
  const certificates = certificateAuthenticator(clock)
  return {
    async authenticate(credentials) {
      const byCertificate = await certificates.authenticate(credentials)
      if (byCertificate) return { ...byCertificate, user: withAuthenticatedGroup(byCertificate.user) }
      const { bearerToken } = credentials
      if (bearerToken !== undefined && bearerToken !== '') {
        const result = await tokens.authenticate(bearerToken)
        if (!result?.ok) throw unauthorizedError()
        return { ...result.authenticated, user: withAuthenticatedGroup(result.authenticated.user) }
      }
      if (!allowAnonymous) throw unauthorizedError()
      return { user: anonymous }
    },
  }
}
