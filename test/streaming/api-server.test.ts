/** The API server's connecting subresources in front of a real node and of ordinary backends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { WebSocket } from 'ws'
import { RequestContext as Context, type RequestContext } from '../../src/apiserver/chain/request-context.ts'
import { requestInfoOf } from '../../src/apiserver/chain/request-info.ts'
import { serverRequestOf } from '../../src/apiserver/http/http-request.ts'
import { writeResponse } from '../../src/apiserver/http/http-response.ts'
import { bodyReader } from '../../src/apiserver/http/request-body.ts'
import type { ResponseTarget } from '../../src/apiserver/http/response-target.ts'
import { writeUpgradeResponse } from '../../src/apiserver/http/upgrade-response.ts'
import type { ObjectReader } from '../../src/apiserver/registry/object-reader.ts'
import { connectHandlers } from '../../src/apiserver/streaming/connect.ts'
import { certificate, key } from '../../src/client/testing/localhost-certificate.ts'
import { ChannelClient, spdyCommand } from '../../src/kubelet/server/testing/clients.ts'
import {
  missingForStreaming,
  type StreamingNode,
  startStreamingNode,
} from '../../src/kubelet/server/testing/streaming-node.ts'
import { ApiError } from '../../src/machinery/api-error.ts'

const seen: { method?: string | undefined; url?: string | undefined; body: string; host?: string | undefined }[] = []
let aborted = 0
const backend = createHttpServer(async (incoming, response) => {
  response.on('close', () => {
    if (!response.writableEnded) aborted += 1
  })
  let body = ''
  for await (const part of incoming) body += part
  seen.push({ method: incoming.method, url: incoming.url, body })
  if (incoming.url === '/endless') response.write('x')
  else if (incoming.url === '/page') response.writeHead(200, { 'content-type': 'text/html' }).end('<a href="/x">')
  else if (incoming.url === '/redirect') response.writeHead(302, { location: '/elsewhere?x=1' }).end()
  else response.end(`${incoming.method} ${incoming.url} ${body.length}`)
})
backend.on('upgrade', (_request, socket: Duplex) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  socket.pipe(socket)
})

suite('connecting through the API server', { skip: missingForStreaming() ?? false, timeout: 60_000 }, () => {
  let node: StreamingNode
  const front = createServer({ cert: certificate, key })
  let port = 0

  const objects = (): Record<string, unknown> => {
    const backendPort = (backend.address() as AddressInfo).port
    return {
      Pod: {
        metadata: { name: 'web' },
        spec: { nodeName: 'node1', containers: [{ name: 'main' }] },
        status: { podIP: '127.0.0.1' },
      },
      Node: {
        metadata: { name: 'node1' },
        status: {
          addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
          daemonEndpoints: { kubeletEndpoint: { Port: node.port } },
        },
      },
      Service: { metadata: { name: 'web' }, spec: { ports: [{ name: 'http', port: 80 }] } },
      EndpointSlice: {
        metadata: { labels: { 'kubernetes.io/service-name': 'web' } },
        addressType: 'IPv4',
        ports: [{ name: 'http', port: backendPort }],
        endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      },
    }
  }
  const reader = {
    get: (kind: { gvk: { kind: string } }, _namespace: string, name: string) =>
      name === 'web' || name === 'node1' ? objects()[kind.gvk.kind] : undefined,
    getFresh: async (kind: { gvk: { kind: string } }, _namespace: string, name: string) =>
      name === 'web' || name === 'node1' ? objects()[kind.gvk.kind] : undefined,
    list: (kind: { gvk: { kind: string } }) => [objects()[kind.gvk.kind]],
    subscribe: () => () => {},
  } as unknown as ObjectReader

  async function answer(context: RequestContext) {
    const handler = connectHandlers.get(`${context.info.resource}/${context.info.subresource}`)
    try {
      if (!handler) throw new ApiError(404, 'NotFound', 'no such subresource')
      return await handler(context, { reader, kubelet: { certificate, key }, random: () => 0 })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const bytes = Buffer.from(JSON.stringify(error.status))
      return { status: error.code, headers: {}, body: { is: 'bytes' as const, chunks: [bytes] } }
    }
  }
  const contextOf = (parts: Parameters<typeof serverRequestOf>[0]): RequestContext => {
    const asked = serverRequestOf(parts)
    return new Context(asked, requestInfoOf(asked.method, asked.path, asked.query), 0)
  }

  before(async () => {
    node = await startStreamingNode()
    backend.listen(0, '127.0.0.1')
    await once(backend, 'listening')
    front.on('request', async (incoming, response) => {
      const gone = new AbortController()
      response.on('close', () => gone.abort())
      const connection = { request: incoming, exchange: { request: incoming, response } }
      const context = contextOf({
        request: incoming,
        readBody: bodyReader(incoming),
        signal: () => gone.signal,
        connection,
      })
      await writeResponse(context.request, response as unknown as ResponseTarget, await answer(context), 60_000)
    })
    front.on('upgrade', async (incoming, socket: Duplex, head) => {
      const gone = new AbortController()
      socket.on('error', () => gone.abort())
      socket.on('close', () => gone.abort())
      const connection = { request: incoming, upgrade: { socket, head } }
      const given = await answer(
        contextOf({ request: incoming, readBody: bodyReader(incoming), signal: () => gone.signal, connection }),
      )
      if (given.body.is !== 'hijacked') await writeUpgradeResponse(socket, given)
    })
    front.listen(0, '127.0.0.1')
    await once(front, 'listening')
    port = (front.address() as AddressInfo).port
  })
  after(async () => {
    front.closeAllConnections()
    front.close()
    backend.closeAllConnections()
    backend.close()
    await node?.end()
  })

  const pods = '/api/v1/namespaces/default/pods/web'
  const services = '/api/v1/namespaces/default/services/web:http/proxy'

  async function ask(path: string, method = 'GET', body?: string, headers: Record<string, string> = {}) {
    const outgoing = request({
      port,
      host: '127.0.0.1',
      path,
      method,
      headers,
      rejectUnauthorized: false,
      agent: false,
    })
    if (body !== undefined) outgoing.write(body)
    outgoing.end()
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    let text = ''
    for await (const part of response) text += part
    return { code: response.statusCode, text, location: response.headers.location }
  }

  test('exec passes through to the node, over WebSocket and over SPDY', async () => {
    const path = `${pods}/exec?stdin=true&stdout=true&stderr=true&command=sh&command=-c&command=cat%3Bexit%205`
    const client = await ChannelClient.open({ port, path }, 'v5.channel.k8s.io')
    await client.send(0, 'through')
    await client.closeStdin()
    const { stdout, status } = await client.closed
    assert.equal(stdout.toString(), 'through')
    assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '5' }])
    const spdy = await spdyCommand({ port, path }, ['stdin', 'stdout', 'stderr'])
    await spdy.streams.stdin?.write(Buffer.from('spdy'))
    spdy.streams.stdin?.end()
    assert.equal((await spdy.closed).stdout.toString(), 'spdy')
  })

  test('unknown containers and pods are refused with a Status', async () => {
    const open = (path: string) => ChannelClient.open({ port, path }, 'v5.channel.k8s.io')
    await assert.rejects(open(`${pods}/exec?container=no&command=x`), /400: .*container no is not valid for pod web/)
    await assert.rejects(
      open('/api/v1/namespaces/default/pods/gone/exec?command=x'),
      /404: .*pods \\"gone\\" not found/,
    )
  })

  test('a log is followed to its end', async () => {
    assert.match((await ask(`${pods}/log?limitBytes=7`)).text, /^started$/)
    const following = ask(`${pods}/log?follow=true`)
    node.live = false
    assert.match((await following).text, /^started\n/)
    node.live = true
    assert.equal((await ask(`${pods}/log?tailLines=-1`)).code, 422)
  })

  test('a log is read over a WebSocket, as bytes or in base64', async () => {
    const read = async (...protocols: string[]) => {
      const url = `wss://127.0.0.1:${port}${pods}/log?limitBytes=7`
      const webSocket = new WebSocket(url, protocols, { rejectUnauthorized: false })
      const messages: string[] = []
      webSocket.on('message', (data, isBinary) => messages.push(`${isBinary ? 'binary' : 'text'}:${data}`))
      const [code] = (await once(webSocket, 'close')) as [number]
      return [code, ...messages]
    }
    assert.deepEqual(await read(), [1000, 'binary:', 'binary:started'])
    assert.deepEqual(await read('x', 'binary.k8s.io'), [1000, 'binary:', 'binary:started'])
    assert.deepEqual(await read('base64.binary.k8s.io'), [1000, 'text:', `text:${btoa('started')}`])
    await assert.rejects(read('v5.channel.k8s.io'), /403/)
  })

  test('a service is reached with its path and query as they were written', async () => {
    assert.equal((await ask(`${services}/a%2Fb/c/?q=%20x+y&q=2`)).text, 'GET /a%2Fb/c/?q=%20x+y&q=2 0')
    assert.equal((await ask(`${services}/page`)).text, `<a href="${services}/x">`)
    assert.deepEqual(await ask(`${services}?a=1`), { code: 301, text: '', location: `${services}/?a=1` })
    assert.equal((await ask(`${services}?a=1`, 'POST', 'x')).text, 'POST /?a=1 1')
    assert.equal((await ask(`${services}/redirect`)).location, `${services}/elsewhere?x=1`)
    assert.match((await ask(`/api/v1/nodes/node1/proxy/nowhere`)).text, /Unauthorized|404|Forbidden/)
  })

  test('bodies arrive whole and framed, whatever the method', async () => {
    const big = 'x'.repeat(3_000_000)
    assert.equal((await ask(`${services}/up`, 'POST', big)).text, 'POST /up 3000000')
    const chunked = { 'Transfer-Encoding': 'chunked' }
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
    assert.equal((await ask(`${services}/gone`, 'DELETE', smuggled, chunked)).text, `DELETE /gone ${smuggled.length}`)
    assert.ok(!seen.some(({ url }) => url === '/smuggled'))
  })

  test('a client that leaves ends the request to the backend', async () => {
    const outgoing = request({ port, host: '127.0.0.1', path: `${services}/endless`, rejectUnauthorized: false }).end()
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    await once(response, 'data')
    response.on('error', () => {})
    outgoing.on('error', () => {})
    outgoing.destroy()
    while (aborted === 0) await new Promise(resolve => setTimeout(resolve, 5))
  })

  test('an upgrade reaches the backend', async () => {
    const outgoing = request({
      port,
      host: '127.0.0.1',
      path: `${services}/socket`,
      rejectUnauthorized: false,
      headers: { Connection: 'Upgrade', Upgrade: 'echo' },
    }).end()
    const [, socket] = (await once(outgoing, 'upgrade')) as [IncomingMessage, Duplex]
    socket.write('hello')
    assert.equal(String((await once(socket, 'data'))[0]), 'hello')
    socket.destroy()
  })

  test("a pod at the machine's own address is no target", async () => {
    assert.equal((await ask(`${pods}/proxy/`)).code, 400)
  })
})
