/**
 * Encryption by a KMS plugin. The plugin is asked for a new seed when it names another key, not for every write; reads ask
 * it once for every seed that they meet. While it is out of reach, writes go on for three minutes, reads as long as their
 * seeds are known.
 */
import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { type Cipher, DecryptionError } from './ciphers.ts'
import {
  cipherOf,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  faultOfKeyId,
  faultOfSecret,
  nameOfSecret,
  SecretKind,
  seedBytes,
} from './kms-envelope.ts'
import type { KmsPlugin, SealedSecret, StatusResponse } from './kms-plugin.ts'

/** The times of kube-apiserver. */
const probeIntervalMs = 60_000
const probeRetryMs = 10_000
const writeTtlMs = 3 * 60_000
const healthyTtlMs = 20_000
const unhealthyTtlMs = 3000
/** Secrets kept after they were read; of more, those used last. */
const maxSecrets = 1000

/** A value waits for its secret: try again when `known` has resolved; it rejects with a DecryptionError. */
export class SecretNeededError extends Error {
  readonly known: Promise<void>
  constructor(known: Promise<void>) {
    super('the plugin is asked for the key')
    this.known = known
  }
}

interface WriteState {
  readonly secret: SealedSecret
  readonly cipher: Cipher
  expiresAtMs: number
}

export interface KmsProviderOptions {
  readonly name: string
  readonly plugin: KmsPlugin
  readonly clock: Clock
  readonly log: Logger
}

export class KmsProvider implements Cipher {
  readonly #options: KmsProviderOptions
  #state: WriteState | undefined
  #version: string | undefined
  readonly #ciphers = new Map<string, Cipher>()
  readonly #asking = new Map<string, Promise<void>>()
  #lastCheck: { readonly error: Error | undefined; readonly validUntilMs: number } | undefined
  #timer: Timer | undefined
  #closed = false

  constructor(options: KmsProviderOptions) {
    this.#options = options
  }

