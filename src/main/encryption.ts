/** Encryption at rest as an EncryptionConfiguration says it. */
import type { HealthCheck } from '../apiserver/endpoints/health.ts'
import { resourceOfKey } from '../apiserver/registry/stored-keys.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { CliError } from '../cli/cli-error.ts'
import { parseYamlDocument } from '../schema/yaml.ts'
import { type EncryptionRule, encryptionRules, ruleFor } from '../store/encryption/configuration.ts'
import type { TransformerOf } from '../store/encryption/encrypting-store.ts'
import { connectKmsPlugin } from '../store/encryption/kms-plugin.ts'
import { KmsProvider } from '../store/encryption/kms-provider.ts'
import { Transformer } from '../store/encryption/transformer.ts'

export interface Encryption {
  readonly transformerOf: TransformerOf
  readonly healthChecks: readonly HealthCheck[]
  /** Asks every plugin once; one that does not answer is asked again later. */
  start(): Promise<void>
  close(): void
}

/** `text`: the configuration; undefined where nothing is encrypted. Throws CliError. */
export function openEncryption(text: string): Encryption
export function openEncryption(text: string | undefined): Encryption | undefined
export function openEncryption(text: string | undefined): Encryption | undefined {
  if (text === undefined) return undefined
  let rules: EncryptionRule[]
  try {
    rules = encryptionRules(parseYamlDocument(text))
  } catch (error) {
    throw new CliError(`--encryption-provider-config: ${(error as Error).message}`)
  }
  const byName = kmsProviders(rules)
  const plugins = [...byName.values()]
  return {
    transformerOf: transformersOf(rules, byName),
    healthChecks: plugins.length === 0 ? [] : [kmsCheck(plugins)],
    async start() {
      await Promise.all(plugins.map(plugin => plugin.start()))
    },
    close() {
      for (const plugin of plugins) plugin.close()
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

export const kmsCheckName = 'kms-providers'

/** One check for all of them, as kube-apiserver has it for KMS v2. */
const kmsCheck = (plugins: readonly KmsProvider[]): HealthCheck => ({
  name: kmsCheckName,
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
