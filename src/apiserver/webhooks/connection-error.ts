/**
 * Why another server could not be reached, in the words of Go's net and crypto/tls: programs look for them in the messages
 * of an API server, as for `connection refused` and `certificate signed by unknown authority`.
 */
import { isIP } from 'node:net'

interface Failure extends Error {
  readonly code?: string
  readonly syscall?: string
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
  readonly host?: string
  readonly cert?: { readonly subjectaltname?: string; readonly valid_from?: string; readonly valid_to?: string }
}

const connectWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
  ECONNRESET: 'connection reset by peer',
}

const unknownAuthority = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_UNTRUSTED',
])

const addressOf = ({ address = '', port }: Failure): string =>
  `${isIP(address) === 6 ? `[${address}]` : address}:${port}`

/** `DNS:a, IP Address:192.0.2.1` as Go lists the names of a certificate. */
function mismatch({ host = '', cert }: Failure): string {
  const names = (cert?.subjectaltname ?? '').split(', ').filter(Boolean)
  const of = (prefix: string) => names.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length))
  const [kind, valid] = isIP(host) === 0 ? ['names', of('DNS:')] : ['IP SANs', of('IP Address:')]
  if (valid.length > 0) return `certificate is valid for ${valid.join(', ')}, not ${host}`
  return kind === 'names'
    ? `certificate is not valid for any names, but wanted to match ${host}`
    : `cannot validate certificate for ${host} because it doesn't contain any IP SANs`
}

function certificateWords(failure: Failure): string | undefined {
  const { code = '' } = failure
  if (unknownAuthority.has(code)) return 'certificate signed by unknown authority'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return mismatch(failure)
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'certificate has expired or is not yet valid'
  return undefined
}

export function connectionError(error: unknown): string {
  const failure = error as Failure
  const { code = '', syscall, message } = failure
  const certificate = certificateWords(failure)
  if (certificate !== undefined) return `tls: failed to verify certificate: x509: ${certificate}`
  const words = connectWords[code]
  if (syscall === 'connect' && words !== undefined) return `dial tcp ${addressOf(failure)}: connect: ${words}`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `dial tcp: lookup ${failure.hostname}: no such host`
  // The connection ended before an answer.
  if (code === 'ECONNRESET') return message === 'socket hang up' ? 'EOF' : 'read: connection reset by peer'
  return message
}
