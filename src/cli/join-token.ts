/**
 * What a machine joins with: a bootstrap token, and before it the hash of the public key of the cluster's authority, as
 * kubeadm pins it. So the machine knows the cluster and the cluster the machine.
 */
import { readFileSync } from 'node:fs'
import { type BootstrapToken, parseBootstrapToken } from '../machinery/bootstrap-token.ts'
import { CliError } from './cli-error.ts'

export interface JoinToken {
  /** SHA-256 of the authority's public key, 64 hexadecimal digits. */
  readonly caHash: string
  readonly token: BootstrapToken
}

export const formatJoinToken = ({ caHash, token }: JoinToken): string => `${caHash}::${token.id}.${token.secret}`

/** Arguments are seen by every user of the machine, a file only by those who may read it. */
export interface TokenFlags {
  readonly token?: string | undefined
  readonly tokenFile?: string | undefined
}

/** Throws CliError. */
export function joinTokenOf({ token, tokenFile }: TokenFlags): JoinToken | undefined {
  if (token !== undefined && tokenFile !== undefined) throw new CliError('give either --token or --token-file')
  if (token !== undefined) return parseJoinToken(token)
  if (tokenFile === undefined) return undefined
  let text: string
  try {
    text = readFileSync(tokenFile, 'utf8')
  } catch (error) {
    throw new CliError(`cannot read ${tokenFile}: ${(error as Error).message}`)
  }
  return parseJoinToken(text)
}

/** Throws CliError; never quotes the token. */
export function parseJoinToken(text: string): JoinToken {
  const [caHash = '', rest, ...more] = text.trim().split('::')
  const token = parseBootstrapToken(rest ?? caHash)
  const next = 'make one on the server: clipper token create'
  if (rest === undefined && token)
    throw new CliError("the token does not say which authority is the cluster's (HASH::ID.SECRET)", next)
  if (!token || more.length > 0 || !/^[0-9a-f]{64}$/.test(caHash))
    throw new CliError('this is no token: it looks like HASH::ID.SECRET', next)
  return { caHash, token }
}
