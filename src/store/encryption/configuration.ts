/** EncryptionConfiguration (apiserver.config.k8s.io/v1): which resources are encrypted, and how. */
import { cipherKinds, type Provider } from './transformer.ts'

export interface EncryptionRule {
  /** As `secrets`, `deployments.apps`, `*.apps`, `*.`, `*.*`. */
  readonly resources: readonly string[]
  readonly providers: readonly Provider[]
}

/** The document cannot be used; no secret is part of the message. */
export class EncryptionConfigurationError extends Error {}

type Json = Readonly<Record<string, unknown>>

const fail = (path: string, message: string): EncryptionConfigurationError =>
  new EncryptionConfigurationError(`${path}: ${message}`)

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function listAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw fail(path, `Required value: at least one ${path} is required`)
  return value
}

/** Takes the parsed document. Throws EncryptionConfigurationError with the path of the first fault. */
export function encryptionRules(document: unknown): EncryptionRule[] {
  if (!isObject(document)) throw fail('resources', "Required value: EncryptionConfiguration can't be nil")
  const { apiVersion, kind, resources } = document
  if (apiVersion !== 'apiserver.config.k8s.io/v1' || kind !== 'EncryptionConfiguration')
    throw fail('kind', `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`)
  return listAt(resources, 'resources').map((rule, i) => {
    const path = `resources[${i}]`
    const own = isObject(rule) ? rule : {}
    return {
      resources: listAt(own.resources, `${path}.resources`).map((name, j) =>
        resourceName(name, `${path}.resources[${j}]`),
      ),
      providers: listAt(own.providers, `${path}.providers`).map((provider, j) =>
        providerOf(provider, `${path}.providers[${j}]`),
      ),
    }
  })
}

function resourceName(name: unknown, path: string): string {
  if (typeof name !== 'string' || name === '') throw fail(path, 'Required value')
  const invalid = (why: string) => fail(path, `Invalid value: ${JSON.stringify(name)}: ${why}`)
  if (name !== name.toLowerCase()) throw invalid('resource name should not contain capital letters')
  if (name === '*')
    throw invalid("use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources")
  if (name.endsWith('.events.k8s.io'))
    throw invalid(
      "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file",
    )
  if (name.endsWith('.extensions'))
    throw invalid("'extensions' group has been removed and cannot be used for encryption")
  return name
}

function providerOf(provider: unknown, path: string): Provider {
  const set = Object.entries(isObject(provider) ? provider : {}).filter(([, value]) => value !== undefined)
  const [first, ...others] = set
  if (!first)
    throw fail(
      path,
      'Required value: provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity',
    )
  if (others.length > 0)
    throw fail(
      path,
      'Invalid value: more than one provider specified in a single element, should split into different list elements',
    )
  const [cipher, options] = first
  if (cipher === 'identity') return { is: 'identity' }
  if (cipher === 'kms') throw fail(`${path}.kms`, 'KMS plugins are not supported yet; use aesgcm, aescbc or secretbox')
  const kind = Object.hasOwn(cipherKinds, cipher) ? cipherKinds[cipher] : undefined
  if (!kind) throw fail(path, `unknown field ${JSON.stringify(cipher)}`)
  const keys = listAt(isObject(options) ? options.keys : undefined, `${path}.${cipher}.keys`)
  return {
    is: 'cipher',
    cipher,
    keys: keys.map((key, i) => keyOf(key, `${path}.${cipher}.keys[${i}]`, kind.keySizes)),
  }
}

function keyOf(key: unknown, path: string, sizes: readonly number[]): { name: string; secret: Uint8Array } {
  const { name, secret } = isObject(key) ? key : {}
  if (typeof name !== 'string' || name === '')
    throw fail(`${path}.name`, 'Required value: name is a mandatory field for a key')
  if (typeof secret !== 'string' || secret === '')
    throw fail(`${path}.secret`, 'Required value: secret is a mandatory field for a key')
  const redacted = (why: string) => fail(`${path}.secret`, `Invalid value: "REDACTED": ${why}`)
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(secret))
    throw redacted('secrets must be base64 encoded')
  const bytes = Buffer.from(secret, 'base64')
  if (!sizes.includes(bytes.length))
    throw redacted(`secret is not of the expected length, got ${bytes.length}, expected one of [${sizes.join(' ')}]`)
  return { name, secret: bytes }
}

/** The first rule for a resource, as `secrets` or `deployments.apps`. */
export function ruleFor(rules: readonly EncryptionRule[], resource: string): EncryptionRule | undefined {
  const dot = resource.indexOf('.')
  const group = dot < 0 ? '' : resource.slice(dot + 1)
  const names = new Set([resource, `*.${group}`, '*.*'])
  return rules.find(({ resources }) => resources.some(name => names.has(name)))
}
