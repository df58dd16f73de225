/** Forwards questions to the servers of the host, with a bounded cache and bounded work. */
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { lifetimesOf, questionEnd } from './message-scan.ts'

/** Questions under way at once; more are refused, so that a dead upstream cannot fill the memory. */
const maxInFlight = 1000
const maxCacheEntries = 5000
const tryTimeoutMs = 2000
const maxCacheMs = 30_000
/** One question takes at most so long with all servers; clients give up after 5 s. */
const askTimeoutMs = 4000
/** A server that failed is asked last for so long. */
const penaltyMs = 10_000

/** `10.0.0.1`, `10.0.0.1:5353`. */
export interface UpstreamServer {
  readonly host: string
  readonly port: number
}

export const parseServer = (text: string): UpstreamServer => {
  const [host = '', port = '53'] = text.split(':')
  return { host, port: Number(port) }
}

/** The name servers of a resolv.conf; loopback ones too, since this process shares the host's network. */
export function hostNameServers(path = '/etc/resolv.conf'): UpstreamServer[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n')
    const servers = lines.flatMap(line => /^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/.exec(line)?.[1] ?? [])
    return servers.map(parseServer)
  } catch {
    return []
  }
}

export class UpstreamRefused extends Error {}

export class Upstream {
  readonly #servers: readonly UpstreamServer[]
  readonly #clock: Clock
  readonly #cache = new Map<string, Cached>()
  /** Equal questions share one: also those that come back, where an upstream server is this one. */
  readonly #underWay = new Map<string, Promise<Buffer>>()
  readonly #failedAtMs = new Map<UpstreamServer, number>()

  constructor(servers: readonly UpstreamServer[], clock: Clock) {
    this.#servers = servers
    this.#clock = clock
  }

  /**
   * Sends a whole query on and returns the whole response, with the id and the spelling of the query. `key` is its
   * question in lower case and whatever else the answer depends on.
   */
  async ask(query: Buffer, key: string, overTcp: boolean): Promise<Buffer> {
    const cached = this.#cache.get(key)
    if (cached && cached.untilMs > this.#clock.now()) return asAnswerTo(query, this.#aged(cached))
    if (this.#servers.length === 0) throw new UpstreamRefused('no upstream server')
    let asking = this.#underWay.get(key)
    if (!asking) {
      if (this.#underWay.size >= maxInFlight) throw new UpstreamRefused('too many questions under way')
      asking = this.#askAll(query, overTcp).finally(() => this.#underWay.delete(key))
      this.#underWay.set(key, asking)
      asking.then(
        response => this.#remember(key, response),
        () => {},
      )
    }
    return asAnswerTo(query, await asking)
  }

  async #askAll(query: Buffer, overTcp: boolean): Promise<Buffer> {
    const now = this.#clock.now()
    const isSuspect = (server: UpstreamServer) =>
      (this.#failedAtMs.get(server) ?? Number.NEGATIVE_INFINITY) > now - penaltyMs
    const inOrder = [...this.#servers.filter(server => !isSuspect(server)), ...this.#servers.filter(isSuspect)]
    const deadline = this.#clock.monotonic() + askTimeoutMs
    let failure: unknown = new UpstreamRefused('no upstream server answered in time')
    for (const server of inOrder) {
      const timeoutMs = Math.min(tryTimeoutMs, deadline - this.#clock.monotonic())
      if (timeoutMs <= 0) break
      try {
        const response = overTcp ? await askTcp(server, query, timeoutMs) : await askUdp(server, query, timeoutMs)
        const serverFailed = ((response[3] ?? 0) & 0x0f) === 2
        if (!serverFailed || server === inOrder.at(-1)) return response
      } catch (error) {
        failure = error
        this.#failedAtMs.set(server, this.#clock.now())
      }
    }
    throw failure
  }

  #remember(key: string, response: Buffer): void {
    const code = (response[3] ?? 0) & 0x0f
    const truncated = ((response[2] ?? 0) & 0x02) !== 0
    if (truncated || (code !== 0 && code !== 3)) return
    const { offsets, seconds } = lifetimesOf(response)
    if (seconds === undefined || seconds === 0) return
    if (this.#cache.size >= maxCacheEntries)
      for (const oldest of [...this.#cache.keys()].slice(0, maxCacheEntries / 10)) this.#cache.delete(oldest)
    this.#cache.delete(key)
    const storedMs = this.#clock.now()
    this.#cache.set(key, { response, offsets, storedMs, untilMs: storedMs + Math.min(seconds * 1000, maxCacheMs) })
  }

  /** With the time since it came taken off the records' lifetimes. */
  #aged({ response, offsets, storedMs }: Cached): Buffer {
    const ageSeconds = Math.floor((this.#clock.now() - storedMs) / 1000)
    if (ageSeconds === 0) return response
    const copy = Buffer.from(response)
    for (const offset of offsets) copy.writeUInt32BE(Math.max(0, copy.readUInt32BE(offset) - ageSeconds), offset)
    return copy
  }
}

interface Cached {
  readonly response: Buffer
  readonly offsets: readonly number[]
  readonly storedMs: number
  readonly untilMs: number
}

/** With the id of the query, and its question as it was spelt: some clients check the letters' case. */
function asAnswerTo(query: Buffer, response: Buffer): Buffer {
  const copy = Buffer.from(response)
  query.copy(copy, 0, 0, 2)
  const end = questionEnd(query)
  if (end === questionEnd(copy)) query.copy(copy, 12, 12, end)
  return copy
}

function askUdp({ host, port }: UpstreamServer, query: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    const timer = setTimeout(
      () => finish(() => reject(new Error(`${host} did not answer in ${timeoutMs} ms`))),
      timeoutMs,
    )
    const finish = (then: () => void) => {
      clearTimeout(timer)
      socket.close()
      then()
    }
    socket.on('error', error => finish(() => reject(error)))
    socket.on('message', message => {
      if (message.length >= 12 && message.readUInt16BE(0) === query.readUInt16BE(0)) finish(() => resolve(message))
    })
    // A connected socket hears of an unreachable port and takes answers from this server alone.
    socket.connect(port, host, () => socket.send(query))
  })
}

/** A DNS message over TCP is at most 64 KiB (RFC 1035, 4.2.2). */
function askTcp({ host, port }: UpstreamServer, query: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs })
    let received: Buffer = Buffer.alloc(0)
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    socket.on('timeout', () => fail(new Error(`${host} did not answer in ${timeoutMs} ms`)))
    socket.on('error', fail)
    socket.on('close', () => reject(new Error(`${host} closed the connection`)))
    socket.on('connect', () => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(query.length)
      socket.write(Buffer.concat([length, query]))
    })
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      resolve(received.subarray(2, 2 + received.readUInt16BE(0)))
      socket.destroy()
    })
  })
}
