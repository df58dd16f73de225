/** Whether an answer is one that a server may give to any request at all. */
import { readCbor } from '../../src/schema/cbor-decode.ts'
import { parseYamlDocument } from '../../src/schema/yaml.ts'
import type { FuzzRequest } from './episodes.ts'
import type { FuzzAnswer } from './fuzzed-server.ts'

/** Failures that are not the server's own (of webhooks, of servers behind it), and bad input that a stock v1.37.2 was seen to answer with 500. */
const excused: readonly (readonly [number, RegExp])[] = [
  [500, /^.*strconv\.ParseUint: parsing /],
  // Of strategic merge patches.
  [
    500,
    /unknown patch type|declared merge key|list element types|\$setElementOrder|expected a .*, but received|merging lists cannot|merge lists without merge key/,
  ],
  [500, /resourceVersion should not be set on objects to be created/],
  [500, /failed to create typed patch object|failed to convert new object/],
  [500, /target\.(name|kind): |no preferred addresses found/],
  [500, /failed calling webhook|conversion webhook|etcdserver: request is too large/],
  [503, /error trying to reach service|service unavailable|not available|endpoints/i],
  [504, /Too large resource version|timed out|timeout/i],
]

/** What is wrong with the answer, or undefined. */
export function faultOf({ method }: FuzzRequest, { status, contentType, bytes }: FuzzAnswer): string | undefined {
  if (status < 200 || status > 599) return `status ${status}`
  const text = bytes.toString('utf8')
  // The answer to a HEAD does not say why: the same is asked by GET often enough.
  if (status >= 500 && method !== 'HEAD' && !excused.some(([code, why]) => code === status && why.test(text)))
    return `${status}: ${text.slice(0, 600)}`
  if (method === 'HEAD' || bytes.length === 0) return undefined
  const value = parsed(contentType, bytes)
  // A number beyond doubles that a client has put into data of any shape.
  if (value instanceof Error && /NaN and infinities|unsupported value: [+-]?Inf/.test(value.message)) return undefined
  if (value instanceof Error) return `${status} ${contentType}: ${value.message}: ${text.slice(0, 300)}`
  if (status < 400 || value === undefined) return undefined
  const { kind, code, message, status: outcome } = (value ?? {}) as Record<string, unknown>
  if (kind !== 'Status') return undefined
  const isWhole = code === status && outcome === 'Failure' && typeof message === 'string' && message !== ''
  return isWhole ? undefined : `no whole Status: ${text.slice(0, 600)}`
}

/** Undefined where it is neither JSON, YAML nor CBOR. */
function parsed(contentType: string, bytes: Buffer): unknown {
  try {
    if (contentType === 'application/json') return JSON.parse(bytes.toString('utf8'))
    if (contentType === 'application/yaml' && bytes.length < 100_000) return parseYamlDocument(bytes.toString('utf8'))
    if (contentType === 'application/cbor') return readCbor(bytes)
  } catch (error) {
    return error
  }
  return undefined
}

/** Faults of one origin have one name. */
export const classOf = (fault: string): string =>
  (/"message": ?"((?:[^"\\]|\\.)*)/.exec(fault)?.[1] ?? fault).replace(/\d+/g, '0').slice(0, 160)
