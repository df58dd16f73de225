import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Container } from '../../api/core/v1/container.ts'
import { askByGrpc, askByHttp, askByTcp, portOf } from './handlers.ts'

const container = {
  name: 'c',
  resources: {},
  ports: [{ name: 'web', containerPort: 8080, protocol: 'TCP' }],
} as Container

test('an HTTP answer below 400 is a success, redirects on the same host are followed', async () => {
  const agents: (string | undefined)[] = []
  const server = createServer((request, response) => {
    agents.push(request.headers['user-agent'])
    if (request.url === '/moved') response.writeHead(302, { location: '/fine' }).end()
    else if (request.url === '/away') response.writeHead(302, { location: 'http://elsewhere.test/' }).end()
    else if (request.url === '/slow') return
    else response.writeHead(request.url === '/fine' ? 200 : 503).end('body')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = (path: string, timeoutMs = 5000) => askByHttp({ port, path }, container, '127.0.0.1', timeoutMs)
  try {
    assert.deepEqual(await ask('/fine'), { ok: true, output: 'body' })
    assert.equal((await ask('/moved')).ok, true)
    assert.equal((await ask('/away')).ok, true)
    assert.deepEqual(await ask('/other'), { ok: false, output: 'HTTP probe failed with statuscode: 503' })
    assert.match((await ask('/slow', 50)).output, /context deadline exceeded/)
    assert.equal(agents[0], 'kube-probe/1.37')
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('a refused connection is told as Go tells it', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  assert.equal((await askByTcp({ port }, container, '127.0.0.1', 1000)).ok, true)
  server.close()
  await once(server, 'close')
  const words = `dial tcp 127.0.0.1:${port}: connect: connection refused`
  assert.deepEqual(await askByTcp({ port }, container, '127.0.0.1', 1000), { ok: false, output: words })
  const http = await askByHttp({ port, path: '/x' }, container, '127.0.0.1', 1000)
  assert.equal(http.output, `Get "http://127.0.0.1:${port}/x": ${words}`)
})

test('a gRPC service says whether it serves', async () => {
  let status = 1
  const server = createHttp2().listen(0, '127.0.0.1')
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.resume()
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]))
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    assert.equal((await askByGrpc({ port, service: '' }, '127.0.0.1', 2000)).ok, true)
    status = 2
    assert.deepEqual(await askByGrpc({ port, service: '' }, '127.0.0.1', 2000), {
      ok: false,
      output: 'service unhealthy (responded with "NOT_SERVING")',
    })
  } finally {
    server.close()
  }
})

test('ports are found by name', () => {
  assert.equal(portOf('web', container), 8080)
  assert.equal(portOf('81', container), 81)
  assert.throws(() => portOf('none', container), /couldn't find port: none/)
})
