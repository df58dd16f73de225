/**
 * Connections to the members of an etcd cluster. Calls go to one member until it fails, then to the next. A read is
 * repeated until its deadline; a write only while it is certain that no member has seen it, since what was lost on the way
 * back may have been done.
 */
import { type CallOptions, type DuplexCall, GrpcChannel, type GrpcTarget } from '../../base/grpc/grpc-channel.ts'
import { GrpcCode, GrpcError } from '../../base/grpc/grpc-error.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import type { Message } from '../../schema/type.ts'

/** Longest time of one call, its repetitions included, unless the caller says otherwise. */
const defaultTimeoutMs = 30_000
/** Between two attempts, when every member has failed once; doubles up to the second one. */
const firstRetryDelayMs = 25
const lastRetryDelayMs = 250
/** etcd's own clients ask as often. */
const keepAliveMs = 10_000
/** Longest response: a range is as long as it is asked for. */
const maxMessageBytes = 1 << 30

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

export interface Method<Q, R> {
  readonly path: string
  readonly request: Message<Q>
  readonly response: Message<R>
  /** Repeating it does no harm. */
  readonly reads: boolean
}

export class EtcdConnections {
  readonly #channels: readonly GrpcChannel[]
  readonly #timeoutMs: number
  #current = 0
  #closed = false

  constructor(targets: readonly GrpcTarget[], timeoutMs = defaultTimeoutMs) {
    this.#timeoutMs = timeoutMs
    this.#channels = targets.map(target => new GrpcChannel(target, { maxMessageBytes, keepAliveMs }))
  }

  /** Throws GrpcError. */
  async call<Q, R>(method: Method<Q, R>, request: Q): Promise<R> {
    const { path, response, reads } = method
    const bytes = encodeMessage(method.request, request)
    const deadline = performance.now() + this.#timeoutMs
    let delayMs = firstRetryDelayMs
    for (let attempt = 1; ; attempt++) {
      const used = this.#current
      try {
        const timeoutMs = Math.max(1, deadline - performance.now())
        return decodeMessage(response, await this.#channels[used]!.unary(path, bytes, { timeoutMs }), maxMessageBytes)
      } catch (error) {
        if (!(error instanceof GrpcError) || error.code !== GrpcCode.unavailable) throw error
        this.failed(used)
        // Waiting does not mend a certificate.
        if (/certificate/.test(error.details) && attempt >= this.#channels.length) throw error
        const again = !this.#closed && (error.notSent || reads) && performance.now() + delayMs < deadline
        if (!again) throw error
        if (attempt % this.#channels.length === 0) {
          await wait(delayMs)
          delayMs = Math.min(delayMs * 2, lastRetryDelayMs)
        }
      }
    }
  }

  /** A stream to the current member; `member` is for `failed`. */
  duplex(
    path: string,
    onMessage: (message: Uint8Array) => void,
    options: CallOptions = {},
  ): { readonly call: DuplexCall; readonly member: number } {
    const member = this.#current
    return { call: this.#channels[member]!.duplex(path, onMessage, options), member }
  }

  /** The next calls go to another member, unless they do already. */
  failed(member: number): void {
    if (this.#current === member) this.#current = (member + 1) % this.#channels.length
  }

  close(): void {
    this.#closed = true
    for (const channel of this.#channels) channel.close()
  }
}
