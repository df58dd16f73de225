/** The cluster DNS on one address: UDP and TCP. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket as TcpSocket } from 'node:net'
import type { Logger } from '../base/log.ts'
import type { Responder } from './responder.ts'

export interface DnsServerOptions {
  readonly responder: Responder
  /** Where to listen; port 0 picks one. */
  readonly addresses: readonly string[]
  readonly port: number
  readonly log: Logger
}

export interface DnsServer {
  readonly port: number
  stop(): Promise<void>
}

/** Answers under way at once; further UDP questions are dropped, and asked again by their clients. */
const maxPending = 2000
const maxTcpConnections = 200
const tcpIdleMs = 10_000

export async function startDnsServer({ responder, addresses, port, log }: DnsServerOptions): Promise<DnsServer> {
  const closers: (() => Promise<void>)[] = []
  let chosen = port
  try {
    for (const address of addresses) {
      const udp = await listenUdp(responder, address, chosen, log)
      closers.push(() => new Promise(done => udp.close(() => done())))
      chosen = udp.address().port
      const tcp = await listenTcp(responder, address, chosen, log)
      closers.push(() => new Promise(done => tcp.close(() => done())))
    }
  } catch (error) {
    await Promise.all(closers.map(close => close()))
    throw error
  }
  return {
    port: chosen,
    async stop() {
      await Promise.all(closers.map(close => close()))
    },
  }
}

function listenUdp(responder: Responder, address: string, port: number, log: Logger): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: false })
  let pending = 0
  socket.on('message', (message, peer) => {
    if (pending >= maxPending) return
    pending += 1
    responder
      .respond(message, 'udp')
      .then(response => {
        if (response) socket.send(response, peer.port, peer.address)
      })
      .catch(error => log.warn({ err: error }, 'a DNS question failed'))
      .finally(() => {
        pending -= 1
      })
  })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, address, () => {
      socket.off('error', reject)
      socket.on('error', error => log.warn({ err: error }, 'DNS socket'))
      resolve(socket)
    })
  })
}

function listenTcp(responder: Responder, address: string, port: number, log: Logger): Promise<Server> {
  const sockets = new Set<TcpSocket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setTimeout(tcpIdleMs, () => socket.destroy())
    void serveTcp(responder, socket).catch(error => {
      if (!socket.destroyed) log.warn({ err: error }, 'a DNS question failed')
      socket.destroy()
    })
  })
  server.maxConnections = maxTcpConnections
  server.on('close', () => {})
  const close = server.close.bind(server)
  server.close = callback => {
    for (const socket of sockets) socket.destroy()
    return close(callback)
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

/** Messages with a length of two bytes in front, answered in order (RFC 7766). */
async function serveTcp(responder: Responder, socket: TcpSocket): Promise<void> {
  let buffered = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    buffered = Buffer.concat([buffered, chunk])
    while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
      const end = 2 + buffered.readUInt16BE(0)
      const response = await responder.respond(buffered.subarray(2, end), 'tcp')
      buffered = buffered.subarray(end)
      if (!response) return void socket.destroy()
      const length = Buffer.alloc(2)
      length.writeUInt16BE(response.length)
      // A client that asks on without reading must not fill the memory.
      if (!socket.write(Buffer.concat([length, response]))) await once(socket, 'drain')
    }
  }
}
