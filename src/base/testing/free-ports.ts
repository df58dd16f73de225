/** Ports that were free a moment ago, for programs that cannot be asked for any free one. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/** All different, for each is held until all are found. `host`: the address that they are free at. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port!
}
