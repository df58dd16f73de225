/** Exchanges over HTTP/2 that a handler takes over, or whose bodies do not come as they should. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '../../base/clock.ts'
import { ApiError } from '../../machinery/api-error.ts'
import type { ApiServer } from '../api-server.ts'
import type { ServerRequest, ServerResponse } from '../chain/server-request.ts'
import { ensurePki } from '../pki/pki.ts'
import { type RunningHttpServer, startHttpServer } from './http-server.ts'

let directory: string
let ca: string
let http: RunningHttpServer
let session: ClientHttp2Session
/** Of the requests that were handled, in order. */
const seen: ServerRequest[] = []

const longValue = 'x'.repeat(40_000)

/** `/echo` sends the body back, `/hold` takes none of it and answers nothing; else the answer is the body's length. */
async function handle(request: ServerRequest): Promise<ServerResponse> {
  seen.push(request)
  if (request.path === '/echo') {
    const { request: incoming, response } = request.connection?.exchange ?? assert.fail('no exchange')
    response.writeHead(202, { 'x-is': 'echo' })
    response.flushHeaders()
    incoming.pipe(response)
    const finished = once(response, 'close').then(() => {})
    return { status: 202, headers: {}, body: { is: 'hijacked', finished } }
  }
  if (request.path === '/hold') {
    const finished = new Promise<void>(resolve => request.signal.addEventListener('abort', () => resolve()))
    return { status: 200, headers: {}, body: { is: 'hijacked', finished } }
  }
  const { body, path } = request
  const headers: ServerResponse['headers'] = path === '/long-headers' ? { long: longValue } : {}
  try {
    const bytes = body.is === 'bytes' ? await body.read() : Buffer.alloc(0)
    return { status: 200, headers, body: { is: 'bytes', chunks: [Buffer.from(String(bytes.length))] } }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { status: error.code, headers: {}, body: { is: 'none' } }
  }
}

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'clipper-exchange-'))
  const names = { altNames: ['127.0.0.1'], serviceAddresses: ['10.96.0.1'] }
  const pki = ensurePki({ directory, nodeName: 'n', ...names, clock: systemClock })
  ca = pki.caPem
  http = await startHttpServer({ handle } as unknown as ApiServer, {
    host: '127.0.0.1',
    port: 0,
    certificate: pki.serving.certificatePem,
    key: pki.serving.privateKeyPem,
    clientCa: pki.caPem,
    limits: { bodyMs: 300 },
  })
  session = connect(`https://127.0.0.1:${http.port}`, { ca })
})
after(async () => {
  session.destroy()
  await http.close(0)
  rmSync(directory, { recursive: true, force: true })
})

async function ask(headers: OutgoingHttpHeaders, body?: Uint8Array): Promise<{ status: number; bytes: Buffer }> {
  const stream = session.request({ ':method': 'POST', ...headers }, { endStream: body === undefined })
  const answered = once(stream, 'response')
  if (body) stream.end(body)
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  const [head] = await answered
  return { status: head[':status'], bytes: Buffer.concat(chunks) }
}

test('what is passed on comes back whole, also far more than the windows hold', async () => {
  const sent = randomBytes(5 << 20)
  const { status, bytes } = await ask({ ':path': '/echo' }, sent)
  assert.equal(status, 202)
  const hash = (of: Uint8Array) => createHash('sha256').update(of).digest('hex')
  assert.equal(hash(bytes), hash(sent))
  assert.equal(seen.at(-1)?.connection?.request.hasBody, true)
  assert.deepEqual(await ask({ ':path': '/echo' }), { status: 202, bytes: Buffer.alloc(0) })
  assert.equal(seen.at(-1)?.connection?.request.hasBody, false)
})

test('a body that nobody takes is held back by the window', async () => {
  const stream = session.request({ ':method': 'POST', ':path': '/hold' })
  stream.on('error', () => {})
  stream.write(randomBytes(4 << 20))
  // Another stream of the same connection goes on meanwhile.
  assert.equal((await ask({ ':path': '/length' }, Buffer.alloc(1 << 20))).bytes.toString(), String(1 << 20))
  assert.ok(stream.writableLength > 0, 'all of it was taken')
  const { signal } = seen.find(({ path }) => path === '/hold') ?? assert.fail('not asked')
  stream.close(constants.NGHTTP2_CANCEL)
  if (!signal.aborted) await once(signal, 'abort')
})

test('bodies that are too long, too slow or of another length than declared are refused', async () => {
  assert.equal((await ask({ ':path': '/length' }, Buffer.alloc(3 << 20))).bytes.toString(), String(3 << 20))
  assert.equal((await ask({ ':path': '/length' }, Buffer.alloc((3 << 20) + 1))).status, 413)
  const slow = session.request({ ':method': 'POST', ':path': '/length' })
  slow.write('a')
  const [head] = await once(slow, 'response')
  assert.equal(head[':status'], 408)
  slow.close()
  const wrong = session.request({ ':method': 'POST', ':path': '/length', 'content-length': '5' })
  wrong.end('abc')
  const [error] = await once(wrong, 'error')
  assert.match(error.message, /PROTOCOL_ERROR/)
  assert.equal((await ask({ ':path': '/length' }, Buffer.from('abc'))).bytes.toString(), '3')
})

test('headers that are longer than a frame may be arrive', async () => {
  const stream = session.request({ ':path': '/long-headers' })
  const [head] = await once(stream, 'response')
  assert.equal(head.long, longValue)
  let text = ''
  for await (const chunk of stream) text += chunk
  assert.equal(text, '0')
})

test('a server that closes answers what it has accepted and says GOAWAY first', async () => {
  const other = connect(`https://127.0.0.1:${http.port}`, { ca })
  const stream = other.request({ ':method': 'POST', ':path': '/echo' })
  await once(stream, 'response')
  const told = once(other, 'goaway')
  const closed = http.close(60_000)
  await told
  stream.end('bye')
  let text = ''
  for await (const chunk of stream) text += chunk
  assert.equal(text, 'bye')
  session.destroy()
  await closed
})
