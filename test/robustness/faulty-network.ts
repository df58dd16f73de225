/** The way between clients and one server: every byte passes here, and can be cut off, held up, or lost on the way back. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

export class FaultyNetwork {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #isCut = false
  #delayMs = 0
  /** Nothing passes for now, in either direction or only towards clients. */
  #held: 'no' | 'both' | 'answers' = 'no'

  constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: false }, client => this.#join(client, port))
  }

  /** Resolves with the port for clients. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  /** Breaks every connection and lets no other one come up before `heal`. */
  cut(): void {
    this.#isCut = true
    this.breakAll()
  }

  breakAll(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy()
      server.destroy()
    }
  }

  /** Connections stand, but nothing arrives before `heal`. */
  hold(which: 'both' | 'answers'): void {
    this.#held = which
    for (const pair of this.#pairs) this.#pause(pair)
  }

  delay(ms: number): void {
    this.#delayMs = ms
  }

  heal(): void {
    this.#isCut = false
    this.#delayMs = 0
    this.#held = 'no'
    for (const { client, server } of this.#pairs) {
      client.resume()
      server.resume()
    }
  }

  async close(): Promise<void> {
    this.breakAll()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket, port: number): void {
    if (this.#isCut) {
      client.destroy()
      return
    }
    const server = connect(port, '127.0.0.1')
    const pair = { client, server }
    this.#pairs.add(pair)
    this.#forward(client, server)
    this.#forward(server, client)
    this.#pause(pair)
  }

  #forward(from: Socket, to: Socket): void {
    let waiting = 0
    let last: Promise<unknown> = Promise.resolve()
    from.on('data', chunk => {
      // In order: what comes after a delayed piece waits for it, also when delays are over.
      if (this.#delayMs === 0 && waiting === 0) {
        to.write(chunk)
        return
      }
      waiting++
      last = Promise.all([last, sleep(this.#delayMs)]).then(() => {
        waiting--
        to.write(chunk)
      })
    })
    from.on('error', () => {})
    from.on('close', () => {
      to.destroy()
      for (const pair of this.#pairs) if (pair.client === from || pair.server === from) this.#pairs.delete(pair)
    })
  }

  #pause({ client, server }: Pair): void {
    if (this.#held === 'no') return
    server.pause()
    if (this.#held === 'both') client.pause()
  }
}
