import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { createServer, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { systemClock } from '../base/clock.ts'
import { credentialsOf } from './http/http-request.ts'
import { type RunningHttpServer, startHttpServer } from './http/http-server.ts'
import { ensurePki, type Pki } from './pki/pki.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

let directory: string
let pki: Pki
let server: TestServer
let http: RunningHttpServer
before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'clipper-http-'))
  const names = { altNames: ['127.0.0.1'], serviceAddresses: ['10.96.0.1'] }
  pki = ensurePki({ directory, nodeName: 'n', ...names, clock: systemClock })
  server = await startTestServer()
  http = await startHttpServer(server.server, {
    host: '127.0.0.1',
    port: 0,
    certificate: pki.serving.certificatePem,
    key: pki.serving.privateKeyPem,
    clientCa: pki.caPem,
  })
})
after(async () => {
  await http.close(100)
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

function fetchOverHttp1(
  method: string,
  path: string,
  body?: Buffer | string,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      { host: '127.0.0.1', port: http.port, method, path, ca: pki.caPem, headers, agent: false },
      response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      },
    )
    request.on('upgrade', (_response, socket) => socket.destroy())
    request.on('error', reject)
    request.end(body)
  })
}

const json = { 'content-type': 'application/json', accept: 'application/json' }
const configMaps = '/api/v1/namespaces/default/configmaps'

test('HTTP/1.1 and HTTP/2 reach the same objects on one port', async () => {
  const created = await fetchOverHttp1('POST', configMaps, JSON.stringify({ metadata: { name: 'both' } }), json)
  assert.equal(created.status, 201)
  const session = connectHttp2(`https://127.0.0.1:${http.port}`, { ca: pki.caPem })
  const stream = session.request({ ':path': `${configMaps}/both`, accept: 'application/json' })
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  session.close()
  assert.deepEqual(Buffer.concat(chunks), created.body)
})

test('a body over 3 MiB is refused with 413', async () => {
  const big = Buffer.alloc(3 * 1024 * 1024 + 1, 32)
  const reply = await fetchOverHttp1('POST', configMaps, big, json)
  assert.equal(reply.status, 413)
  assert.equal(JSON.parse(reply.body.toString()).reason, 'RequestEntityTooLarge')
})

test('large answers are compressed for those who take gzip', async () => {
  for (let i = 0; i < 3; i++) {
    const object = { metadata: { name: `large-${i}` }, data: { x: 'x'.repeat(200_000) } }
    assert.equal((await fetchOverHttp1('POST', configMaps, JSON.stringify(object), json)).status, 201)
  }
  const plain = await fetchOverHttp1('GET', configMaps, undefined, json)
  assert.equal(plain.headers['content-encoding'], undefined)
  const zipped = await fetchOverHttp1('GET', configMaps, undefined, { ...json, 'accept-encoding': 'gzip' })
  assert.equal(zipped.headers['content-encoding'], 'gzip')
  assert.ok(zipped.body.length < plain.body.length / 10)
  assert.deepEqual(JSON.parse(gunzipSync(zipped.body).toString()), JSON.parse(plain.body.toString()))
})

test('an Upgrade that no handler takes is answered with a Status', async () => {
  const reply = await fetchOverHttp1('GET', '/api/v1/namespaces/default/pods/none/exec?command=sh', undefined, {
    connection: 'Upgrade',
    upgrade: 'websocket',
  })
  assert.equal(reply.status, 404)
})

test('only a certificate that the authority has signed says who somebody is', async () => {
  const { certificatePem, privateKeyPem } = pki.identity('admin')
  const foreign = mkdtempSync(join(tmpdir(), 'clipper-http-foreign-'))
  const other = ensurePki({ directory: foreign, nodeName: 'n', altNames: [], serviceAddresses: [], clock: systemClock })
  const seen: unknown[] = []
  const probe = createServer({
    cert: pki.serving.certificatePem,
    key: pki.serving.privateKeyPem,
    ca: pki.caPem,
    requestCert: true,
    rejectUnauthorized: false,
  })
  probe.on('request', (request, response) => {
    seen.push(credentialsOf(request).certificate?.organizations)
    response.end()
  })
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', () => resolve()))
  const { port } = probe.address() as { port: number }
  const ask = (cert: string, key: string) =>
    new Promise<void>((resolve, reject) => {
      const asked = httpsRequest({ host: '127.0.0.1', port, ca: pki.caPem, cert, key, agent: false }, response => {
        response.resume()
        response.on('close', () => resolve())
      })
      asked.on('error', reject)
      asked.end()
    })
  await ask(certificatePem, privateKeyPem)
  const admin = other.identity('admin')
  await ask(admin.certificatePem, admin.privateKeyPem)
  await new Promise<void>(resolve => probe.close(() => resolve()))
  rmSync(foreign, { recursive: true, force: true })
  assert.deepEqual(seen, [['system:masters'], undefined])
})

