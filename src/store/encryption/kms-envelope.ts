/** How a value lies in the store under a KMS plugin: its bytes beside the sealed secret that gives the key. Pure. */
import { createHmac, randomBytes } from 'node:crypto'
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { binary, int32, map, str } from '../../schema/type.ts'
import { type Cipher, cipherKinds, DecryptionError } from './ciphers.ts'
import type { SealedSecret } from './kms-plugin.ts'

/** What the sealed secret is: the key itself, as Kubernetes 1.27 wrote it, or a seed from which every write derives its own. */
export const SecretKind = { key: 0, seed: 1 } as const

const EncryptedObject = messagesOf('v2')('EncryptedObject', {
  encryptedData: f(1, binary),
  keyId: f(2, str),
  encryptedDekSource: f(3, binary),
  annotations: f(4, map(binary)),
  encryptedDekSourceType: f(5, int32),
})

export interface Envelope {
  readonly data: Uint8Array
  readonly secret: SealedSecret
  readonly kind: number
}

export const seedBytes = 32
const infoBytes = 32
const maxKeyIdBytes = 1024
const maxCiphertextBytes = 1024
const maxAnnotationBytes = 32 * 1024
const domainName = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/

/** Why an id cannot be used; undefined: it can. */
export function faultOfKeyId(keyId: string): string | undefined {
  const bytes = Buffer.byteLength(keyId)
  if (bytes === 0) return 'keyID is empty'
  return bytes > maxKeyIdBytes ? `keyID is ${bytes} bytes, which exceeds the max size of ${maxKeyIdBytes}` : undefined
}

/** Why what a plugin sealed cannot be stored; undefined: it can. */
export function faultOfSecret({ ciphertext, keyId, annotations }: SealedSecret): string | undefined {
  const bytes = ciphertext.byteLength
  if (bytes === 0) return 'failed to validate encrypted DEK source: encrypted DEK source is empty'
  if (bytes > maxCiphertextBytes)
    return `failed to validate encrypted DEK source: encrypted DEK source is ${bytes} bytes, which exceeds the max size of ${maxCiphertextBytes}`
  const ofKeyId = faultOfKeyId(keyId)
  if (ofKeyId !== undefined) return `failed to validate key id: ${ofKeyId}`
  let total = 0
  for (const [name, value] of Object.entries(annotations)) {
    if (!domainName.test(name)) return `failed to validate annotations: ${JSON.stringify(name)} is no domain name`
    total += Buffer.byteLength(name) + value.byteLength
  }
  return total > maxAnnotationBytes
    ? `failed to validate annotations: total size of annotations is ${total}, which exceeds the max size of ${maxAnnotationBytes}`
    : undefined
}

export function encodeEnvelope({ data, secret, kind }: Envelope): Uint8Array {
  return encodeMessage(EncryptedObject, {
    encryptedData: data,
    keyId: secret.keyId,
    encryptedDekSource: secret.ciphertext,
    annotations: { ...secret.annotations },
    ...(kind === 0 ? {} : { encryptedDekSourceType: kind }),
  })
}

/** Throws DecryptionError. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const none = new Uint8Array(0)
  let envelope: Envelope
  try {
    const message = decodeMessage(EncryptedObject, bytes)
    const { encryptedData = none, keyId = '', encryptedDekSource = none, annotations = {} } = message
    const secret = { ciphertext: encryptedDekSource, keyId, annotations }
    envelope = { data: encryptedData, secret, kind: message.encryptedDekSourceType ?? 0 }
  } catch (error) {
    throw new DecryptionError((error as Error).message)
  }
  const fault = envelope.data.byteLength === 0 ? 'encrypted data is empty' : faultOfSecret(envelope.secret)
  if (fault !== undefined) throw new DecryptionError(fault)
  if (envelope.kind !== SecretKind.key && envelope.kind !== SecretKind.seed)
    throw new DecryptionError(`unknown EncryptedDEKSourceType ${envelope.kind}`)
  return envelope
}

/** Equal for equal secrets, and only for them. */
export function nameOfSecret({ ciphertext, keyId, annotations }: SealedSecret, kind: number): string {
  const sorted = Object.entries(annotations).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const texts = sorted.map(([name, value]) => [name, Buffer.from(value).toString('base64')])
  return JSON.stringify([kind, Buffer.from(ciphertext).toString('base64'), keyId, texts])
}

const gcm = (key: Uint8Array): Cipher => cipherKinds.aesgcm!.make(key)

/** HKDF-Expand (RFC 5869) of SHA-256 for the length of one hash. */
const derivedKey = (seed: Uint8Array, info: Uint8Array): Buffer =>
  createHmac('sha256', seed).update(info).update(Uint8Array.of(1)).digest()

/** Every write has a key of its own, so that no number of them wears a key out. */
function seedCipher(seed: Uint8Array): Cipher {
  return {
    seal(plain, context) {
      const info = randomBytes(infoBytes)
      return Buffer.concat([info, gcm(derivedKey(seed, info)).seal(plain, context)])
    },
    open(sealed, context) {
      if (sealed.length < infoBytes) throw new DecryptionError('the stored data was shorter than the required size')
      return gcm(derivedKey(seed, sealed.subarray(0, infoBytes))).open(sealed.subarray(infoBytes), context)
    },
  }
}

/** Throws DecryptionError where the plugin gave back what is no such secret. */
export function cipherOf(secret: Uint8Array, kind: number): Cipher {
  if (kind === SecretKind.seed) {
    if (secret.length < seedBytes)
      throw new DecryptionError(`invalid seed length ${secret.length} used for key generation`)
    return seedCipher(secret)
  }
  if (!cipherKinds.aesgcm!.keySizes.includes(secret.length))
    throw new DecryptionError(`crypto/aes: invalid key size ${secret.length}`)
  return gcm(secret)
}