  /** Resolves after the first probe, also where it failed: the plugin may start later. */
  async start(): Promise<void> {
    const failure = await this.#probe()
    if (this.#closed) return
    const { clock } = this.#options
    this.#timer = clock.after(failure ? probeRetryMs : probeIntervalMs, () => void this.start())
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#options.plugin.close()
  }

  /** For `/livez`: rejects with the reason. */
  async check(): Promise<void> {
    const last = this.#lastCheck
    const isRecent = last !== undefined && this.#options.clock.now() < last.validUntilMs
    const error = isRecent ? last.error : await this.#probe()
    if (error) throw error
  }

  seal(plain: Uint8Array, context: string): Buffer {
    const state = this.#state
    if (state === undefined)
      throw new Error(`the KMS plugin ${this.#options.name} has given no key yet: nothing can be encrypted`)
    if (this.#options.clock.now() > state.expiresAtMs)
      throw new Error(`the key of the KMS plugin ${this.#options.name} expired, for the plugin no longer answers`)
    const data = state.cipher.seal(plain, context)
    return Buffer.from(encodeEnvelope({ data, secret: state.secret, kind: SecretKind.seed }))
  }

  /** Throws DecryptionError or SecretNeededError. */
  open(sealed: Uint8Array, context: string): Buffer {
    const envelope = decodeEnvelope(sealed)
    const name = nameOfSecret(envelope.secret, envelope.kind)
    const cipher = this.#ciphers.get(name)
    if (cipher === undefined) throw new SecretNeededError(this.#ask(name, envelope))
    // The least recently used one stays in front.
    this.#ciphers.delete(name)
    this.#ciphers.set(name, cipher)
    return cipher.open(envelope.data, context)
  }

  isOutdated(sealed: Uint8Array): boolean {
    const { secret, kind } = decodeEnvelope(sealed)
    return secret.keyId !== this.#state?.secret.keyId || kind !== SecretKind.seed
  }

  #ask(name: string, { secret, kind }: Envelope): Promise<void> {
    const known = this.#asking.get(name)
    if (known) return known
    const asked = this.#options.plugin
      .decrypt(secret)
      .then(
        plain => this.#keep(name, cipherOf(plain, kind)),
        error => {
          throw new DecryptionError(`failed to decrypt DEK, error: ${(error as Error).message}`)
        },
      )
      .finally(() => this.#asking.delete(name))
    asked.catch(() => {})
    this.#asking.set(name, asked)
    return asked
  }

  #keep(name: string, cipher: Cipher): void {
    this.#ciphers.set(name, cipher)
    if (this.#ciphers.size > maxSecrets) this.#ciphers.delete(this.#ciphers.keys().next().value!)
  }

  async #probe(): Promise<Error | undefined> {
    const { name, plugin, clock, log } = this.#options
    let error: Error | undefined
    try {
      const status = await plugin.status().catch(cause => {
        const why = (cause as Error).message
        throw new Error(`failed to perform status section of the healthz check for KMS Provider ${name}, error: ${why}`)
      })
      const faults = await this.#faultsOf(status)
      if (faults.length > 0) error = new Error(`kmsv2 Provider ${name} is not healthy, error: ${joined(faults)}`)
    } catch (cause) {
      error = cause as Error
    }
    if (error) log.error({ plugin: name, error: error.message }, 'the KMS plugin failed its check')
    this.#lastCheck = { error, validUntilMs: clock.now() + (error ? unhealthyTtlMs : healthyTtlMs) }
    return error
  }

  async #faultsOf({ version = '', healthz = '', keyId = '' }: StatusResponse): Promise<string[]> {
    const faults: string[] = []
    if (healthz !== 'ok') faults.push(`got unexpected healthz status: ${healthz}`)
    if (version !== 'v2' && version !== 'v2beta1') faults.push(`expected KMSv2 API version v2, got ${version}`)
    else {
      this.#version ??= version
      if (this.#version !== version)
        faults.push(
          `KMSv2 API version should not change after the initial status response version ${this.#version}, got ${version}`,
        )
    }
    const ofKeyId = faultOfKeyId(keyId)
    if (ofKeyId !== undefined) faults.push(`got invalid KMSv2 KeyID hash "": ${ofKeyId}`)
    else {
      const fault = await this.#follow(keyId)
      if (fault !== undefined) faults.push(fault)
    }
    return faults
  }

  /** Gets a new seed where the plugin uses another key than that of the last one. Its fault, if it has one. */
  async #follow(keyId: string): Promise<string | undefined> {
    const { clock, plugin, log, name } = this.#options
    // Counted from before the call: no write is done with a key that the plugin vouched for longer ago.
    const expiresAtMs = clock.now() + writeTtlMs
    if (this.#state?.secret.keyId === keyId) {
      this.#state.expiresAtMs = expiresAtMs
      return undefined
    }
    const seed = randomBytes(seedBytes)
    let secret: SealedSecret
    try {
      secret = await plugin.encrypt(seed)
    } catch (error) {
      return `failed to rotate DEK: failed to encrypt DEK, error: ${(error as Error).message}`
    }
    const fault = faultOfSecret(secret)
    if (fault !== undefined) return `failed to rotate DEK: ${fault}`
    if (secret.keyId !== keyId)
      return 'failed to rotate DEK: the plugin encrypted with another key than its status names'
    const cipher = cipherOf(seed, SecretKind.seed)
    this.#keep(nameOfSecret(secret, SecretKind.seed), cipher)
    const isFirst = this.#state === undefined
    this.#state = { secret, cipher, expiresAtMs }
    if (!isFirst) log.info({ plugin: name }, 'the KMS plugin uses another key: writes have a new seed')
    return undefined
  }
}

const joined = (faults: readonly string[]): string => (faults.length === 1 ? faults[0]! : `[${faults.join(', ')}]`)
