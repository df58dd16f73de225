/** The server against Node's own client of HTTP/2, and against clients that break its rules. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { ErrorCode, Flag, FrameType, frame, numberFrame, preface, settingsFrame } from '../http2/frames.ts'
import { GrpcChannel } from './grpc-channel.ts'
import { GrpcCode, GrpcError } from './grpc-error.ts'
import { type CallListener, GrpcServer, type ServerCall, type UnaryHandler } from './grpc-server.ts'
import { frameOf } from './message-reader.ts'

const maxRequestBytes = 3 << 20

/** A header block of one field, its name and value as they are. */
const pathBlock = (path: string): Buffer =>
  Buffer.concat([Buffer.of(0, 5), Buffer.from(':path'), Buffer.of(path.length), Buffer.from(path)])

describe('a gRPC server', () => {
  let server: GrpcServer
  let port: number
  let channel: GrpcChannel
  let calls: { call: ServerCall; drained: number; closed: boolean }[] = []
  before(async () => {
    server = new GrpcServer({
      host: '127.0.0.1',
      port: 0,
      maxRequestBytes,
      unary: new Map<string, UnaryHandler>([
        ['/t/Echo', async request => frameOf(request)],
        ['/t/Large', async request => frameOf(Buffer.alloc(request.readUInt32BE(), 'x'))],
        [
          '/t/Fail',
          async () => {
            throw new GrpcError(GrpcCode.notFound, 'nothing “here”, at 100 %')
          },
        ],
        ['/t/Never', () => new Promise<Uint8Array>(() => {})],
      ]),
      streams: new Map([
        [
          '/t/Both',
          (call): CallListener => ({
            message: request => void call.send(frameOf(request)),
            ended: () => call.end(),
          }),
        ],
        [
          '/t/Flood',
          (call): CallListener => {
            const state = { call, drained: 0, closed: false }
            calls.push(state)
            return {
              message() {},
              drained: () => void state.drained++,
              closed() {
                state.closed = true
              },
            }
          },
        ],
      ]),
    })
    port = await server.listen()
    channel = new GrpcChannel({ host: '127.0.0.1', port })
  })
  after(async () => {
    channel.close()
    await server.close()
  })
  const numberOf = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  }

  it('answers calls of any size, many at a time', async () => {
    for (const bytes of [0, 1, 4000, 4091, 4092, 20_000, 70_000, 2_900_000]) {
      const request = Buffer.alloc(bytes, bytes % 251)
      assert.ok(request.equals(await channel.unary('/t/Echo', request)), `${bytes} bytes`)
    }
    const many = await Promise.all(
      Array.from({ length: 2000 }, (_, i) => channel.unary('/t/Echo', Buffer.alloc(100 + i, i % 251))),
    )
    assert.deepEqual(
      many.map(answer => answer.length),
      many.map((_, i) => 100 + i),
    )
    const large = await Promise.all([1, 2, 3, 4].map(i => channel.unary('/t/Large', numberOf(i * 8_000_000))))
    assert.deepEqual(
      large.map(answer => answer.length),
      [8_000_000, 16_000_000, 24_000_000, 32_000_000],
    )
  })

  it('passes messages both ways and says how a call ended', async () => {
    const got: string[] = []
    const call = channel.duplex('/t/Both', message => void got.push(Buffer.from(message).toString()))
    for (const text of ['a', 'b', 'c']) call.send(Buffer.from(text))
    call.end()
    await call.done
    assert.deepEqual(got, ['a', 'b', 'c'])
    await assert.rejects(channel.unary('/t/Fail', Buffer.alloc(0)), {
      code: GrpcCode.notFound,
      details: 'nothing “here”, at 100 %',
    })
    await assert.rejects(channel.unary('/t/None', Buffer.alloc(0)), { details: 'unknown method None for service t' })
    await assert.rejects(
      channel.unary('/t/Echo', Buffer.alloc(maxRequestBytes + 1)),
      /received message larger than max/,
    )
    await assert.rejects(channel.unary('/t/Never', Buffer.alloc(0), { timeoutMs: 50 }), /deadline exceeded/)
  })

  it('tells a sender to stop while its client does not read, and to go on when it does', async () => {
    calls = []
    const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`)
    const stream = session.request({ ':method': 'POST', ':path': '/t/Flood' })
    await once(stream, 'response')
    stream.pause()
    const { call } = calls[0]!
    let sent = 0
    while (call.send(frameOf(Buffer.alloc(64 * 1024)))) sent++
    assert.ok(sent >= 15 && sent < 40, `${sent}`)
    // Another call on the same connection is answered meanwhile.
    const other = session.request({ ':method': 'POST', ':path': '/t/Echo' })
    other.end(frameOf(Buffer.from('x')))
    const [chunk] = (await once(other, 'data')) as [Buffer]
    assert.equal(chunk.at(-1), 'x'.charCodeAt(0))
    assert.equal(calls[0]!.drained, 0)
    stream.resume()
    while (calls[0]!.drained === 0) await new Promise(setImmediate)
    session.destroy()
    while (!calls[0]!.closed) await new Promise(setImmediate)
  })

  /** What the server says last to who sends these frames: GOAWAY's code, or undefined while it stays. */
  async function farewellTo(...frames: Buffer[]): Promise<number | undefined> {
    const socket = connectSocket(port, '127.0.0.1')
    const ping = frame(FrameType.ping, 0, 0, Buffer.alloc(8, 7))
    socket.write(Buffer.concat([preface, settingsFrame([]), ...frames, ping]))
    let bytes = Buffer.alloc(0)
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk as Buffer])
      for (let at = 0; bytes.length >= at + 9; at += 9 + bytes.readUIntBE(at, 3)) {
        if (bytes.length < at + 9 + bytes.readUIntBE(at, 3)) break
        if (bytes[at + 3] === FrameType.goaway) {
          socket.destroy()
          return bytes.readUInt32BE(at + 13)
        }
        if (bytes[at + 3] === FrameType.ping) {
          socket.destroy()
          return undefined
        }
      }
    }
    return -1
  }
  const request = (id: number, flags: number = Flag.endHeaders) =>
    frame(FrameType.headers, flags, id, pathBlock('/t/Never'))

  it('ends connections that break the rules, and no others', async () => {
    assert.equal(await farewellTo(request(1), request(3)), undefined)
    // Padding, priorities, a name in pieces, data of a call that is over.
    const padded = Buffer.concat([Buffer.of(3), Buffer.alloc(5), pathBlock('/t/Never'), Buffer.alloc(3)])
    assert.equal(
      await farewellTo(frame(FrameType.headers, Flag.endHeaders | Flag.padded | Flag.priority, 1, padded)),
      undefined,
    )
    const block = pathBlock('/t/None')
    const pieces = [
      frame(FrameType.headers, 0, 1, block.subarray(0, 4)),
      frame(FrameType.continuation, Flag.endHeaders, 1, block.subarray(4)),
    ]
    assert.equal(await farewellTo(...pieces, frame(FrameType.data, 0, 1, Buffer.alloc(10))), undefined)
    const wrong: [string, number, Buffer[]][] = [
      ['an even stream', ErrorCode.protocol, [request(2)]],
      ['data of no stream', ErrorCode.protocol, [frame(FrameType.data, 0, 5, Buffer.alloc(1))]],
      ['a frame in the middle of headers', ErrorCode.protocol, [request(1, 0), request(3)]],
      [
        'headers without end',
        ErrorCode.enhanceYourCalm,
        [request(1, 0), ...Array(20).fill(frame(FrameType.continuation, 0, 1, Buffer.alloc(0)))],
      ],
      [
        'a header that is not in the table',
        ErrorCode.compression,
        [frame(FrameType.headers, Flag.endHeaders, 1, Buffer.of(0xff, 0x10))],
      ],
      ['a long frame', ErrorCode.frameSize, [frame(FrameType.data, 0, 1, Buffer.alloc(20_000))]],
      ['a window that is too large', ErrorCode.flowControl, [numberFrame(FrameType.windowUpdate, 0, 0x7fffffff)]],
      ['a window update of nothing', ErrorCode.flowControl, [numberFrame(FrameType.windowUpdate, 0, 0)]],
      ['a reset of nothing', ErrorCode.protocol, [numberFrame(FrameType.rstStream, 9, 8)]],
    ]
    for (const [name, code, frames] of wrong) assert.equal(await farewellTo(...frames), code, name)
  })

  it('ends a connection that opens and gives up calls without end (CVE-2023-44487)', async () => {
    const frames: Buffer[] = []
    for (let id = 1; id < 60_000; id += 2) frames.push(request(id), numberFrame(FrameType.rstStream, id, 8))
    assert.equal(await farewellTo(...frames), ErrorCode.enhanceYourCalm)
    assert.equal(await farewellTo(...frames.slice(0, 10_000)), undefined)
  })

  it('resets a call that sends more than its window, and keeps the connection', async () => {
    const data = Array.from({ length: 70 }, () => frame(FrameType.data, 0, 1, Buffer.alloc(16_000)))
    assert.equal(await farewellTo(request(1), ...data), undefined)
  })
})
