/** `clipper token`: what machines join with (Kubernetes documentation, "Authenticating with Bootstrap Tokens"). */
import { randomInt, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { Secret } from '../api/core/v1/secret.ts'
import { Role } from '../api/rbac/v1/role.ts'
import { RoleBinding } from '../api/rbac/v1/role-binding.ts'
import { Client } from '../client/client.ts'
import { timeOf } from '../client/timestamps.ts'
import { isNotFound } from '../machinery/api-error.ts'
import {
  bootstrapTokenNamespace,
  bootstrapTokenType,
  bootstrapUserPrefix,
  joiningNodesGroup,
  joiningServersGroup,
  parseBootstrapToken,
  secretNameOf,
  tokenExpiryMs,
  tokenField,
} from '../machinery/bootstrap-token.ts'
import { publicKeyHash } from '../machinery/node-annotations.ts'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, pathsOf } from './cluster-config.ts'
import { adminTransport } from './cluster-state.ts'
import { formatJoinToken } from './join-token.ts'
import { readServerKeys, sealServerKeys, serverKeysField, serverKeysName, serverKeysType } from './server-keys.ts'

export interface TokenSettings {
  /** For servers, not for nodes. */
  readonly forServer: boolean
  readonly ttlMs: number
  readonly description: string
}

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
export const defaultTtlMs = 24 * 3_600_000

/** `24h`, `30m`; 0: without end. */
export function parseTtl(text: string): number {
  if (text === '0') return 0
  const [, number, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? []
  const ms = Number(number) * (units[unit] ?? Number.NaN)
  if (!(ms > 0)) throw new InvalidArgumentError('a time looks like 30m, 24h or 7d; 0 is without end.')
  return ms
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
const letters = (count: number) => Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join('')

async function withAdmin<T>(config: ClusterConfig, use: (client: Client) => Promise<T>): Promise<T> {
  if (!existsSync(pathsOf(config).adminKubeconfig))
    throw new CliError(
      `${config.dataDirectory} has no administrator's access: tokens are made on a server`,
      'run it where the cluster was started',
    )
  const transport = await adminTransport(config)
  try {
    return await use(new Client(transport, 'clipper'))
  } finally {
    transport.close()
  }
}

const authorityHash = (config: ClusterConfig): string =>
  publicKeyHash(new X509Certificate(readFileSync(join(pathsOf(config).pki, 'ca.crt'))).publicKey)

/** The token with which nodes, or servers, join, whole. */
export function createToken(config: ClusterConfig, { forServer, ttlMs, description }: TokenSettings): Promise<string> {
  const token = { id: letters(6), secret: letters(16) }
  const keys = forServer ? sealServerKeys(readServerKeys(config), token) : undefined
  const expiration = ttlMs === 0 ? {} : { expiration: timeOf(Date.now() + ttlMs) }
  return withAdmin(config, async client => {
    const made = await client.of(Secret).create(bootstrapTokenNamespace, {
      metadata: { name: secretNameOf(token.id), namespace: bootstrapTokenNamespace },
      type: bootstrapTokenType,
      stringData: {
        'token-id': token.id,
        'token-secret': token.secret,
        'usage-bootstrap-authentication': 'true',
        'usage-bootstrap-signing': 'true',
        'auth-extra-groups': forServer ? joiningServersGroup : joiningNodesGroup,
        ...(description === '' ? {} : { description }),
        ...expiration,
      },
    })
    if (keys !== undefined) await publishServerKeys(client, token.id, keys, made.metadata.uid ?? '')
    return formatJoinToken({ caHash: authorityHash(config), token })
  })
}

/** Only the token's own user may read them, and they go with the token. */
async function publishServerKeys(client: Client, tokenId: string, keys: string, tokenUid: string): Promise<void> {
  const namespace = bootstrapTokenNamespace
  const name = serverKeysName(tokenId)
  const owner = { apiVersion: 'v1', kind: 'Secret', name: secretNameOf(tokenId), uid: tokenUid }
  const metadata = { name, namespace, ownerReferences: [owner] }
  await client.of(Secret).create(namespace, { metadata, type: serverKeysType, stringData: { [serverKeysField]: keys } })
  await client.of(Role).create(namespace, {
    metadata,
    rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: [name], verbs: ['get'] }],
  })
  await client.of(RoleBinding).create(namespace, {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: `${bootstrapUserPrefix}${tokenId}` }],
  })
}

