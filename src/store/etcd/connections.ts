/**
 * Connections to the members of an etcd cluster. Calls go to one member until it fails, then to the next. A read is
 * repeated until its deadline; a write only while it is certain that no member has seen it, since what was lost on the way
 * back may have been done. A member that is silent is doubted: it may stand still, or be cut off from the others, and its
 * connection say nothing of either.
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
/** A member that has not answered a call for so long is asked something that every member answers at once. */
const doubtAfterMs = 1_000
/** How much longer it has than the others. */
const headStartMs = 500
const probeTimeoutMs = 5_000
/** For a ping, where another member answered and this one did not. */
const pingTimeoutMs = 2_000
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

/** What only a member in touch with a majority answers, at once. */
export interface Probe {
  readonly path: string
  readonly request: Uint8Array
}

/** To one member. */
export interface Connection {
  readonly key: string
  readonly channel: GrpcChannel
}

const keyOf = (target: GrpcTarget): string =>
  'socketPath' in target ? target.socketPath : `${target.tls ? 'https' : 'http'}://${target.host}:${target.port}`

const connectionTo = (target: GrpcTarget): Connection => ({
  key: keyOf(target),
  channel: new GrpcChannel(target, { maxMessageBytes, keepAliveMs }),
})

export class EtcdConnections {
  #channels: readonly Connection[]
  readonly #timeoutMs: number
  readonly #probe: Probe | undefined
  #current: Connection
  #doubting: { readonly member: Connection; readonly isLeft: Promise<boolean> } | undefined
  #closed = false

  /** At least one target. Without a probe no member is doubted. */
  constructor(targets: readonly GrpcTarget[], timeoutMs = defaultTimeoutMs, probe?: Probe) {
    this.#timeoutMs = timeoutMs
    this.#probe = probe
    this.#channels = targets.map(connectionTo)
    this.#current = this.#channels[0]!
  }

  /** From now on these are the members. Connections to those that stay go on. */
  useTargets(targets: readonly GrpcTarget[]): void {
    if (this.#closed || targets.length === 0) return
    const before = this.#channels
    this.#channels = targets.map(target => before.find(({ key }) => key === keyOf(target)) ?? connectionTo(target))
    if (!this.#channels.includes(this.#current)) this.#current = this.#channels[0]!
    for (const old of before) if (!this.#channels.includes(old)) old.channel.close()
  }

  /** Goes back to the first member if `isWell` says that it answers. */
  async preferFirst(isWell: (channel: GrpcChannel) => Promise<boolean>): Promise<void> {
    const [first] = this.#channels
    if (!first || first === this.#current || !(await isWell(first.channel).catch(() => false))) return
    if (this.#channels[0] === first) this.#current = first
  }

  /** Throws GrpcError. */
  async call<Q, R>(method: Method<Q, R>, request: Q): Promise<R> {
    const { path, response, reads } = method
    const bytes = encodeMessage(method.request, request)
    const deadline = performance.now() + this.#timeoutMs
    let delayMs = firstRetryDelayMs
    for (let attempt = 1; ; attempt++) {
      const used = this.#current
      const left = new AbortController()
      const doubts = this.#doubtWhileSilent(used, left)
      try {
        const timeoutMs = Math.max(1, deadline - performance.now())
        const options = reads ? { timeoutMs, signal: left.signal } : { timeoutMs }
        return decodeMessage(response, await used.channel.unary(path, bytes, options), maxMessageBytes)
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error
        if (left.signal.aborted && reads && !this.#closed) continue
        if (error.code !== GrpcCode.unavailable) throw error
        this.failed(used)
        // Waiting does not mend a certificate.
        if (/certificate/.test(error.details) && attempt >= this.#channels.length) throw error
        const again = !this.#closed && (error.notSent || reads) && performance.now() + delayMs < deadline
        if (!again) throw error
        if (attempt % this.#channels.length === 0) {
          await wait(delayMs)
          delayMs = Math.min(delayMs * 2, lastRetryDelayMs)
        }
      } finally {
        clearInterval(doubts)
      }
    }
  }

  /** Aborts `left` once the member was left for another; a read is then to be repeated there. */
  #doubtWhileSilent(member: Connection, left: AbortController): NodeJS.Timeout | undefined {
    if (!this.#probe) return undefined
    const doubt = async () => {
      if (await this.#doubt(member)) left.abort()
    }
    return setInterval(() => void doubt(), doubtAfterMs).unref()
  }

  /** True: another one is used by now. */
  async #doubt(member: Connection): Promise<boolean> {
    if (this.#closed) return false
    if (this.#current !== member) return true
    if (this.#doubting?.member !== member) {
      const isLeft = this.#findBetter(member).finally(() => {
        this.#doubting = undefined
      })
      this.#doubting = { member, isLeft }
    }
    return this.#doubting.isLeft
  }

  /** Uses whoever answers first, the doubted one with a head start. */
  async #findBetter(doubted: Connection): Promise<boolean> {
    const others = this.#channels.filter(one => one !== doubted)
    if (others.length === 0) return false
    const given = new AbortController()
    const own = this.#answerOf(doubted, given.signal)
    try {
      const isWell = await Promise.race([own.then(() => true).catch(() => false), wait(headStartMs).then(() => false)])
      if (isWell) return false
      const first = await Promise.any([own, ...others.map(one => this.#answerOf(one, given.signal))])
      if (first === doubted || this.#closed || !this.#channels.includes(first)) return false
      if (this.#current === doubted) this.#current = first
      doubted.channel.verify(pingTimeoutMs)
      return this.#current !== doubted
    } catch {
      // Nobody answers: there is no leader just now.
      return false
    } finally {
      given.abort()
    }
  }

  async #answerOf(member: Connection, signal: AbortSignal): Promise<Connection> {
    const { path, request } = this.#probe!
    await member.channel.unary(path, request, { timeoutMs: probeTimeoutMs, signal })
    return member
  }

  /** A stream to the current member; `member` is for `failed`. */
  duplex(
    path: string,
    onMessage: (message: Uint8Array) => void,
    options: CallOptions = {},
  ): { readonly call: DuplexCall; readonly member: Connection } {
    const member = this.#current
    return { call: member.channel.duplex(path, onMessage, options), member }
  }

  /** The next calls go to another member, unless they do already. */
  failed(member: Connection): void {
    if (this.#current !== member) return
    this.#current = this.#channels[(this.#channels.indexOf(member) + 1) % this.#channels.length]!
  }

  close(): void {
    this.#closed = true
    for (const { channel } of this.#channels) channel.close()
  }
}
