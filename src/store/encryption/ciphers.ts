/** The ciphers of Kubernetes' providers with keys of their own, and NaCl's secretbox. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'

/** A value that cannot be read with the keys at hand. */
export class DecryptionError extends Error {}

/** `context` is the key under which the value lies: where a cipher has authenticated data, a value moved elsewhere is refused. */
export interface Cipher {
  seal(plain: Uint8Array, context: string): Buffer
  /** Throws DecryptionError. */
  open(sealed: Uint8Array, context: string): Buffer
  /** It would be sealed otherwise now. Absent: never. */
  isOutdated?(sealed: Uint8Array): boolean
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