test('a watch is streamed event by event', async () => {
  const session = connectHttp2(`https://127.0.0.1:${http.port}`, { ca: pki.caPem })
  const stream = session.request({
    ':path': '/api/v1/namespaces/default/secrets?watch=true',
    accept: 'application/json',
  })
  await new Promise<void>(resolve => stream.once('response', () => resolve()))
  const first = new Promise<string>(resolve => stream.once('data', chunk => resolve(String(chunk))))
  await fetchOverHttp1('POST', '/api/v1/namespaces/default/secrets', JSON.stringify({ metadata: { name: 's' } }), json)
  const event = JSON.parse(await first)
  assert.equal(event.type, 'ADDED')
  assert.equal(event.object.metadata.name, 's')
  stream.close()
  session.close()
})

test('over HTTP/2, HEAD has no body and expectations are met', async () => {
  const session = connectHttp2(`https://127.0.0.1:${http.port}`, { ca: pki.caPem })
  const ask = (headers: Record<string, string>, body?: string) =>
    new Promise<{ status: unknown; continued: boolean; text: string }>((resolve, reject) => {
      const stream = session.request(headers, { endStream: body === undefined })
      let [status, text, continued] = [0 as unknown, '', false]
      stream.on('continue', () => {
        continued = true
      })
      stream.on('response', answer => {
        status = answer[':status']
      })
      stream.on('data', chunk => {
        text += chunk
      })
      stream.on('end', () => resolve({ status, continued, text }))
      stream.on('error', reject)
      if (body !== undefined) stream.end(body)
    })
  const head = await ask({ ':method': 'HEAD', ':path': '/livez' })
  assert.deepEqual(head, { status: 200, continued: false, text: '' })
  const review = JSON.stringify({ kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' })
  const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const json = { 'content-type': 'application/json' }
  const expected = await ask({ ':method': 'POST', ':path': reviews, expect: '100-continue', ...json }, review)
  assert.equal(expected.continued, true)
  const plain = await ask({ ':method': 'POST', ':path': reviews, ...json }, review)
  assert.deepEqual([expected.status, expected.text], [plain.status, plain.text])
  session.destroy()
})

test('a client that goes in the midst of an answer leaves nothing behind', { timeout: 60_000 }, async () => {
  const options = { host: '127.0.0.1', port: 0, clientCa: pki.caPem }
  const { certificatePem: certificate, privateKeyPem: key } = pki.serving
  const own = await startHttpServer(server.server, { ...options, certificate, key })
  const admin = pki.identity('admin')
  const access = { ca: pki.caPem, cert: admin.certificatePem, key: admin.privateKeyPem }
  const session = connectHttp2(`https://127.0.0.1:${own.port}`, access)
  const path = '/api/v1/namespaces/default/configmaps'
  for (const name of ['large-1', 'large-2']) {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' })
    stream.end(JSON.stringify({ metadata: { name }, data: { text: 'x'.repeat(900_000) } }))
    for await (const _ of stream);
  }
  for (const accept of ['identity', 'gzip']) {
    const stream = session.request({ ':path': path, 'accept-encoding': accept })
    stream.on('error', () => {})
    await new Promise(resolve => stream.once('response', resolve))
    stream.close(8)
    // Nor is a stream closed whose small answer has come whole, as long as it is not read.
    stream.resume()
    await new Promise(resolve => stream.once('close', resolve))
  }
  session.close()
  // Were an answer still being written, this would wait for it.
  await own.close(600_000)
})
