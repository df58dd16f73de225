/** Run as `node idle-clients.ts COUNT` with a door as JSON on its standard input: holds so many connections until it is killed. */
import { connect, type TLSSocket } from 'node:tls'
import type { Door } from './raw-connection.ts'

/** Handshakes under way at once. */
const lanes = 32

const count = Number(process.argv[2])
let text = ''
for await (const chunk of process.stdin) text += chunk
const { port, ca } = JSON.parse(text) as Pick<Door, 'port' | 'ca'>

/** Resumed, all but the first: what is tried here is holding connections, not making keys. */
let session: Buffer | undefined
const held: TLSSocket[] = []

function failed(error: Error): never {
  process.stdout.write(`failed after ${held.length}: ${error.message}\n`)
  process.exit(1)
}

function open(): Promise<void> {
  return new Promise(resolve => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca,
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
      ...(session ? { session } : {}),
    })
    socket.once('session', given => {
      session ??= given
    })
    socket.once('secureConnect', () => {
      held.push(socket)
      resolve()
    })
    socket.once('error', failed)
    socket.once('close', () => failed(new Error('the server closed a connection')))
  })
}

let left = count
const lane = async () => {
  while (left-- > 0) await open()
}
await Promise.all(Array.from({ length: lanes }, lane))
process.stdout.write(`holds ${held.length}\n`)
setInterval(() => {}, 60_000)
