import type { Clock } from '../../base/clock.ts'
import { unauthorizedError } from '../../machinery/api-error.ts'
import type { Authenticator } from './authenticator.ts'
import { certificateAuthenticator } from './certificate-authenticator.ts'
import type { ServiceAccountAuthenticator } from './service-account-authenticator.ts'
import { anonymous, withAuthenticatedGroup } from './users.ts'

export interface AuthenticatorOptions {
  readonly serviceAccounts: ServiceAccountAuthenticator
  /** Whether requests without credentials are `system:anonymous` (RBAC then says what that may do) or refused. */
  readonly allowAnonymous: boolean
  readonly clock: Clock
}

/** Client certificates before tokens, as upstream; credentials that nobody knows are an error, none at all is anonymous. */
export function createAuthenticator({ serviceAccounts, allowAnonymous, clock }: AuthenticatorOptions): Authenticator {
  const certificates = certificateAuthenticator(clock)
  return {
    async authenticate(credentials) {
      const byCertificate = await certificates.authenticate(credentials)
      if (byCertificate) return { ...byCertificate, user: withAuthenticatedGroup(byCertificate.user) }
      const { bearerToken } = credentials
      if (bearerToken !== undefined && bearerToken !== '') {
        const result = await serviceAccounts.authenticate(bearerToken)
        if (!result?.ok) throw unauthorizedError()
        return { ...result.authenticated, user: withAuthenticatedGroup(result.authenticated.user) }
      }
      if (!allowAnonymous) throw unauthorizedError()
      return { user: anonymous }
    },
  }
}
