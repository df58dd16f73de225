/** The store that a cluster's settings name: an etcd cluster, else the embedded one in its data directory. */
import { readFileSync } from 'node:fs'
import type { HealthCheck } from '../apiserver/endpoints/health.ts'
import { resourceOfKey } from '../apiserver/registry/stored-keys.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, pathsOf } from '../cli/cluster-config.ts'
import { parseYamlDocument } from '../schema/yaml.ts'
import { openEmbeddedStore } from '../store/embedded/embedded-store.ts'
import { type EncryptionRule, encryptionRules, ruleFor } from '../store/encryption/configuration.ts'
import { EncryptingStore, type TransformerOf } from '../store/encryption/encrypting-store.ts'
import { connectKmsPlugin } from '../store/encryption/kms-plugin.ts'
import { KmsProvider } from '../store/encryption/kms-provider.ts'
import { Transformer } from '../store/encryption/transformer.ts'
import { openEtcdStore } from '../store/etcd/etcd-store.ts'
import type { Store } from '../store/store.ts'

function read(flag: string, file: string | undefined): string | undefined {
  if (file === undefined || file === '') return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CliError(`--${flag}: ${(error as Error).message}`)
  }
}

export interface OpenedStore {
  readonly store: Store
  readonly healthChecks: readonly HealthCheck[]
  /** The store, and what it needs besides. */
  close(): Promise<void>
}

/** Throws CliError where etcd cannot be used, or what is to be encrypted is not said rightly. */
export async function openStore(config: ClusterConfig): Promise<OpenedStore> {
  const rules = rulesOf(config)
  const store = await openPlainStore(config)
  if (rules === undefined) return { store, healthChecks: [], close: () => store.close() }
  const plugins = kmsProviders(rules)
  await Promise.all([...plugins.values()].map(plugin => plugin.start()))
  const encrypting = new EncryptingStore(store, transformersOf(rules, plugins))
  return {
    store: encrypting,
    healthChecks: plugins.size === 0 ? [] : [kmsCheck([...plugins.values()])],
    async close() {
      await encrypting.close()
      for (const plugin of plugins.values()) plugin.close()
    },
  }
}

function kmsProviders(rules: readonly EncryptionRule[]): Map<string, KmsProvider> {
  const plugins = new Map<string, KmsProvider>()
  const log = loggerOf('kms')
  for (const provider of rules.flatMap(rule => rule.providers)) {
    if (provider.is !== 'kms') continue
    const { name, socketPath, timeoutMs } = provider
    plugins.set(
      name,
      new KmsProvider({ name, plugin: connectKmsPlugin(socketPath, timeoutMs), clock: systemClock, log }),
    )
  }
  return plugins
}

/** One check for all of them, as kube-apiserver has it for KMS v2. */
const kmsCheck = (plugins: readonly KmsProvider[]): HealthCheck => ({
  name: 'kms-providers',
  in: ['livez', 'readyz'],
  async check() {
    const outcomes = await Promise.allSettled(plugins.map(plugin => plugin.check()))
    const failed = outcomes.flatMap(({ status, reason }: { status: string; reason?: Error }) =>
      status === 'rejected' && reason ? [reason.message] : [],
    )
    if (failed.length > 0) throw new Error(failed.length === 1 ? failed[0] : `[${failed.join(', ')}]`)
  },
})

/** Each rule has one transformer; which one a key has is found once for its first two segments. */
function transformersOf(rules: readonly EncryptionRule[], plugins: ReadonlyMap<string, KmsProvider>): TransformerOf {
  const transformers = new Map(rules.map(rule => [rule, new Transformer(rule.providers, plugins)]))
  return key => {
    const resource = resourceOfKey(key)
    const rule = resource === undefined ? undefined : ruleFor(rules, resource)
    return rule && transformers.get(rule)
  }
}

function rulesOf({ encryptionProviderConfig }: ClusterConfig): EncryptionRule[] | undefined {
  const text = read('encryption-provider-config', encryptionProviderConfig)
  if (text === undefined) return undefined
  try {
    return encryptionRules(parseYamlDocument(text))
  } catch (error) {
    throw new CliError(`--encryption-provider-config: ${(error as Error).message}`)
  }
}

async function openPlainStore(config: ClusterConfig): Promise<Store> {
  const { etcdServers = [] } = config
  if (etcdServers.length === 0) return openEmbeddedStore({ directory: pathsOf(config).store })
  const ca = read('etcd-cafile', config.etcdCafile)
  const cert = read('etcd-certfile', config.etcdCertfile)
  const key = read('etcd-keyfile', config.etcdKeyfile)
  if ((cert === undefined) !== (key === undefined)) throw new CliError('--etcd-certfile and --etcd-keyfile go together')
  const tls = { ...(ca === undefined ? {} : { ca }), ...(cert === undefined || key === undefined ? {} : { cert, key }) }
  return openEtcdStore({ servers: etcdServers, tls }).catch(error => {
    throw new CliError(`cannot use etcd at ${etcdServers.join(', ')}: ${(error as Error).message}`)
  })
}
