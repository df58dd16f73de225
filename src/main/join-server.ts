/** How a further server gets the keys and settings of the control plane: once, with a token made for servers. */
import { X509Certificate } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Secret } from '../api/core/v1/secret.ts'
import type { ClientTls } from '../base/grpc/grpc-channel.ts'
import { writeFileWhole } from '../base/whole-file.ts'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, pathsOf } from '../cli/cluster-config.ts'
import { fileOfFlag } from '../cli/flag-values.ts'
import type { JoinToken } from '../cli/join-token.ts'
import { openServerKeys, serverKeysField, serverKeysName, sharedKeyFiles, sharedSettings } from '../cli/server-keys.ts'
import { Client } from '../client/client.ts'
import { HttpsTransport } from '../client/https-transport.ts'
import { ApiError } from '../machinery/api-error.ts'
import { bootstrapTokenNamespace } from '../machinery/bootstrap-token.ts'
import { publicKeyHash } from '../machinery/node-annotations.ts'
import { EncryptingStore, UnreadableValueError } from '../store/encryption/encrypting-store.ts'
import { openEtcdStore } from '../store/etcd/etcd-store.ts'
import { discoverCluster } from './discover-cluster.ts'
import { type Encryption, openEncryption } from './encryption.ts'
import { etcdPkiOf } from './etcd-member.ts'

/** Writes the keys; gives the settings, which the caller keeps last. Throws CliError. */
export async function joinControlPlane(
  config: ClusterConfig,
  server: string,
  token: JoinToken,
): Promise<ClusterConfig> {
  const ca = await discoverCluster(server, token)
  const sealed = await readSealed(server, ca, token)
  const { files, settings, encryptionConfig, etcdServers } = openServerKeys(sealed, token.token)
  const authority = new X509Certificate(files['ca.crt'] ?? '')
  if (publicKeyHash(authority.publicKey) !== token.caHash)
    throw new CliError('the keys in the cluster are not those of its certificate authority')
  const directory = pathsOf(config).pki
  for (const name of sharedKeyFiles) {
    const contents = files[name]
    if (contents === undefined) throw new CliError(`the cluster does not give its ${name}`)
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileWhole(path, contents, name.endsWith('.key') ? 0o600 : 0o644)
  }
  const encryption = join(config.dataDirectory, 'encryption-config.yaml')
  await checkEncryption(config, etcdServers, encryptionConfig)
  if (encryptionConfig !== undefined) writeFileWhole(encryption, encryptionConfig, 0o600)
  const shared = Object.fromEntries(
    sharedSettings.flatMap(name => (settings[name] === undefined ? [] : [[name, settings[name]]])),
  )
  return {
    ...config,
    ...shared,
    ...(encryptionConfig === undefined ? {} : { encryptionProviderConfig: encryption }),
    ...(config.etcdMember ? { etcdMember: { ...config.etcdMember, servers: etcdServers } } : {}),
  }
}

/** A server with other keys of encryption at rest would write what the others cannot read. */
async function checkEncryption(
  config: ClusterConfig,
  servers: readonly string[],
  shared: string | undefined,
): Promise<void> {
  const { encryptionProviderConfig: given } = config
  if (given && fileOfFlag('encryption-provider-config', given) !== shared)
    throw new CliError(
      `the cluster has another configuration of encryption at rest than ${given}`,
      'leave --encryption-provider-config out: a server that joins gets that of the cluster',
    )
  if (!config.etcdMember || servers.length === 0) return
  await checkSecretsCanBeRead(servers, etcdPkiOf(config).client, openEncryption(shared)).catch(error => {
    if (!(error instanceof UnreadableValueError)) throw error
    throw new CliError(
      `the keys of encryption at rest that the token brings do not open what the cluster has stored: ${error.message}`,
      'they have changed since it was made: clipper token create --server',
    )
  })
}

/** As many are looked at: whoever has changed the keys writes the Secrets anew, which is what is encrypted first of all. */
const maxSecrets = 1_000

/** Throws UnreadableValueError where one cannot. */
async function checkSecretsCanBeRead(
  servers: readonly string[],
  tls: ClientTls,
  encryption: Encryption | undefined,
): Promise<void> {
  if (!encryption) return
  const plain = await openEtcdStore({ servers, tls })
  try {
    await encryption.start()
    const store = new EncryptingStore(plain, encryption.transformerOf)
    await store.range({ start: '/registry/secrets/', end: '/registry/secrets0', limit: maxSecrets })
  } finally {
    await plain.close()
    encryption.close()
  }
}

async function readSealed(server: string, ca: string, { token }: JoinToken): Promise<string> {
  const transport = new HttpsTransport({ server, ca, token: `${token.id}.${token.secret}` })
  try {
    const secrets = new Client(transport, 'clipper').of(Secret)
    const { data } = await secrets.get(bootstrapTokenNamespace, serverKeysName(token.id))
    return Buffer.from(data?.[serverKeysField] ?? '', 'base64').toString('utf8')
  } catch (error) {
    if (error instanceof ApiError && [401, 403, 404].includes(error.code))
      throw new CliError(
        `with the token ${token.id} no server joins: ${error.message}`,
        'make one for servers: clipper token create --server',
      )
    throw error
  } finally {
    transport.close()
  }
}
