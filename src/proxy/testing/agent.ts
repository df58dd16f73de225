/** A process inside of a network namespace of a test: serves its name over TCP and UDP on port 8080, and asks others. */
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'

const name = process.argv[2] ?? ''
const port = 8080
/** Answers with a name and the client's address as it is seen here. */
const answer = (address: string | undefined) => `${name} ${address?.replace('::ffff:', '')}`

const server = createServer(socket => {
  socket.on('error', () => {})
  // As a web server: the answer comes after the request, a moment later.
  socket.once('data', () => setTimeout(() => socket.end(answer(socket.remoteAddress)), 5))
})
server.listen(port, '0.0.0.0')
const udp = createSocket('udp4')
udp.on('message', (_, peer) => udp.send(answer(peer.address), peer.port, peer.address))
udp.bind(port)

function askTcp(host: string, toPort: number): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    const socket = connect({ host, port: toPort, timeout: 400 }, () => socket.write('x'))
    socket.on('data', part => (text += part))
    socket.on('timeout', () => socket.destroy(Object.assign(new Error(), { code: 'TIMEOUT' })))
    socket.on('error', error => resolve((error as NodeJS.ErrnoException).code ?? 'error'))
    socket.on('close', () => resolve(text === '' ? 'EMPTY' : text))
  })
}

function askUdp(host: string, toPort: number, fromPort: number): Promise<string> {
  return new Promise(resolve => {
    const socket = createSocket('udp4')
    const end = (text: string) => {
      clearTimeout(timer)
      socket.close()
      resolve(text)
    }
    const timer = setTimeout(() => end('TIMEOUT'), 400)
    socket.on('error', error => end((error as NodeJS.ErrnoException).code ?? 'error'))
    socket.on('message', message => end(message.toString()))
    socket.bind(fromPort, () => socket.connect(toPort, host, () => socket.send('x')))
  })
}

interface Request {
  readonly id: number
  readonly tcp?: { readonly host: string; readonly port: number }
  readonly udp?: { readonly host: string; readonly port: number; readonly fromPort: number }
  /** Asks again and again, several at once, until `stop`. */
  readonly hammer?: { readonly host: string; readonly port: number }
  readonly stop?: boolean
  readonly die?: boolean
}

let hammering: Promise<string[]> | undefined
let stopped = false

async function hammer(host: string, toPort: number): Promise<string[]> {
  const answers: string[] = []
  const one = async () => {
    while (!stopped) answers.push(await askTcp(host, toPort))
  }
  await Promise.all([one(), one(), one(), one()])
  return answers
}

process.on('message', async ({ id, ...request }: Request) => {
  // As a server that ends at once on SIGTERM.
  if (request.die) process.exit(0)
  let result: unknown
  if (request.tcp) result = await askTcp(request.tcp.host, request.tcp.port)
  if (request.udp) result = await askUdp(request.udp.host, request.udp.port, request.udp.fromPort)
  if (request.hammer) hammering = hammer(request.hammer.host, request.hammer.port)
  if (request.stop) {
    stopped = true
    result = await hammering
  }
  process.send?.({ id, result })
})
process.on('disconnect', () => process.exit(0))
server.on('listening', () => process.send?.({ id: 0 }))
