/** Forwards questions to the servers of the host, with a bounded cache and bounded work. */
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Clock } from '../base/clock.ts'

/** Questions under way at once; more are refused, so that a dead upstream cannot fill the memory. */
const maxInFlight = 1000
const maxCacheEntries = 5000
const tryTimeoutMs = 2000
const maxCacheMs = 30_000

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
  readonly #cache = new Map<string, { response: Buffer; untilMs: number }>()
  #inFlight = 0

  constructor(servers: readonly UpstreamServer[], clock: Clock) {
    this.#servers = servers
    this.#clock = clock
  }

  /** Sends a whole query on and returns the whole response, with the id of the query. `key` is its question in lower case. */
  async ask(query: Buffer, key: string, overTcp: boolean): Promise<Buffer> {
    const cached = this.#cache.get(key)
    if (cached && cached.untilMs > this.#clock.now()) return withId(cached.response, query)
    if (this.#servers.length === 0) throw new UpstreamRefused('no upstream server')
    if (this.#inFlight >= maxInFlight) throw new UpstreamRefused('too many questions under way')
    this.#inFlight += 1
    try {
      const response = await this.#askAll(query, overTcp)
      this.#remember(key, response)
      return withId(response, query)
    } finally {
      this.#inFlight -= 1
    }
  }

  async #askAll(query: Buffer, overTcp: boolean): Promise<Buffer> {
    let failure: unknown
    for (const server of this.#servers) {
      try {
        const response = overTcp ? await askTcp(server, query) : await askUdp(server, query)
        const serverFailed = ((response[3] ?? 0) & 0x0f) === 2
        if (!serverFailed || server === this.#servers.at(-1)) return response
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  #remember(key: string, response: Buffer): void {
    const code = (response[3] ?? 0) & 0x0f
    const truncated = ((response[2] ?? 0) & 0x02) !== 0
    if (truncated || (code !== 0 && code !== 3)) return
    if (this.#cache.size >= maxCacheEntries)
      for (const oldest of [...this.#cache.keys()].slice(0, maxCacheEntries / 10)) this.#cache.delete(oldest)
    this.#cache.delete(key)
    this.#cache.set(key, { response, untilMs: this.#clock.now() + maxCacheMs })
  }
}

function withId(response: Buffer, query: Buffer): Buffer {
  const copy = Buffer.from(response)
  query.copy(copy, 0, 0, 2)
  return copy
}

function askUdp({ host, port }: UpstreamServer, query: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    const timer = setTimeout(
      () => finish(() => reject(new Error(`${host} did not answer in ${tryTimeoutMs} ms`))),
      tryTimeoutMs,
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
function askTcp({ host, port }: UpstreamServer, query: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: tryTimeoutMs })
    let received: Buffer = Buffer.alloc(0)
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    socket.on('timeout', () => fail(new Error(`${host} did not answer in ${tryTimeoutMs} ms`)))
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
