/**
 * A certificate of this machine that the cluster signs and that is renewed before it ends. Certificate and key lie in one
 * file, which is replaced as a whole; the key of a request lies beside it until it is answered, so that a machine that
 * stops in between asks for the same key again.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { type KeyPair, keyPem, newKey } from '../../base/pki/certificate.ts'
import { readPem } from '../../base/pki/pem.ts'
import { readIfExists, writeFileWhole } from '../../base/whole-file.ts'
import { publicKeyHash } from '../../machinery/node-annotations.ts'
import type { Client } from '../client.ts'
import { requestCertificate, type WantedCertificate } from './request-certificate.ts'

export interface ManagedCertificateOptions {
  readonly directory: string
  /** Of its file, without the ending. */
  readonly name: string
  readonly wanted: WantedCertificate
  /** Whom to ask, each time. */
  readonly client: () => Client
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
}

const retryMs = 30_000
/** A timer holds 24 days. */
const longestWaitMs = 12 * 3_600_000

interface Loaded extends KeyPair {
  readonly fromMs: number
  readonly untilMs: number
}

export class ManagedCertificate {
  readonly #options: ManagedCertificateOptions
  readonly #file: string
  readonly #pendingFile: string
  #current: Loaded | undefined
  #timer: Timer | undefined
  #stopped = new AbortController()
  readonly #listeners = new Set<(pair: KeyPair) => void>()

  constructor(options: ManagedCertificateOptions) {
    this.#options = options
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
    this.#file = join(options.directory, `${options.name}.pem`)
    this.#pendingFile = join(options.directory, `${options.name}.pending.key`)
    this.#current = this.#load()
  }

  /** Whether there is one that is valid now, for who and what is wanted. */
  get isValid(): boolean {
    const current = this.#current
    return current !== undefined && current.untilMs > this.#options.clock.now() && this.#fits(current)
  }

  get current(): KeyPair {
    if (!this.#current) throw new Error(`there is no certificate ${this.#options.name} yet`)
    return this.#current
  }

  get keyHash(): string {
    return publicKeyHash(createPublicKey(this.current.privateKeyPem))
  }

  onChange(listener: (pair: KeyPair) => void): void {
    this.#listeners.add(listener)
  }

  /** Asks for the certificate where there is no valid one, and keeps it renewed from then on. Throws where that fails. */
  async start(signal?: AbortSignal): Promise<void> {
    if (!this.isValid) await this.#request(this.#bootstrapKey(), signal)
    this.#schedule()
  }

  stop(): void {
    this.#stopped.abort()
    this.#timer?.cancel()
  }

  /** With the key of before: the cluster knows the machine by it. */
  #bootstrapKey(): KeyObject {
    return this.#current ? createPrivateKey(this.#current.privateKeyPem) : this.#pendingKey()
  }

  #pendingKey(): KeyObject {
    const pending = readIfExists(this.#pendingFile)
    if (pending !== undefined) return createPrivateKey(pending)
    const key = newKey()
    writeFileWhole(this.#pendingFile, keyPem(key), 0o600)
    return key
  }

  async #request(key: KeyObject, signal = this.#stopped.signal): Promise<void> {
    const { client, wanted } = this.#options
    const certificatePem = await requestCertificate(client(), key, wanted, signal)
    const pair = { certificatePem, privateKeyPem: keyPem(key) }
    if (!new X509Certificate(certificatePem).checkPrivateKey(key))
      throw new Error('the certificate that the cluster signed is for another key')
    writeFileWhole(this.#file, `${certificatePem}${pair.privateKeyPem}`, 0o600)
    rmSync(this.#pendingFile, { force: true })
    this.#current = this.#load()
    for (const listener of this.#listeners) listener(pair)
  }

  /** Between 70 and 90 % of its life, so that machines that joined together do not ask together. */
  #schedule(): void {
    const current = this.#current
    if (!current || this.#stopped.signal.aborted) return
    const { clock, random, log, name } = this.#options
    const lifeMs = current.untilMs - current.fromMs
    const waitMs = current.fromMs + lifeMs * (0.7 + 0.2 * random()) - clock.now()
    if (waitMs > longestWaitMs) {
      this.#timer = clock.after(longestWaitMs, () => this.#schedule())
      return
    }
    const renew = () => {
      this.#request(this.#pendingKey()).then(
        () => this.#schedule(),
        (error: Error) => {
          if (this.#stopped.signal.aborted) return
          log.warn({ certificate: name, error: error.message }, 'certificate not renewed')
          this.#timer = clock.after(retryMs, renew)
        },
      )
    }
    this.#timer = clock.after(Math.max(waitMs, 0), renew)
  }

  #load(): Loaded | undefined {
    const text = readIfExists(this.#file)
    if (text === undefined) return undefined
    try {
      const [certificatePem = ''] = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n/.exec(text) ?? []
      const privateKeyPem = text.slice(text.indexOf(certificatePem) + certificatePem.length)
      const certificate = new X509Certificate(certificatePem)
      if (readPem(privateKeyPem).length === 0 || !certificate.checkPrivateKey(createPrivateKey(privateKeyPem)))
        return undefined
      const [fromMs, untilMs] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
      return { certificatePem, privateKeyPem, fromMs, untilMs }
    } catch {
      return undefined
    }
  }

  #fits({ certificatePem }: Loaded): boolean {
    const certificate = new X509Certificate(certificatePem)
    const { subject, altNames = [] } = this.#options.wanted
    const lines = [...(subject.organizations ?? []).map(name => `O=${name}`), `CN=${subject.commonName}`]
    return (
      certificate.subject === lines.join('\n') &&
      altNames.every(name => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined)
    )
  }
}
