/** Continue tokens in upstream's shape: base64url of `{"v":"meta.k8s.io/v1","rv":N,"start":"ns/name\0"}`, start relative to the list's prefix. */
import { posix } from 'node:path'
import { badRequestError } from '../../machinery/api-error.ts'
import { f } from '../../schema/field.ts'
import { DecodeError, decodeJsonMessage } from '../../schema/json-decode.ts'
import { messagesOf } from '../../schema/message.ts'
import { int64, str } from '../../schema/type.ts'

export interface ContinueToken {
  /** Revision of the snapshot; -1 after an expired one: the present. */
  readonly revision: number
  /** Where to go on, relative to the list's prefix. */
  readonly start: string
}

const tokenVersion = 'meta.k8s.io/v1'

const Token = messagesOf('storage')('continueToken', { v: f(1, str), rv: f(2, int64), start: f(3, str) })

export function encodeContinue({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: tokenVersion, rv: revision, start })).toString('base64url')
}

const invalid = (why: string) => badRequestError(`invalid continue token: continue key is not valid: ${why}`)

/** Throws 400 for what is no token. */
export function decodeContinue(text: string): ContinueToken {
  const { v = '', rv = 0, start = '' } = readToken(text)
  if (v !== tokenVersion) throw invalid(`server does not recognize this encoded version ${v}`)
  if (rv === 0) throw invalid(`incorrect encoded start resourceVersion (version ${v})`)
  if (start === '') throw invalid(`encoded start key empty (version ${v})`)
  // Tokens of a stock server may begin with a slash. None may lead out of the prefix.
  const key = start.startsWith('/') ? start : `/${start}`
  if (posix.normalize(key) !== key) throw invalid(start)
  return { revision: Number(rv), start: key.slice(1) }
}

function readToken(text: string): { v?: string; rv?: number; start?: string } {
  const illegal = /[^A-Za-z0-9_-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : -1)
  if (illegal >= 0) throw invalid(`illegal base64 data at input byte ${illegal}`)
  try {
    return decodeJsonMessage(Token, Buffer.from(text, 'base64url')).object
  } catch (error) {
    if (error instanceof DecodeError) throw invalid(error.message)
    throw error
  }
}
