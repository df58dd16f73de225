/** Encryption of single values, in the formats that Kubernetes' providers write (KEP-3299's predecessors; NaCl's secretbox). */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'

/** A value that cannot be read with the keys at hand. */
export class DecryptionError extends Error {}

/** `context` is the key under which the value lies: where a cipher has authenticated data, a value moved elsewhere is refused. */
export interface Cipher {
  seal(plain: Uint8Array, context: string): Buffer
  /** Throws DecryptionError. */
  open(sealed: Uint8Array, context: string): Buffer
}

export interface CipherKind {
  /** Lengths of keys in bytes. */
  readonly keySizes: readonly number[]
  make(key: Uint8Array): Cipher
}

const cbcBlock = 16
const gcmNonce = 12
const gcmTag = 16
const secretboxNonce = 24

function opened(read: () => Uint8Array): Buffer {
  try {
    return Buffer.from(read())
  } catch (error) {
    throw new DecryptionError(`output array was not large enough or data was changed: ${(error as Error).message}`)
  }
}

const aescbc: CipherKind = {
  keySizes: [16, 24, 32],
  make: key => ({
    seal(plain) {
      const iv = randomBytes(cbcBlock)
      const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, iv)
      return Buffer.concat([iv, cipher.update(plain), cipher.final()])
    },
    open: sealed =>
      opened(() => {
        const cipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, sealed.subarray(0, cbcBlock))
        return Buffer.concat([cipher.update(sealed.subarray(cbcBlock)), cipher.final()])
      }),
  }),
}

const gcmName = (key: Uint8Array) => `aes-${key.length * 8}-gcm` as 'aes-256-gcm'

const aesgcm: CipherKind = {
  keySizes: [16, 24, 32],
  make: key => ({
    seal(plain, context) {
      const nonce = randomBytes(gcmNonce)
      const cipher = createCipheriv(gcmName(key), key, nonce)
      cipher.setAAD(Buffer.from(context, 'latin1'))
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    open: (sealed, context) =>
      opened(() => {
        const end = sealed.length - gcmTag
        const cipher = createDecipheriv(gcmName(key), key, sealed.subarray(0, gcmNonce), { authTagLength: gcmTag })
        cipher.setAAD(Buffer.from(context, 'latin1'))
        cipher.setAuthTag(sealed.subarray(end))
        return Buffer.concat([cipher.update(sealed.subarray(gcmNonce, end)), cipher.final()])
      }),
  }),
}

const secretbox: CipherKind = {
  keySizes: [32],
  make: key => ({
    seal(plain) {
      const nonce = randomBytes(secretboxNonce)
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(plain)])
    },
    open: sealed =>
      opened(() => xsalsa20poly1305(key, sealed.subarray(0, secretboxNonce)).decrypt(sealed.subarray(secretboxNonce))),
  }),
}

/** By the names of EncryptionConfiguration. */
export const cipherKinds: Readonly<Record<string, CipherKind>> = { aescbc, aesgcm, secretbox }

export interface NamedKey {
  readonly name: string
  readonly secret: Uint8Array
}

/** One provider: a cipher with its keys, the first of which writes; or what is not encrypted. */
export type Provider =
  | { readonly is: 'identity' }
  | { readonly is: 'cipher'; readonly cipher: string; readonly keys: readonly NamedKey[] }

interface Reader {
  readonly prefix: Buffer
  readonly cipher: Cipher
}

/** Reads what any of its providers wrote, writes with the first. */
export class Transformer {
  readonly #readers: readonly Reader[]
  readonly #writer: Reader | undefined
  readonly #readsPlain: boolean

  constructor(providers: readonly Provider[]) {
    this.#readers = providers.flatMap(provider =>
      provider.is === 'identity'
        ? []
        : provider.keys.map(({ name, secret }) => ({
            prefix: Buffer.from(`k8s:enc:${provider.cipher}:v1:${name}:`),
            cipher: (cipherKinds[provider.cipher] as CipherKind).make(secret),
          })),
    )
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
      return { plain, isOutdated: reader !== this.#writer }
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
