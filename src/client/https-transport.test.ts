import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http2, { type Http2SecureServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ApiError } from '../machinery/api-error.ts'
import { HttpsTransport, UnreachableError } from './https-transport.ts'
import { certificate as cert, key } from './testing/localhost-certificate.ts'

type Handler = (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void

async function serve(t: TestContext, handler: Handler): Promise<{ server: Http2SecureServer; url: string }> {
  const server = http2.createSecureServer({ cert, key })
  const sessions = new Set<http2.ServerHttp2Session>()
  server.on('session', session => sessions.add(session))
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    handler(stream, headers)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { server, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function transportTo(t: TestContext, server: string, more: object = {}): HttpsTransport {
  const transport = new HttpsTransport({ server, ca: cert, ...more })
  t.after(() => transport.close())
  return transport
}

const answer = (stream: ServerHttp2Stream, body: unknown, status = 200, more: object = {}) => {
  stream.respond({ ':status': status, 'content-type': 'application/json', ...more })
  stream.end(JSON.stringify(body))
}

test('HttpsTransport sends path, query, body and token, and parses the answer', async t => {
  const { url } = await serve(t, (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () =>
      answer(stream, {
        path: headers[':path'],
        token: headers.authorization,
        type: headers['content-type'],
        body: String(Buffer.concat(chunks)),
      }),
    )
  })
  const transport = transportTo(t, url, { token: 'abc' })
  const got = await transport.request({
    method: 'POST',
    path: '/api/v1/pods',
    query: { dryRun: 'All', limit: undefined },
    body: { a: 1 },
  })
  assert.deepEqual(got, {
    path: '/api/v1/pods?dryRun=All',
    token: 'Bearer abc',
    type: 'application/json',
    body: '{"a":1}',
  })
})

test('HttpsTransport throws the Status of a failure as ApiError', async t => {
  const status = {
    kind: 'Status',
    code: 404,
    reason: 'NotFound',
    message: 'pods "a" not found',
    details: { name: 'a' },
  }
  const { url } = await serve(t, (stream, headers) =>
    headers[':path'] === '/plain'
      ? stream.respond({ ':status': 502 }, { endStream: true })
      : answer(stream, status, 404),
  )
  const transport = transportTo(t, url)
  await assert.rejects(
    transport.request({ method: 'GET', path: '/api/v1/pods/a' }),
    (error: ApiError) => error.reason === 'NotFound' && error.code === 404 && error.status.details?.name === 'a',
  )
  await assert.rejects(
    transport.request({ method: 'GET', path: '/plain' }),
    (error: ApiError) => error.code === 502 && error.message === 'the server answered with code 502',
  )
})

test('HttpsTransport waits as told by Retry-After and tries again', async t => {
  let calls = 0
  const { url } = await serve(t, stream =>
    calls++ === 0 ? answer(stream, {}, 429, { 'retry-after': '0' }) : answer(stream, { ok: true }),
  )
  assert.deepEqual(await transportTo(t, url).request({ method: 'POST', path: '/x', body: {} }), { ok: true })
  assert.equal(calls, 2)
})

test('HttpsTransport reads the token file again after 401', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'token-'))
  t.after(() => rm(directory, { recursive: true }))
  const tokenFile = join(directory, 'token')
  await writeFile(tokenFile, 'old\n')
  let accepted = 'Bearer old'
  const { url } = await serve(t, (stream, headers) =>
    headers.authorization === accepted
      ? answer(stream, {})
      : answer(stream, { kind: 'Status', reason: 'Unauthorized' }, 401),
  )
  const transport = transportTo(t, url, { tokenFile })
  await transport.request({ method: 'GET', path: '/x' })
  await writeFile(tokenFile, 'new\n')
  accepted = 'Bearer new'
  await transport.request({ method: 'GET', path: '/x' })
})

test('HttpsTransport connects again after the connection was lost', async t => {
  const { url } = await serve(t, (stream, headers) => {
    if (headers[':path'] === '/kill') stream.session?.destroy()
    else answer(stream, {})
  })
  const transport = transportTo(t, url)
  await assert.rejects(transport.request({ method: 'POST', path: '/kill', body: {} }), UnreachableError)
  assert.deepEqual(await transport.request({ method: 'POST', path: '/x', body: {} }), {})
})

test('HttpsTransport gives up on an answer that does not come, and on a server that is not there', async t => {
  const { url, server } = await serve(t, () => {})
  const transport = transportTo(t, url, { requestTimeoutMs: 50 })
  await assert.rejects(transport.request({ method: 'GET', path: '/x' }), { name: 'TimeoutError' })
  transport.close()
  server.close()
  const free = transportTo(t, 'https://127.0.0.1:1')
  await assert.rejects(free.request({ method: 'GET', path: '/x' }), /ECONNREFUSED/)
})

test('HttpsTransport refuses a server whose certificate it does not trust', async t => {
  const { url } = await serve(t, stream => answer(stream, {}))
  const transport = new HttpsTransport({ server: url })
  t.after(() => transport.close())
  await assert.rejects(transport.request({ method: 'GET', path: '/x' }), /certificate/i)
})

test('HttpsTransport opens more connections when one is full', async t => {
  let sessions = 0
  const waiting: ServerHttp2Stream[] = []
  const { url, server } = await serve(t, stream => {
    waiting.push(stream)
    if (waiting.length === 300) for (const one of waiting) answer(one, {})
  })
  server.on('session', () => sessions++)
  const transport = transportTo(t, url)
  await Promise.all(Array.from({ length: 300 }, () => transport.request({ method: 'GET', path: '/x' })))
  assert.equal(sessions, 2)
})

test('HttpsTransport gives the events of a watch, however they are cut, until the signal', async t => {
  const closed = Promise.withResolvers<void>()
  const { url } = await serve(t, stream => {
    stream.on('close', () => closed.resolve())
    stream.respond({ ':status': 200 })
    stream.write('{"type":"ADDED","object":{"a":"')
    stream.write('é"}}\n{"type":"BOOK')
    stream.write('MARK","object":{}}\n')
  })
  const stop = new AbortController()
  const types: string[] = []
  for await (const event of transportTo(t, url).watch({ method: 'GET', path: '/x', signal: stop.signal })) {
    types.push(event.type)
    if (event.type === 'BOOKMARK') stop.abort()
  }
  assert.deepEqual(types, ['ADDED', 'BOOKMARK'])
  await closed.promise
})

test('HttpsTransport throws ApiError where a watch is refused', async t => {
  const { url } = await serve(t, stream =>
    answer(stream, { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }, 410),
  )
  const watch = transportTo(t, url).watch({ method: 'GET', path: '/x' })
  await assert.rejects(
    (async () => {
      for await (const _ of watch) assert.fail()
    })(),
    (error: unknown) => error instanceof ApiError && error.code === 410,
  )
})
