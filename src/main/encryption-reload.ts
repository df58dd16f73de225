/** Encryption at rest whose configuration is read again when its file changes, so that keys change without a restart. */
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { type Encryption, kmsCheckName, openEncryption } from './encryption.ts'

export interface ReloadingEncryptionOptions {
  /** The configuration as it is now. */
  readonly read: () => string
  readonly clock: Clock
  readonly log: Logger
  /** How long the plugins of a new configuration have to answer. */
  readonly healthyWithinMs?: number
}

/** kube-apiserver's interval. */
const pollMs = 60_000
const recheckMs = 100
/** Requests under way may still use what was replaced. */
const closeGraceMs = 10_000

export class ReloadingEncryption implements Encryption {
  readonly healthChecks = [
    { name: kmsCheckName, in: ['livez', 'readyz'] as const, check: (): Promise<void> => checkAll(this.#current) },
  ]
  readonly #options: ReloadingEncryptionOptions
  readonly #listeners = new Set<(isEncrypted: (key: string) => boolean) => void>()
  #text: string
  #current: Encryption
  #timer: Timer | undefined
  /** Closed at the end of their grace, or with the whole. */
  readonly #replaced = new Set<Encryption>()
  #closed = false

  /** Throws CliError where what is there at the start cannot be used. */
  constructor(options: ReloadingEncryptionOptions) {
    this.#options = options
    this.#text = options.read()
    this.#current = openEncryption(this.#text)
  }

  readonly transformerOf = (key: string) => this.#current.transformerOf(key)

  /** Called when another configuration holds; asked for a key, what is handed over says whether the old or the new one encrypts it. */
  onChange(listener: (isEncrypted: (key: string) => boolean) => void): void {
    this.#listeners.add(listener)
  }

  async start(): Promise<void> {
    await this.#current.start()
    this.#wait()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const one of [this.#current, ...this.#replaced]) one.close()
  }

  #wait(): void {
    if (this.#closed) return
    this.#timer = this.#options.clock.after(pollMs, () => {
      this.reload()
        .catch((error: Error) =>
          this.#options.log.error({ error: error.message }, 'the encryption configuration could not be read again'),
        )
        .finally(() => this.#wait())
    })
  }

  /** Takes the file's configuration if it is another one and its plugins answer; else all stays as it was, and this throws. */
  async reload(): Promise<void> {
    const text = this.#options.read()
    if (text === this.#text) return
    const next = openEncryption(text)
    try {
      await next.start()
      await this.#healthy(next)
    } catch (error) {
      next.close()
      throw error
    }
    if (this.#closed) return next.close()
    const before = this.#current
    this.#current = next
    this.#text = text
    this.#replaced.add(before)
    this.#options.clock.after(closeGraceMs, () => {
      if (this.#replaced.delete(before)) before.close()
    })
    const isEncrypted = (key: string) => [before, next].some(one => one.transformerOf(key) !== undefined)
    for (const listener of this.#listeners) listener(isEncrypted)
    this.#options.log.info('the encryption configuration was read again')
  }

  async #healthy(next: Encryption): Promise<void> {
    const { clock, healthyWithinMs = 10_000 } = this.#options
    const untilMs = clock.monotonic() + healthyWithinMs
    for (;;) {
      try {
        await checkAll(next)
        return
      } catch (error) {
        if (clock.monotonic() >= untilMs) throw error
        await new Promise<void>(resolve => clock.after(recheckMs, resolve))
      }
    }
  }
}

async function checkAll({ healthChecks }: Encryption): Promise<void> {
  for (const { check } of healthChecks) await check()
}