export interface ListedToken {
  readonly id: string
  /** RFC 3339; empty: without end. */
  readonly expires: string
  readonly usages: readonly string[]
  readonly groups: readonly string[]
  readonly description: string
}

/** Without the secrets. */
export function listTokens(config: ClusterConfig): Promise<ListedToken[]> {
  return withAdmin(config, async client => {
    const { items } = await client
      .of(Secret)
      .list(bootstrapTokenNamespace, { fieldSelector: `type=${bootstrapTokenType}` })
    return items.map(secret => {
      const expiryMs = tokenExpiryMs(secret)
      const usages = ['authentication', 'signing'].filter(
        usage => tokenField(secret, `usage-bootstrap-${usage}`) === 'true',
      )
      return {
        id: tokenField(secret, 'token-id'),
        expires: Number.isFinite(expiryMs) ? timeOf(expiryMs) : '',
        usages,
        groups: tokenField(secret, 'auth-extra-groups').split(',').filter(Boolean),
        description: tokenField(secret, 'description'),
      }
    })
  })
}

/** `text`: an id, or a token with its secret, or as it was printed. */
export function deleteToken(config: ClusterConfig, text: string): Promise<void> {
  const plain = text.split('::').at(-1) ?? ''
  const id = parseBootstrapToken(plain)?.id ?? plain
  if (!/^[a-z0-9]{6}$/.test(id))
    throw new CliError('this is neither a token nor the id of one', 'see: clipper token list')
  return withAdmin(config, async client => {
    try {
      await client.of(Secret).delete(bootstrapTokenNamespace, secretNameOf(id))
    } catch (error) {
      if (!isNotFound(error)) throw error
      throw new CliError(`there is no token ${id}`, 'see: clipper token list')
    }
  })
}

export interface TokenCommandOptions {
  /** Adds the flags that say which cluster. */
  readonly withCluster: (command: Command) => Command
  readonly configOf: (flags: Record<string, unknown>) => ClusterConfig
  readonly print: (line: string) => void
}

interface CreateFlags {
  readonly ttl: number
  readonly description: string
  readonly server: boolean
}

export function addTokenCommand(program: Command, { withCluster, configOf, print }: TokenCommandOptions): void {
  const command = program
    .command('token')
    .description('what machines join with: clipper agent --token …, clipper server --token …')
  withCluster(command.command('create').description('make a token and print it'))
    .option(
      '--ttl <time>',
      'how long machines may join with it, as 30m, 24h, 7d; 0: without end',
      parseTtl,
      defaultTtlMs,
    )
    .option('--description <text>', 'what it is for', '')
    .option('--server', 'for a further server: clipper server --server … --token …', false)
    .action(async ({ ttl: ttlMs, description, server: forServer, ...flags }: CreateFlags) =>
      print(await createToken(configOf({ ...flags }), { ttlMs, description, forServer })),
    )
  withCluster(command.command('list').description('show the tokens, without their secrets'))
    .addOption(new Option('-o, --output <format>', 'as JSON').choices(['json']))
    .action(async (flags: { output?: string }) => {
      const tokens = await listTokens(configOf({ ...flags }))
      if (flags.output === 'json') return print(JSON.stringify(tokens, null, 2))
      const rows = tokens.map(({ id, expires, usages, groups, description }) => [
        id,
        expires || '<never>',
        usages.join(','),
        groups.join(','),
        description || '<none>',
      ])
      printTable(['ID', 'EXPIRES', 'USAGES', 'GROUPS', 'DESCRIPTION'], rows, print)
    })
  withCluster(command.command('delete').description('take a token back; machines that have joined stay'))
    .argument('<token>', 'the token or its id')
    .action(async (token: string, flags: object) => deleteToken(configOf({ ...flags }), token))
}

function printTable(header: readonly string[], rows: readonly (readonly string[])[], print: (line: string) => void) {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  for (const row of all)
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
}
