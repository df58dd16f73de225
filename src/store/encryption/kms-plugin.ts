/** A KMS plugin (KEP-3299, API v2): a program of the operator behind a unix socket that seals the keys of our keys. */
import { randomUUID } from 'node:crypto'
import { GrpcChannel } from '../../base/grpc/grpc-channel.ts'
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { binary, type Message, map, str, type TypeOf } from '../../schema/type.ts'

const message = messagesOf('v2')

export const StatusRequest = message('StatusRequest', {})
export const StatusResponse = message('StatusResponse', { version: f(1, str), healthz: f(2, str), keyId: f(3, str) })
export type StatusResponse = TypeOf<typeof StatusResponse>
export const DecryptRequest = message('DecryptRequest', {
  ciphertext: f(1, binary),
  uid: f(2, str),
  keyId: f(3, str),
  annotations: f(4, map(binary)),
})
export const DecryptResponse = message('DecryptResponse', { plaintext: f(1, binary) })
export const EncryptRequest = message('EncryptRequest', { plaintext: f(1, binary), uid: f(2, str) })
export const EncryptResponse = message('EncryptResponse', {
  ciphertext: f(1, binary),
  keyId: f(2, str),
  annotations: f(3, map(binary)),
})

/** What the plugin made of a secret, and needs to give it back. */
export interface SealedSecret {
  readonly ciphertext: Uint8Array
  readonly keyId: string
  readonly annotations: Readonly<Record<string, Uint8Array>>
}

/** Its answers are as they came: who uses them checks them. */
export interface KmsPlugin {
  status(): Promise<StatusResponse>
  encrypt(plaintext: Uint8Array): Promise<SealedSecret>
  decrypt(sealed: SealedSecret): Promise<Uint8Array>
  close(): void
}

export const servicePath = '/v2.KeyManagementService'
const none = new Uint8Array(0)
/** Keys, ids and annotations have 34 KiB at most. */
const maxMessageBytes = 256 * 1024

/** `socketPath` may begin with `@`: a socket without a file. */
export function connectKmsPlugin(socketPath: string, timeoutMs: number): KmsPlugin {
  const path = socketPath.startsWith('@') ? `\0${socketPath.slice(1)}` : socketPath
  const channel = new GrpcChannel({ socketPath: path }, { maxMessageBytes })
  const call = async <Q, R>(method: string, request: Message<Q>, response: Message<R>, value: Q): Promise<R> =>
    decodeMessage(
      response,
      await channel.unary(`${servicePath}/${method}`, encodeMessage(request, value), { timeoutMs }),
    )
  return {
    status: () => call('Status', StatusRequest, StatusResponse, {}),
    async encrypt(plaintext) {
      const request = { plaintext, uid: randomUUID() }
      const {
        ciphertext = none,
        keyId = '',
        annotations = {},
      } = await call('Encrypt', EncryptRequest, EncryptResponse, request)
      return { ciphertext, keyId, annotations }
    },
    async decrypt({ ciphertext, keyId, annotations }) {
      const request = { ciphertext, keyId, annotations: { ...annotations }, uid: randomUUID() }
      return (await call('Decrypt', DecryptRequest, DecryptResponse, request)).plaintext ?? none
    },
    close: () => channel.close(),
  }
}
