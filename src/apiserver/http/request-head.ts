/** The headers of an HTTP/2 request as the chain has them. RFC 9113, section 8. */

export interface RequestHead {
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  /** By lower-case name, pseudo-headers too. */
  readonly headers: Readonly<Record<string, string>>
}

/** More fields than these are refused. */
export const maxFields = 128

const pseudoNames: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path'])
/** Fields of a connection have no place here (section 8.2.2). */
const connectionNames: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])
/** Of these the first one counts, as in Node's HTTP/1.1. */
const single: ReadonlySet<string> = new Set(['authorization', 'content-type', 'expect', 'host', 'user-agent'])
const namePattern = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const forbiddenInValues = /[\0\r\n]/

/** undefined: the request is malformed. */
export function requestHeadOf(fields: readonly (readonly [name: string, value: string])[]): RequestHead | undefined {
  if (fields.length > maxFields) return undefined
  const headers: Record<string, string> = Object.create(null)
  let regular = false
  for (const [name, value] of fields) {
    if (name.charCodeAt(0) === 0x3a) {
      if (regular || !pseudoNames.has(name) || headers[name] !== undefined) return undefined
      headers[name] = value
      continue
    }
    regular = true
    if (!isAllowed(name, value)) return undefined
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (name === 'content-length') return undefined
    else if (!single.has(name)) headers[name] = `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  const { ':method': method, ':path': url, ':scheme': scheme } = headers
  if (!method || !scheme || !url || method === 'CONNECT') return undefined
  if (!namePattern.test(method.toLowerCase()) || !(url.startsWith('/') || url === '*')) return undefined
  return { method, url, headers }
}

function isAllowed(name: string, value: string): boolean {
  if (forbiddenInValues.test(value) || !namePattern.test(name)) return false
  return !connectionNames.has(name) && (name !== 'te' || value === 'trailers')
}
