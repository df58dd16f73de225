import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { GrpcChannel } from './grpc-channel.ts'
import { GrpcError } from './grpc-error.ts'

const directory = mkdtempSync('/tmp/grpc-')
const socketPath = join(directory, 's.sock')
let server: Http2Server
const frame = (...bytes: number[]) => Buffer.from([0, 0, 0, 0, bytes.length, ...bytes])

async function listen(): Promise<void> {
  server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    stream.resume()
    if (headers[':path'] === '/hang') return
    if (headers[':path'] === '/missing') {
      // A response of headers alone, as Go's server fails early.
      stream.respond({ ':status': 200, 'grpc-status': '12', 'grpc-message': 'not%20here' }, { endStream: true })
      return
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    const whole = Buffer.concat([frame(1, 2), frame(), frame(3)])
    // Frames may be cut anywhere.
    stream.write(whole.subarray(0, 6))
    stream.end(whole.subarray(6))
  })
  server.listen(socketPath)
  await once(server, 'listening')
}

before(listen)
after(() => {
  server.close()
  rmSync(directory, { recursive: true })
})

const codeOf = async (call: Promise<unknown>): Promise<number> => {
  const error = await call.then(
    () => assert.fail('did not fail'),
    (failure: unknown) => failure,
  )
  assert.ok(error instanceof GrpcError)
  return error.code
}

test('a stream gives each message, however it is cut', async () => {
  const channel = new GrpcChannel({ socketPath })
  const messages: number[][] = []
  await channel.stream('/three', new Uint8Array(), message => messages.push([...message]))
  assert.deepEqual(messages, [[1, 2], [], [3]])
  channel.close()
})

test('failures carry their code and read as Go prints them', async () => {
  const channel = new GrpcChannel({ socketPath })
  await assert.rejects(channel.unary('/missing', new Uint8Array()), {
    message: 'rpc error: code = Unimplemented desc = not here',
  })
  channel.close()
})

test('a call ends at its deadline and when it is given up', async () => {
  const channel = new GrpcChannel({ socketPath })
  assert.equal(await codeOf(channel.unary('/hang', new Uint8Array(), { timeoutMs: 30 })), 4)
  assert.equal(await codeOf(channel.unary('/hang', new Uint8Array(), { signal: AbortSignal.timeout(30) })), 1)
  channel.close()
})

test('a lost connection fails calls as unavailable, and the next call connects again', async () => {
  const channel = new GrpcChannel({ socketPath })
  const hanging = channel.unary('/hang', new Uint8Array())
  const failed = codeOf(hanging)
  const [session] = await once(server, 'session')
  await once(server, 'stream')
  session.destroy()
  assert.equal(await failed, 14)
  await channel.stream('/three', new Uint8Array(), () => {})
  channel.close()
})

test('calls on a connection that is being made, and looks at one that stands, leave no listeners behind', async t => {
  const warnings: string[] = []
  const note = (warning: Error) => warnings.push(String(warning))
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  const channel = new GrpcChannel({ socketPath })
  await Promise.all(Array.from({ length: 20 }, () => channel.stream('/three', new Uint8Array(), () => {})))
  for (let look = 0; look < 20; look++) {
    channel.verify(10_000)
    await channel.stream('/three', new Uint8Array(), () => {})
  }
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(warnings, [])
  channel.close()
})
