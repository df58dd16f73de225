/** A KMS plugin in the process, behind a real unix socket: keys by id, the newest one writes. */
import { createHash } from 'node:crypto'
import { GrpcServer, type UnaryHandler } from '../../../base/grpc/grpc-server.ts'
import { frameOf } from '../../../base/grpc/message-reader.ts'
import { decodeMessage } from '../../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../../schema/protobuf-encode.ts'
import type { Message } from '../../../schema/type.ts'
import { cipherKinds } from '../ciphers.ts'
import {
  DecryptRequest,
  DecryptResponse,
  EncryptRequest,
  EncryptResponse,
  StatusRequest,
  StatusResponse,
  servicePath,
} from '../kms-plugin.ts'

export interface FakeKmsPlugin {
  /** Which key writes; every id is a key. */
  keyId: string
  healthz: string
  /** How often each method was called. */
  readonly calls: { Status: number; Encrypt: number; Decrypt: number }
  close(): Promise<void>
}

const none = new Uint8Array(0)
const annotation = 'kms.test.example.com'
const cipherOf = (keyId: string) => cipherKinds.aesgcm!.make(createHash('sha256').update(`test ${keyId}`).digest())

export async function startFakeKmsPlugin(socketPath: string, keyId = 'one'): Promise<FakeKmsPlugin> {
  const method = <Q, R>(
    name: 'Status' | 'Encrypt' | 'Decrypt',
    request: Message<Q>,
    response: Message<R>,
    answer: (request: Q) => R,
  ): [string, UnaryHandler] => [
    `${servicePath}/${name}`,
    async bytes => {
      plugin.calls[name]++
      return frameOf(encodeMessage(response, answer(decodeMessage(request, bytes))))
    },
  ]
  const server = new GrpcServer({
    socketPath,
    unary: new Map([
      method('Status', StatusRequest, StatusResponse, () => ({
        version: 'v2',
        healthz: plugin.healthz,
        keyId: plugin.keyId,
      })),
      method('Encrypt', EncryptRequest, EncryptResponse, ({ plaintext = none }) => ({
        ciphertext: cipherOf(plugin.keyId).seal(plaintext, annotation),
        keyId: plugin.keyId,
        annotations: { [annotation]: Buffer.from('kept') },
      })),
      method('Decrypt', DecryptRequest, DecryptResponse, ({ ciphertext = none, keyId: id = '', annotations = {} }) => {
        if (Buffer.from(annotations[annotation] ?? none).toString() !== 'kept') throw new Error('no annotation')
        return { plaintext: cipherOf(id).open(ciphertext, annotation) }
      }),
    ]),
    streams: new Map(),
    maxRequestBytes: 1 << 20,
  })
  const plugin: FakeKmsPlugin = {
    keyId,
    healthz: 'ok',
    calls: { Status: 0, Encrypt: 0, Decrypt: 0 },
    close: () => server.close(),
  }
  await server.listen()
  return plugin
}
