/** Ports that were free a moment ago, for programs that cannot be asked for any free one. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Below those that Linux gives to connections (32768 and up), which would take a port again before the program opens it. */
const firstPort = 11_000
const lastPort = 29_999
const tries = 100

/** All different, for each is held until all are found. `host`: the address that they are free at. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers: Server[] = []
  for (let i = 0; i < count; i += 1) servers.push(await listenSomewhere(host))
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port!
}

async function listenSomewhere(host: string): Promise<Server> {
  for (let left = tries; ; left -= 1) {
    const server = createServer()
    try {
      await once(server.listen(randomInt(firstPort, lastPort + 1), host), 'listening')
      return server
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || left === 0) throw error
    }
  }
}
