/** kubeconfig files: read, choose a context, merge (documentation: "Organizing Cluster Access Using kubeconfig Files"). */
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { HttpsTransportOptions } from './https-transport.ts'

export interface KubeconfigCluster {
  readonly server: string
  readonly 'certificate-authority'?: string
  readonly 'certificate-authority-data'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
  readonly 'tls-server-name'?: string
}

export interface KubeconfigUser {
  readonly 'client-certificate'?: string
  readonly 'client-certificate-data'?: string
  readonly 'client-key'?: string
  readonly 'client-key-data'?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly as?: string
  readonly 'as-groups'?: readonly string[]
  readonly username?: string
  readonly password?: string
  readonly exec?: unknown
  readonly 'auth-provider'?: unknown
}

export interface KubeconfigContext {
  readonly cluster: string
  readonly user: string
  readonly namespace?: string
}

export interface Kubeconfig {
  readonly apiVersion: 'v1'
  readonly kind: 'Config'
  readonly clusters: readonly { readonly name: string; readonly cluster: KubeconfigCluster }[]
  readonly users: readonly { readonly name: string; readonly user: KubeconfigUser }[]
  readonly contexts: readonly { readonly name: string; readonly context: KubeconfigContext }[]
  readonly 'current-context': string
}

/** A file is at most so long; a larger one is no kubeconfig. */
const maxFileBytes = 4 * 1024 * 1024

/** A kubeconfig of one cluster, user and context, all of the same name. */
export function singleKubeconfig(name: string, cluster: KubeconfigCluster, user: KubeconfigUser): Kubeconfig {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  }
}

/** Throws an Error that names what is wrong; never quotes the content, which holds secrets. */
export function parseKubeconfig(text: string, source = 'kubeconfig'): Kubeconfig {
  if (text.length > maxFileBytes) throw new Error(`${source}: longer than ${maxFileBytes} bytes`)
  let value: unknown
  try {
    value = parse(text)
  } catch {
    throw new Error(`${source}: not valid YAML`)
  }
  if (value === null || value === undefined) value = {}
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`${source}: not a kubeconfig`)
  const given = value as Partial<Record<keyof Kubeconfig, unknown>>
  if (given.kind !== undefined && given.kind !== 'Config') throw new Error(`${source}: its kind is not Config`)
  return {
    ...given,
    apiVersion: 'v1',
    kind: 'Config',
    clusters: namedEntries(given.clusters, 'cluster', source) as Kubeconfig['clusters'],
    users: namedEntries(given.users, 'user', source) as Kubeconfig['users'],
    contexts: namedEntries(given.contexts, 'context', source) as Kubeconfig['contexts'],
    'current-context': typeof given['current-context'] === 'string' ? given['current-context'] : '',
  }
}

function namedEntries(value: unknown, member: string, source: string): unknown[] {
  if (value === null || value === undefined) return []
  const isEntry = (entry: unknown): boolean =>
    typeof entry === 'object' && entry !== null && 'name' in entry && typeof entry.name === 'string' && member in entry
  if (!Array.isArray(value) || !value.every(isEntry))
    throw new Error(`${source}: ${member}s is not a list of named ${member}s`)
  return value
}

export const formatKubeconfig = (config: Kubeconfig): string => stringify(config)

/** Relative paths in a kubeconfig are relative to its file. */
export async function readKubeconfig(path: string): Promise<Kubeconfig> {
  const config = parseKubeconfig(await readFile(path, 'utf8'), path)
  const resolve = <T extends object>(entry: T, ...names: (keyof T)[]): T => {
    const made = { ...entry }
    for (const name of names) {
      const value = made[name]
      if (typeof value === 'string' && value !== '' && !isAbsolute(value))
        made[name] = join(dirname(path), value) as T[keyof T]
    }
    return made
  }
  return {
    ...config,
    clusters: config.clusters.map(one => ({ ...one, cluster: resolve(one.cluster ?? {}, 'certificate-authority') })),
    users: config.users.map(one => ({
      ...one,
      user: resolve(one.user ?? {}, 'client-certificate', 'client-key', 'tokenFile'),
    })),
  }
}

/** The files that kubectl reads: those of `KUBECONFIG`, else `~/.kube/config`. */
export function kubeconfigPaths(environment: NodeJS.ProcessEnv = process.env): string[] {
  const named = (environment.KUBECONFIG ?? '').split(delimiter).filter(path => path !== '')
  return named.length > 0 ? named : [join(environment.HOME ?? homedir(), '.kube', 'config')]
}

