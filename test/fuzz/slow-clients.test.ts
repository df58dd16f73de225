/** Clients that take nothing of what they asked for: they are cut off, what is held for them is bounded, and all others go on. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { after, before, test } from 'node:test'
import type { RunningHttpServer } from '../../src/apiserver/http/http-server.ts'
import { send, type TestServer } from '../../src/apiserver/testing/test-server.ts'
import { ListeningServer } from './listening-server.ts'
import { type Door, endHeaders, endStream, frame, frameTypes, get, preface, RawConnection } from './raw-connection.ts'

const path = '/api/v1/namespaces/default/configmaps'
let server: ListeningServer
let api: TestServer
let http: RunningHttpServer
let door: Door

before(async () => {
  server = await ListeningServer.start()
  api = server.api
  const listening = await server.listen({ stallMs: 3_000, idleMs: 3_000 })
  http = listening.http
  door = listening.door
})
after(() => server.close())

const bytesOf = ({ rss }: NodeJS.MemoryUsage): number => rss
/** Far more than sockets and kernels hold, so that whoever does not read stands still. */
const padding = 'x'.repeat(512 * 1024)
/** Windows of 2 GiB, so that TCP alone holds the server back. */
const wideOpen = Buffer.concat([
  Buffer.from(preface),
  frame(frameTypes.settings, 0, 0, Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff])),
  frame(8, 0, 0, Buffer.from([0x7f, 0, 0, 0])),
])

/** Asks, and reads nothing of the answer. */
async function askAndSleep(protocol: 'h2' | 'http/1.1', target: string, windows = wideOpen): Promise<RawConnection> {
  const raw = await RawConnection.open(door, protocol)
  raw.socket.pause()
  if (protocol === 'http/1.1') raw.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  else raw.write(Buffer.concat([windows, frame(frameTypes.headers, endHeaders | endStream, 1, get(target))]))
  return raw
}

/** Once the server has let go of the sleepers, they read at last: what the kernels had, and then the end. */
async function wakeWhenCutOff(sleepers: readonly RawConnection[], others: number, whole: number): Promise<void> {
  while (http.connectionCount() > others) await new Promise(resolve => setTimeout(resolve, 20))
  for (const raw of sleepers) {
    raw.socket.resume()
    await raw.closed
    assert.ok(raw.received.length < whole)
  }
}

test('watches that are never read end; another one hears of every event', async () => {
  const watch = `${path}?watch=true&fieldSelector=metadata.name%3Dbusy`
  const narrow = Buffer.concat([Buffer.from(preface), frame(frameTypes.settings, 0, 0)])
  const sleepers = await Promise.all([
    ...Array.from({ length: 10 }, () => askAndSleep('h2', watch)),
    ...Array.from({ length: 10 }, () => askAndSleep('http/1.1', watch)),
    // This one reads, but never opens the window of its stream.
    askAndSleep('h2', watch, narrow).then(raw => {
      raw.socket.resume()
      return raw
    }),
  ])
  const session = connectHttp2(`https://127.0.0.1:${door.port}`, { ca: door.ca, servername: 'localhost' })
  const stream = session.request({ ':path': watch })
  await once(stream, 'response')
  let text = ''
  const heard = new Set<string>()
  stream.on('data', (chunk: Buffer) => {
    text += chunk
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) heard.add(JSON.parse(line).object.data.n)
  })
  const before = bytesOf(process.memoryUsage())
  const made = await send(api, 'POST', path, { metadata: { name: 'busy' }, data: { n: '0', padding } })
  assert.equal(made.status, 201, made.text)
  const last = 60
  for (let n = 1; n <= last; n++) {
    const put = await send(api, 'PUT', `${path}/busy`, { metadata: { name: 'busy' }, data: { n: String(n), padding } })
    assert.equal(put.status, 200, put.text)
  }
  while (!heard.has(String(last))) await once(stream, 'data')
  assert.equal(heard.size, last + 1)
  // Owed to the sleepers: 600 MB.
  assert.ok(bytesOf(process.memoryUsage()) - before < 300e6)
  await wakeWhenCutOff(sleepers, 1, last * padding.length)
  session.destroy()
})

test('lists that are never read end; another one comes whole', async () => {
  for (let n = 0; n < 40; n++) {
    const made = await send(api, 'POST', path, {
      metadata: { name: `large-${n}`, labels: { is: 'large' } },
      data: { padding },
    })
    assert.equal(made.status, 201, made.text)
  }
  const list = `${path}?labelSelector=is%3Dlarge`
  const before = bytesOf(process.memoryUsage())
  const sleepers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => askAndSleep(i % 2 === 0 ? 'h2' : 'http/1.1', list)),
  )
  const session = connectHttp2(`https://127.0.0.1:${door.port}`, { ca: door.ca, servername: 'localhost' })
  const stream = session.request({ ':path': list })
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await once(stream, 'end')
  assert.ok(bytes > 40 * padding.length)
  // Owed to the sleepers: 800 MB.
  assert.ok(bytesOf(process.memoryUsage()) - before < 300e6)
  await wakeWhenCutOff(sleepers, 1, 40 * padding.length)
  session.destroy()
})
