/** Encryption of single values, in the formats that Kubernetes' providers write. */
import { type Cipher, type CipherKind, cipherKinds, DecryptionError } from './ciphers.ts'

export interface NamedKey {
  readonly name: string
  readonly secret: Uint8Array
}

/** One provider: a cipher with its keys, the first of which writes; or what is not encrypted. */
export type Provider =
  | { readonly is: 'identity' }
  | { readonly is: 'cipher'; readonly cipher: string; readonly keys: readonly NamedKey[] }
  | { readonly is: 'kms'; readonly name: string; readonly socketPath: string; readonly timeoutMs: number }

interface Reader {
  readonly prefix: Buffer
  readonly cipher: Cipher
}

function readersOf(provider: Provider, kms: ReadonlyMap<string, Cipher>): Reader[] {
  switch (provider.is) {
    case 'identity':
      return []
    case 'kms':
      return [{ prefix: Buffer.from(`k8s:enc:kms:v2:${provider.name}:`), cipher: kms.get(provider.name)! }]
    case 'cipher':
      return provider.keys.map(({ name, secret }) => ({
        prefix: Buffer.from(`k8s:enc:${provider.cipher}:v1:${name}:`),
        cipher: (cipherKinds[provider.cipher] as CipherKind).make(secret),
      }))
  }
}

/** Reads what any of its providers wrote, writes with the first. */
export class Transformer {
  readonly #readers: readonly Reader[]
  readonly #writer: Reader | undefined
  readonly #readsPlain: boolean

  /** `kms`: the cipher of each plugin, by its name. */
  constructor(providers: readonly Provider[], kms: ReadonlyMap<string, Cipher> = new Map()) {
    this.#readers = providers.flatMap(provider => readersOf(provider, kms))
    this.#writer = providers[0]?.is === 'identity' ? undefined : this.#readers[0]
    this.#readsPlain = providers.some(({ is }) => is === 'identity')
  }

  write(plain: Uint8Array, context: string): Uint8Array {
    const writer = this.#writer
    return writer ? Buffer.concat([writer.prefix, writer.cipher.seal(plain, context)]) : plain
  }

  /** `isOutdated`: not as `write` would write it today. Throws DecryptionError. */
  read(value: Uint8Array, context: string): { plain: Uint8Array; isOutdated: boolean } {
    for (const reader of this.#readers) {
      if (!startsWith(value, reader.prefix)) continue
      const plain = reader.cipher.open(value.subarray(reader.prefix.length), context)
      const isOutdated =
        reader !== this.#writer || reader.cipher.isOutdated?.(value.subarray(reader.prefix.length)) === true
      return { plain, isOutdated }
    }
    if (startsWith(value, encryptedPrefix))
      throw new DecryptionError(
        this.#readsPlain
          ? 'identity transformer tried to read encrypted data'
          : 'no matching key was found for the provided transformer',
      )
    if (!this.#readsPlain) throw new DecryptionError('no matching prefix found')
    return { plain: value, isOutdated: this.#writer !== undefined }
  }
}

const encryptedPrefix = Buffer.from('k8s:enc:')

const startsWith = (value: Uint8Array, prefix: Buffer): boolean =>
  value.length >= prefix.length && Buffer.compare(value.subarray(0, prefix.length), prefix) === 0