/** Entries of `more` replace those of the same name, the others stay; the current context is `more`'s if it has one. */
export function mergeKubeconfig(base: Kubeconfig, more: Kubeconfig): Kubeconfig {
  const merge = <T extends { readonly name: string }>(old: readonly T[], added: readonly T[]): T[] => [
    ...old.map(one => added.find(other => other.name === one.name) ?? one),
    ...added.filter(one => !old.some(other => other.name === one.name)),
  ]
  return {
    ...base,
    clusters: merge(base.clusters, more.clusters),
    users: merge(base.users, more.users),
    contexts: merge(base.contexts, more.contexts),
    'current-context': more['current-context'] || base['current-context'],
  }
}

/** Without the cluster, user and context of a name. The current context is unset if it was that one. */
export function withoutContext(config: Kubeconfig, name: string): Kubeconfig {
  const others = <T extends { readonly name: string }>(all: readonly T[]): T[] => all.filter(one => one.name !== name)
  return {
    ...config,
    clusters: others(config.clusters),
    users: others(config.users),
    contexts: others(config.contexts),
    'current-context': config['current-context'] === name ? '' : config['current-context'],
  }
}

/** Writes the whole file at once, readable by its owner alone. */
export async function writeKubeconfig(path: string, config: Kubeconfig): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(formatKubeconfig(config))
      await file.sync()
    } finally {
      await file.close()
    }
    await chmod(temporary, 0o600)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * Changes a user's kubeconfig file, which may not exist, under the lock that kubectl takes (`<file>.lock`), so that no
 * change of another program is lost.
 */
export async function changeKubeconfig(path: string, change: (config: Kubeconfig) => Kubeconfig): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const lock = `${path}.lock`
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(lock, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Error(`${path} is being changed by another program (if not, remove ${lock})`)
  }
  try {
    const text = await readFile(path, 'utf8').catch(error => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    await writeKubeconfig(path, change(parseKubeconfig(text, path)))
  } finally {
    await file.close()
    await rm(lock, { force: true })
  }
}

/** Puts a cluster's entries into the user's kubeconfig file and makes its context the current one. */
export const mergeIntoFile = (path: string, config: Kubeconfig): Promise<void> =>
  changeKubeconfig(path, old => mergeKubeconfig(old, config))

/** What a transport needs for a context; the current one where `contextName` is absent. */
export async function transportOptionsOf(config: Kubeconfig, contextName?: string): Promise<HttpsTransportOptions> {
  const wanted = contextName ?? config['current-context']
  if (wanted === '') throw new Error('the kubeconfig has no current context')
  const context = config.contexts.find(one => one.name === wanted)?.context
  if (!context) throw new Error(`context "${wanted}" does not exist`)
  const cluster = config.clusters.find(one => one.name === context.cluster)?.cluster
  if (!cluster) throw new Error(`cluster "${context.cluster}" does not exist`)
  const user = config.users.find(one => one.name === context.user)?.user ?? {}
  for (const unsupported of ['exec', 'auth-provider', 'username'] as const) {
    if (user[unsupported] !== undefined) throw new Error(`user "${context.user}": "${unsupported}" is not supported`)
  }
  const ca = await contentOf(cluster['certificate-authority-data'], cluster['certificate-authority'])
  const certificate = await contentOf(user['client-certificate-data'], user['client-certificate'])
  const key = await contentOf(user['client-key-data'], user['client-key'])
  return {
    server: cluster.server,
    ...(ca === undefined ? {} : { ca }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecureSkipTlsVerify: true } : {}),
    ...(cluster['tls-server-name'] === undefined ? {} : { serverName: cluster['tls-server-name'] }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(user.token === undefined ? {} : { token: user.token }),
    ...(user.tokenFile === undefined ? {} : { tokenFile: user.tokenFile }),
    ...(user.as === undefined ? {} : { headers: { 'impersonate-user': user.as } }),
  }
}

/** Data goes before the file, as with kubectl. */
async function contentOf(data: string | undefined, path: string | undefined): Promise<string | undefined> {
  if (data) return Buffer.from(data, 'base64').toString('utf8')
  return path ? readFile(path, 'utf8') : undefined
}
