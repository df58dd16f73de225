/**
 * What a further server of a control plane must have: the keys of the cluster's authorities and of service accounts. They
 * travel in a Secret, encrypted by the secret of the token with which the server joins (as kubeadm's `kubeadm-certs`).
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BootstrapToken } from '../machinery/bootstrap-token.ts'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, pathsOf } from './cluster-config.ts'

/** Below `pki/`. */
export const sharedKeyFiles = [
  'ca.crt',
  'ca.key',
  'front-proxy-ca.crt',
  'front-proxy-ca.key',
  'sa.key',
  'etcd/ca.crt',
  'etcd/ca.key',
] as const

/** What is the same on all servers. */
export const sharedSettings = [
  'apiPort',
  'clusterCidr',
  'serviceCidr',
  'nodePortRange',
  'clusterDomain',
  'dnsPort',
  'podNetwork',
  'vxlanPort',
  'nodeCidrMaskSize',
  'featureGates',
  'enableAdmissionPlugins',
  'disableAdmissionPlugins',
] as const satisfies readonly (keyof ClusterConfig)[]

export interface ServerKeys {
  /** PEM by name of file. */
  readonly files: Readonly<Record<string, string>>
  readonly encryptionConfig?: string
  readonly settings: Partial<ClusterConfig>
  /** URLs of clients of the etcd members. */
  readonly etcdServers: readonly string[]
}

export const serverKeysType = 'clipper.dev/server-keys'
export const serverKeysField = 'keys'
export const serverKeysName = (tokenId: string): string => `clipper-server-keys-${tokenId}`

/** scrypt's cost: 32 MiB and about 0.1 s, on top of the 82 bits of a token's secret. */
const cost = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const version = 1

const keyOf = ({ secret }: BootstrapToken, salt: Buffer): Buffer => scryptSync(secret, salt, 32, cost)
const boundTo = ({ id }: BootstrapToken): Buffer => Buffer.from(`clipper-server-keys/${version}/${id}`)

export function sealServerKeys(keys: ServerKeys, token: BootstrapToken): string {
  const salt = randomBytes(16)
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(token, salt), iv)
  cipher.setAAD(boundTo(token))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(keys), 'utf8'), cipher.final()])
  const [saltText, ivText, tag, text] = [salt, iv, cipher.getAuthTag(), sealed].map(bytes => bytes.toString('base64'))
  return JSON.stringify({ version, salt: saltText, iv: ivText, tag, text })
}

/** Throws CliError where it was made for another token, or changed. */
export function openServerKeys(sealed: string, token: BootstrapToken): ServerKeys {
  try {
    const parsed = JSON.parse(sealed) as Record<string, unknown>
    const bytes = (name: string) => Buffer.from(String(parsed[name]), 'base64')
    if (parsed.version !== version) throw new Error('unknown version')
    const decipher = createDecipheriv('aes-256-gcm', keyOf(token, bytes('salt')), bytes('iv'), { authTagLength: 16 })
    decipher.setAAD(boundTo(token))
    decipher.setAuthTag(bytes('tag'))
    return JSON.parse(Buffer.concat([decipher.update(bytes('text')), decipher.final()]).toString('utf8')) as ServerKeys
  } catch {
    // The reason may hold parts of the keys.
    throw new CliError('the keys of the cluster cannot be opened with this token', 'clipper token create --server')
  }
}

/** The keys of a server's data directory. Throws CliError where it is no member of a control plane that others may join. */
export function readServerKeys(config: ClusterConfig): ServerKeys {
  const { etcdMember, nodeAddress, encryptionProviderConfig } = config
  if (!etcdMember)
    throw new CliError(
      'this control plane cannot have further servers: its store is not an etcd cluster of its own',
      'begin one with: clipper server --cluster-init',
    )
  const { pki } = pathsOf(config)
  return {
    files: Object.fromEntries(sharedKeyFiles.map(name => [name, readFileSync(join(pki, name), 'utf8')])),
    ...(encryptionProviderConfig ? { encryptionConfig: readFileSync(encryptionProviderConfig, 'utf8') } : {}),
    settings: Object.fromEntries(
      sharedSettings.flatMap(name => (config[name] === undefined ? [] : [[name, config[name]]])),
    ),
    etcdServers: [`https://${nodeAddress}:${etcdMember.clientPort}`, ...etcdMember.servers],
  }
}
