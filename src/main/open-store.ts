/** The store that a cluster's settings name: an etcd cluster, else the embedded one in its data directory. */
import { readFileSync } from 'node:fs'
import { resourceOfKey } from '../apiserver/registry/stored-keys.ts'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, pathsOf } from '../cli/cluster-config.ts'
import { parseYamlDocument } from '../schema/yaml.ts'
import { openEmbeddedStore } from '../store/embedded/embedded-store.ts'
import { encryptionRules, ruleFor } from '../store/encryption/configuration.ts'
import { EncryptingStore, type TransformerOf } from '../store/encryption/encrypting-store.ts'
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

/** Throws CliError where etcd cannot be used, or what is to be encrypted is not said rightly. */
export async function openStore(config: ClusterConfig): Promise<Store> {
  const transformerOf = encryption(config)
  const store = await openPlainStore(config)
  return transformerOf ? new EncryptingStore(store, transformerOf) : store
}

/** Each rule has one transformer; which one a key has is found once for its first two segments. */
function encryption({ encryptionProviderConfig }: ClusterConfig): TransformerOf | undefined {
  const text = read('encryption-provider-config', encryptionProviderConfig)
  if (text === undefined) return undefined
  try {
    const rules = encryptionRules(parseYamlDocument(text))
    const transformers = new Map(rules.map(rule => [rule, new Transformer(rule.providers)]))
    return key => {
      const resource = resourceOfKey(key)
      const rule = resource === undefined ? undefined : ruleFor(rules, resource)
      return rule && transformers.get(rule)
    }
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
