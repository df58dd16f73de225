import type { Clock } from '../../base/clock.ts'
import { unauthorizedError } from '../../machinery/api-error.ts'
import type { Authenticator } from './authenticator.ts'
import { credentialIdKey } from './users.ts'

/**
 * Users by client certificate: the common name is the user, organizations are the groups (Kubernetes documentation,
 * "X509 client certificates"). The chain was verified when the connection was made, and connections live long: the
 * expiry is looked at on every request.
 */
export const certificateAuthenticator = (clock: Clock): Authenticator => ({
  async authenticate({ certificate }) {
    if (!certificate || certificate.commonName === '') return undefined
    if (certificate.notAfterMs <= clock.now()) throw unauthorizedError()
    const fingerprint = certificate.fingerprint.replaceAll(':', '').toLowerCase()
    return {
      user: {
        username: certificate.commonName,
        groups: certificate.organizations,
        ...(certificate.uid === undefined ? {} : { uid: certificate.uid }),
        extra: { [credentialIdKey]: [`X509SHA256=${fingerprint}`] },
      },
    }
  },
})
