/** Clients that break off, drip, flood or send no HTTP at all: the server refuses them and goes on for everybody else. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { after, before, test } from 'node:test'
import { connectionsWithin } from '../../src/apiserver/http/http-server.ts'
import { seededRandom } from '../../src/schema/testing/random-object.ts'
import { below } from './chance.ts'
import { assertServes, ListeningServer } from './listening-server.ts'
import { mutateBytes } from './mutate-bytes.ts'
import {
  type Door,
  endHeaders,
  endStream,
  frame,
  framesIn,
  frameTypes,
  get,
  headerBlock,
  preface,
  RawConnection,
  settingsFrame,
} from './raw-connection.ts'

const path = '/api/v1/namespaces/default/configmaps'
let server: ListeningServer
let door: Door

before(async () => {
  server = await ListeningServer.start()
  door = (await server.listen()).door
})
after(() => server.close())

const stillServes = () => assertServes(door)

const post = (length: number, more = '') =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`

test('a body that is cut off makes no object', async () => {
  const raw = await RawConnection.open(door, 'http/1.1')
  raw.write(`${post(100)}{"metadata":{"name":"cut"}}`)
  raw.socket.destroy()
  await raw.closed
  await stillServes()
  const looked = await RawConnection.open(door, 'http/1.1')
  looked.write(`GET ${path}/cut HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  await looked.closed
  assert.match(looked.received.toString(), /^HTTP\/1\.1 404 /)
})

test('a body that comes too slowly gets 408, and its connection ends', async () => {
  const slow = await server.listen({ bodyMs: 200 })
  const raw = await RawConnection.open(slow.door, 'http/1.1')
  raw.write(`${post(100)}{"metadata":`)
  await raw.closed
  assert.match(raw.received.toString(), /^HTTP\/1\.1 408 /)
  assert.match(raw.received.toString(), /"reason":"Timeout"/)
})

test('a head that comes too slowly gets 408, and its connection ends', async () => {
  const slow = await server.listen({ headMs: 200 })
  const raw = await RawConnection.open(slow.door, 'http/1.1')
  raw.write('GET /readyz HTTP/1.1\r\nX-A: ')
  await raw.closed
  assert.match(raw.received.toString(), /^HTTP\/1\.1 408 /)
})

test('a connection on which nothing is asked is closed', async () => {
  const short = await server.listen({ idleMs: 200 })
  const raw = await RawConnection.open(short.door, 'h2')
  raw.write(Buffer.concat([Buffer.from(preface), settingsFrame]))
  await raw.closed
})

test('connections beyond the limit are refused; when one ends, another is taken', async () => {
  const small = await server.listen({ connections: 3 })
  const held = await Promise.all([1, 2, 3].map(() => RawConnection.open(small.door, 'http/1.1')))
  await assert.rejects(RawConnection.open(small.door, 'http/1.1'))
  held[0]?.socket.destroy()
  for (;;) {
    const next = await RawConnection.open(small.door, 'http/1.1').catch(() => undefined)
    if (!next) continue
    next.socket.destroy()
    break
  }
  for (const one of held) one.socket.destroy()
  assert.equal(connectionsWithin(20_000), 10_000)
  assert.equal(connectionsWithin(1_024), 512)
})

test('what is no HTTP, and heads beyond every bound, are answered and ended', async () => {
  for (const [head, status] of [
    ['\0\x01\x02 nonsense\r\n\r\n', 400],
    ['GET / HTTP/9.9\r\n\r\n', 400],
    ['GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
    [`GET / HTTP/1.1\r\nHost: a\r\n${'X-A: a\r\n'.repeat(20_000)}\r\n`, 431],
  ] as const) {
    const raw = await RawConnection.open(door, 'http/1.1')
    raw.write(Buffer.from(head, 'latin1'))
    await raw.closed
    // A long head is not read to its end, so that its answer may be lost on the way.
    const answer = raw.received.toString()
    if (status === 400 || answer !== '') assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), head.slice(0, 40))
  }
  await stillServes()
})

test('an upgrade that is left half way leaves nothing behind', async () => {
  const exec = '/api/v1/namespaces/default/pods/none/exec?command=a&stdout=true'
  const upgrade = `GET ${exec} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`
  const whole = await RawConnection.open(door, 'http/1.1')
  whole.write(`${upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
  await whole.until(received => received.includes('\r\n\r\n'))
  assert.match(whole.received.toString(), /^HTTP\/1\.1 4\d\d /)
  whole.socket.destroy()
  for (const text of [upgrade, `${upgrade}\r\n`, upgrade.replace('websocket', 'h2c,SPDY/3.1,x')]) {
    const raw = await RawConnection.open(door, 'http/1.1')
    raw.write(text)
    raw.socket.destroy()
    await raw.closed
  }
  await stillServes()
})

async function openSession(): Promise<RawConnection> {
  const raw = await RawConnection.open(door, 'h2')
  raw.write(Buffer.concat([Buffer.from(preface), settingsFrame]))
  await raw.until(received => framesIn(received).some(({ type }) => type === frameTypes.settings))
  return raw
}

test('streams beyond the limit of a session are refused, not left waiting', async () => {
  const raw = await openSession()
  const watch = get(`${path}?watch=true`)
  const count = 300
  for (let i = 0; i < count; i++) raw.write(frame(frameTypes.headers, endHeaders | endStream, 2 * i + 1, watch))
  const of = (type: number) => new Set(framesIn(raw.received).flatMap(one => (one.type === type ? [one.stream] : [])))
  await raw.until(() => of(frameTypes.headers).size + of(frameTypes.reset).size >= count)
  assert.equal(of(frameTypes.headers).size, 250)
  assert.equal(of(frameTypes.reset).size, count - 250)
  raw.socket.destroy()
  await raw.closed
  await stillServes()
})

test('twenty sessions hold 5,000 watches, all of which hear of an object', async () => {
  const sessions = Array.from({ length: 20 }, () =>
    connectHttp2(`https://127.0.0.1:${door.port}`, {
      ca: door.ca,
      cert: door.cert,
      key: door.key,
      servername: 'localhost',
    }),
  )
  const heard: Promise<unknown>[] = []
  const begun: Promise<unknown>[] = []
  for (const session of sessions) {
    await once(session, 'remoteSettings')
    for (let i = 0; i < 250; i++) {
      const stream = session.request({ ':path': `${path}?watch=true&fieldSelector=metadata.name%3Dheard` })
      stream.on('error', () => {})
      begun.push(once(stream, 'response'))
      heard.push(once(stream, 'data'))
    }
  }
  await Promise.all(begun)
  const raw = await RawConnection.open(door, 'http/1.1')
  const body = '{"metadata":{"name":"heard"}}'
  raw.write(post(body.length, 'Connection: close\r\n') + body)
  await raw.closed
  assert.match(raw.received.toString(), /^HTTP\/1\.1 201 /)
  await Promise.all(heard)
  for (const session of sessions) session.destroy()
  await stillServes()
})

test('a flood of CONTINUATION frames ends its session', async () => {
  const raw = await openSession()
  raw.write(frame(frameTypes.headers, endStream, 1, get('/readyz')))
  const more = frame(frameTypes.continuation, 0, 1, headerBlock({ 'x-a': 'a'.repeat(1_000) }))
  while (!raw.socket.destroyed && raw.socket.writable) {
    if (!raw.write(more)) await Promise.race([once(raw.socket, 'drain').catch(() => {}), raw.closed])
  }
  await raw.closed
  await stillServes()
})

test('a header list beyond every bound is refused', async () => {
  const raw = await openSession()
  const fields: Record<string, string> = {}
  for (let i = 0; i < 200; i++) fields[`x-${i}`] = 'a'
  raw.write(frame(frameTypes.headers, endHeaders | endStream, 1, Buffer.concat([get('/readyz'), headerBlock(fields)])))
  const isOver = (received: Buffer) =>
    framesIn(received).some(({ type }) => type === frameTypes.reset || type === frameTypes.goAway)
  await raw.until(isOver)
  assert.ok(raw.socket.closed || isOver(raw.received))
  raw.socket.destroy()
  await stillServes()
})

async function answersReadiness(session: RawConnection): Promise<void> {
  session.write(frame(frameTypes.headers, endHeaders | endStream, 1, get('/readyz')))
  await session.until(received =>
    framesIn(received).some(({ type, stream }) => type === frameTypes.data && stream === 1),
  )
  assert.ok(!session.socket.closed)
  session.socket.destroy()
}

for (const [name, flood] of [
  ['pings', frame(frameTypes.ping, 0, 0, Buffer.alloc(8))],
  ['settings', settingsFrame],
] as const) {
  test(`a flood of ${name} ends its session, and no other`, async () => {
    const other = await openSession()
    const raw = await openSession()
    const burst = Buffer.concat(Array.from({ length: 100 }, () => flood))
    while (!raw.socket.destroyed && raw.socket.writable) {
      if (!raw.write(burst)) await Promise.race([once(raw.socket, 'drain').catch(() => {}), raw.closed])
      else await new Promise(resolve => setImmediate(resolve))
    }
    await raw.closed
    await answersReadiness(other)
    await stillServes()
  })
}

test('while one session begins and resets streams without end, another is answered', async () => {
  const other = await openSession()
  const raw = await openSession()
  const list = get(path)
  for (let i = 0; i < 5_000 && raw.socket.writable; i++) {
    const stream = 2 * i + 1
    raw.write(frame(frameTypes.headers, endHeaders | endStream, stream, list))
    raw.write(frame(frameTypes.reset, 0, stream, Buffer.alloc(4)))
    if (i === 2_500) await answersReadiness(other)
  }
  raw.socket.destroy()
  await raw.closed
  await stillServes()
})

test('frames that are changed at random end at most their own connection', async () => {
  const random = seededRandom(1)
  const good = Buffer.concat([
    settingsFrame,
    frame(frameTypes.headers, endHeaders | endStream, 1, get(path)),
    frame(frameTypes.ping, 0, 0, Buffer.alloc(8)),
    frame(
      frameTypes.headers,
      endHeaders,
      3,
      headerBlock({ ':method': 'POST', ':scheme': 'https', ':authority': 'a', ':path': path }),
    ),
    frame(frameTypes.data, endStream, 3, Buffer.from('{"metadata":{"generateName":"fuzz-"}}')),
    frame(frameTypes.reset, 0, 1, Buffer.alloc(4)),
    frame(8, 0, 0, Buffer.of(0, 0, 255, 255)),
  ])
  for (let i = 0; i < 80; i++) {
    const raw = await RawConnection.open(door, 'h2')
    const bytes = mutateBytes(random, good)
    raw.write(below(random, 20) === 0 ? bytes : Buffer.concat([Buffer.from(preface), bytes]))
    raw.socket.end()
    await raw.until(received => received.length > 0)
    raw.socket.destroy()
    await raw.closed
  }
  await stillServes()
})
