/**
 * A way to any API server that is well, for the components of a node: it listens on the loopback, hands each connection to
 * one server, byte for byte, and ends the connections of a server that no longer answers. TLS goes through it untouched.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type Clock, systemClock, type Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Readiness } from './readiness.ts'
import { type ServerAddress, ServerStates } from './server-states.ts'

export interface LoadBalancerOptions {
  readonly servers: readonly ServerAddress[]
  /** How a server is; rejects where it does not answer. */
  readonly check: (server: ServerAddress) => Promise<Readiness>
  readonly log: Logger
  readonly random: () => number
  readonly clock?: Clock
}

const checkEveryMs = 1_000
const connectTimeoutMs = 2_000
/** The components of one node have a handful. */
const maxConnections = 1_000

export class LoadBalancer {
  readonly #options: LoadBalancerOptions
  readonly #clock: Clock
  readonly #states: ServerStates
  readonly #listener: Server
  /** Connections of clients by the server that they were handed to. */
  readonly #connections = new Map<Socket, ServerAddress>()
  readonly #clients = new Set<Socket>()
  /** The next check of each server: none waits for another's answer. */
  readonly #timers = new Map<ServerAddress, Timer>()
  #closed = false

  private constructor(options: LoadBalancerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#states = new ServerStates(options.servers)
    this.#listener = createServer({ noDelay: true }, client => void this.#accept(client))
    this.#listener.maxConnections = maxConnections
  }

  static async start(options: LoadBalancerOptions): Promise<LoadBalancer> {
    const balancer = new LoadBalancer(options)
    balancer.#listener.listen(0, '127.0.0.1')
    await once(balancer.#listener, 'listening')
    await Promise.all(balancer.servers.map(server => balancer.#check(server)))
    return balancer
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`
  }

  get servers(): readonly ServerAddress[] {
    return this.#states.servers
  }

  /** From now on these are the servers. */
  use(servers: readonly ServerAddress[]): void {
    if (servers.length === 0 || !this.#states.use(servers)) return
    this.#options.log.info({ servers: this.#states.servers }, 'the API servers')
    const gone = new Set([...this.#connections.values()].filter(server => !this.#states.servers.includes(server)))
    for (const server of gone) this.#end(server)
    for (const server of this.#states.servers) if (this.#states.stateOf(server) === 'unknown') void this.#check(server)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers.values()) timer.cancel()
    const closed = once(this.#listener, 'close')
    this.#listener.close()
    for (const client of this.#clients) client.destroy()
    await closed
  }

  /** Now, and then again and again, as long as it is one of the servers. */
  async #check(server: ServerAddress): Promise<void> {
    this.#timers.get(server)?.cancel()
    const before = this.#states.stateOf(server)
    const begun = this.#states.begin()
    let isRefused = false
    const state = await this.#options.check(server).catch(error => {
      isRefused = isRefusal(error)
      return 'down' as const
    })
    if (this.#closed) return
    const leave = this.#states.found(server, state, begun, isRefused)
    if (state !== before && before !== 'unknown') this.#options.log.info({ server, state }, 'an API server changed')
    if (leave) this.#end(server)
    this.#timers.get(server)?.cancel()
    if (!this.#states.servers.includes(server)) return void this.#timers.delete(server)
    this.#timers.set(
      server,
      this.#clock.after(checkEveryMs, () => void this.#check(server)),
    )
  }

  #end(server: ServerAddress): void {
    for (const [client, used] of this.#connections) if (used === server) client.destroy()
  }

  async #accept(client: Socket): Promise<void> {
    this.#clients.add(client)
    client.on('error', () => client.destroy())
    client.once('close', () => this.#clients.delete(client))
    const counts = new Map<ServerAddress, number>()
    for (const server of this.#connections.values()) counts.set(server, (counts.get(server) ?? 0) + 1)
    for (const server of this.#states.order(one => counts.get(one) ?? 0, this.#options.random)) {
      const upstream = await dial(server)
      const isConnected = typeof upstream === 'object'
      if (client.destroyed) {
        if (isConnected) upstream.destroy()
        return
      }
      if (!isConnected) {
        // Faster than the next check: the next connection does not wait for this server again.
        if (this.#states.found(server, 'down', this.#states.begin(), upstream === 'refused')) this.#end(server)
        continue
      }
      this.#join(client, upstream, server)
      return
    }
    client.destroy()
  }

  #join(client: Socket, upstream: Socket, server: ServerAddress): void {
    this.#connections.set(client, server)
    const end = () => {
      this.#connections.delete(client)
      client.destroy()
      upstream.destroy()
    }
    upstream.on('error', end)
    client.once('close', end)
    upstream.once('close', () => {
      // What has arrived is handed on first.
      this.#connections.delete(client)
      client.end()
    })
    client.pipe(upstream)
    upstream.pipe(client)
  }
}

const isRefusal = (error: Error): boolean => (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'

/** A connection to a server, or why there is none to be had in time. */
function dial(server: ServerAddress): Promise<Socket | 'refused' | 'failed'> {
  const at = server.lastIndexOf(':')
  const host = server.slice(0, at).replace(/^\[(.*)\]$/, '$1')
  return new Promise(resolve => {
    const socket = connect({ host, port: Number(server.slice(at + 1)), noDelay: true, keepAlive: true })
    const fail = (error?: Error) => {
      socket.destroy()
      resolve(error && isRefusal(error) ? 'refused' : 'failed')
    }
    socket.setTimeout(connectTimeoutMs, () => fail())
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}
