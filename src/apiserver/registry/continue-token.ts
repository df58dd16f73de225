/** Continue tokens in upstream's shape: base64url of `{"v":"meta.k8s.io/v1","rv":N,"start":"ns/name\0"}`, start relative to the list's prefix. */
import { badRequestError } from '../../machinery/api-error.ts'

export interface ContinueToken {
  /** Revision of the snapshot; -1 after an expired one: the present. */
  readonly revision: number
  /** Where to go on, relative to the list's prefix. */
  readonly start: string
}

export function encodeContinue({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start })).toString('base64url')
}

export function decodeContinue(text: string): ContinueToken {
  const invalid = (why: string) => badRequestError(`invalid continue token: ${why}`)
  let token: { v?: unknown; rv?: unknown; start?: unknown }
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    throw badRequestError('continue key is not valid: not a token of this server')
  }
  if (token === null || typeof token !== 'object') throw invalid('not an object')
  if (token.v !== 'meta.k8s.io/v1') {
    throw badRequestError('continue key is not valid: server does not recognize this encoded version')
  }
  if (typeof token.rv !== 'number' || !Number.isSafeInteger(token.rv) || token.rv === 0) {
    throw badRequestError('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  }
  if (typeof token.start !== 'string' || token.start === '') {
    throw badRequestError('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)')
  }
  if (`/${token.start}`.includes('/../')) throw badRequestError(`continue key is not valid: ${token.start}`)
  return { revision: token.rv, start: token.start }
}
