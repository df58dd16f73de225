/** EncryptionConfiguration (apiserver.config.k8s.io/v1): which resources are encrypted, and how. */
import { parseDuration } from '../../schema/go-duration.ts'
import { cipherKinds } from './ciphers.ts'
import type { Provider } from './transformer.ts'

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
  const kmsNames = new Set<string>()
  return listAt(resources, 'resources').map((rule, i) => {
    const path = `resources[${i}]`
    const own = isObject(rule) ? rule : {}
    return {
      resources: listAt(own.resources, `${path}.resources`).map((name, j) =>
        resourceName(name, `${path}.resources[${j}]`),
      ),
      providers: listAt(own.providers, `${path}.providers`).map((provider, j) =>
        providerOf(provider, `${path}.providers[${j}]`, kmsNames),
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

function providerOf(provider: unknown, path: string, kmsNames: Set<string>): Provider {
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
  if (cipher === 'kms') return kmsOf(options, `${path}.kms`, kmsNames)
  const kind = Object.hasOwn(cipherKinds, cipher) ? cipherKinds[cipher] : undefined
  if (!kind) throw fail(path, `unknown field ${JSON.stringify(cipher)}`)
  const keys = listAt(isObject(options) ? options.keys : undefined, `${path}.${cipher}.keys`)
  return {
    is: 'cipher',
    cipher,
    keys: keys.map((key, i) => keyOf(key, `${path}.${cipher}.keys[${i}]`, kind.keySizes)),
  }
}

/** Only KMS v2: kube-apiserver has v1 switched off too. */
function kmsOf(options: unknown, path: string, names: Set<string>): Provider {
  const { apiVersion = 'v1', name, endpoint, timeout = '3s', cachesize } = isObject(options) ? options : {}
  const invalid = (field: string, value: unknown, why: string) =>
    fail(`${path}.${field}`, `Invalid value: ${JSON.stringify(value)}: ${why}`)
  if (typeof name !== 'string' || name === '')
    throw fail(`${path}.name`, 'Required value: name is a mandatory field for a provider')
  if (apiVersion === 'v1')
    throw fail(
      path,
      'KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead: set apiVersion to v2',
    )
  if (apiVersion !== 'v2')
    throw invalid(
      'apiVersion',
      apiVersion,
      'unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported',
    )
  if (name.includes(':')) throw invalid('name', name, `invalid KMS provider name ${name}, must not contain ':'`)
  if (names.has(name)) throw invalid('name', name, `duplicate KMS provider name ${name}, names must be unique`)
  names.add(name)
  if (cachesize !== undefined) throw invalid('cachesize', cachesize, 'cachesize is not supported in v2')
  if (typeof endpoint !== 'string' || endpoint === '')
    throw invalid('endpoint', '', 'endpoint is a mandatory field for a kms')
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url?.protocol !== 'unix:')
    throw invalid(
      'endpoint',
      endpoint,
      `unsupported scheme ${JSON.stringify(url?.protocol.slice(0, -1) ?? '')} for KMS provider, only unix is supported`,
    )
  const socketPath = decodeURIComponent(url.pathname).replace(/^\/@/, '@')
  return { is: 'kms', name, socketPath, timeoutMs: timeoutOf(timeout, value => invalid('timeout', timeout, value)) }
}

function timeoutOf(timeout: unknown, invalid: (why: string) => Error): number {
  let nanos = 0n
  try {
    nanos = parseDuration(String(timeout))
  } catch (error) {
    throw invalid((error as Error).message)
  }
  if (nanos <= 0n) throw invalid('timeout should be a positive value')
  return Math.max(1, Number(nanos / 1_000_000n))
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
