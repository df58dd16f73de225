/** etcd's service Watch, as clients use it that etcdctl does not show. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type DuplexCall, GrpcChannel } from '../../base/grpc/grpc-channel.ts'
import { frameOf, MessageReader } from '../../base/grpc/message-reader.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { always, put } from '../contract.test-suite.ts'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'
import { type WatchCreateRequest, WatchRequest, WatchResponse } from '../etcd-api/watch-messages.ts'
import type { MaintainedStore } from '../maintained-store.ts'
import { type StoreServer, startStoreServer } from './store-server.ts'
import { fragments } from './watch-stream.ts'

const path = '/etcdserverpb.Watch/Watch'

describe('the Watch service', () => {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-watch-'))
  let store: MaintainedStore
  let server: StoreServer
  let channel: GrpcChannel
  let open = 0
  before(async () => {
    store = await openEmbeddedStore({ directory })
    const counting = new Proxy(store, {
      get(target, name: keyof MaintainedStore) {
        if (name !== 'watch') return target[name].bind(target)
        return (...args: Parameters<MaintainedStore['watch']>) => {
          const watch = target.watch(...args)
          if (args[0].start === '/slow') open++
          return {
            requestProgress: () => watch.requestProgress(),
            close() {
              if (args[0].start === '/slow') open--
              watch.close()
            },
          }
        }
      },
    })
    server = await startStoreServer({
      store: counting,
      directory,
      host: '127.0.0.1',
      port: 0,
      watchProgressIntervalMs: 100,
    })
    channel = new GrpcChannel({ host: '127.0.0.1', port: Number(new URL(server.url).port) })
  })
  after(async () => {
    channel.close()
    await server.close()
    await store.close()
    rmSync(directory, { recursive: true })
  })

  /** A stream of watches, and what came of it. */
  class Stream {
    readonly responses: WatchResponse[] = []
    readonly #call: DuplexCall
    #check = () => {}

    constructor() {
      this.#call = channel.duplex(path, bytes => {
        this.responses.push(decodeMessage(WatchResponse, bytes))
        this.#check()
      })
    }
    create(createRequest: WatchCreateRequest): void {
      this.#send({ createRequest })
    }
    cancel(watchId: number): void {
      this.#send({ cancelRequest: { watchId } })
    }
    requestProgress(): void {
      this.#send({ progressRequest: {} })
    }
    close(): void {
      this.#call.cancel()
    }
    /** The next one that holds. */
    async next(holds: (response: WatchResponse) => boolean): Promise<WatchResponse> {
      await new Promise<void>(resolve => {
        this.#check = () => {
          if (this.responses.some(holds)) resolve()
        }
        this.#check()
      })
      return this.responses.splice(this.responses.findIndex(holds), 1)[0]!
    }
    #send(request: WatchRequest): void {
      this.#call.send(encodeMessage(WatchRequest, request))
    }
  }

  it('gives ids, and refuses what cannot be watched by name', async () => {
    const stream = new Stream()
    const created = () => stream.next(response => response.created === true)
    stream.create({ key: '/a' })
    assert.equal((await created()).watchId ?? 0, 0)
    stream.create({ key: '/a', watchId: 7 })
    assert.equal((await created()).watchId, 7)
    stream.create({ key: '/a' })
    assert.equal((await created()).watchId, 1)
    const refused = async (request: WatchCreateRequest) => {
      stream.create(request)
      const { watchId, canceled, cancelReason } = await created()
      assert.deepEqual([watchId, canceled], [-1, true])
      return cancelReason
    }
    assert.match((await refused({ key: '/a', watchId: 7 })) ?? '', /duplicate watch ID/)
    assert.match((await refused({ key: '/b', rangeEnd: '/a' })) ?? '', /range is empty/)
    assert.match((await refused({ key: '/a', startRevision: -1 })) ?? '', /compacted/)
    stream.cancel(7)
    assert.equal((await stream.next(response => response.canceled === true)).watchId, 7)
    stream.close()
  })

  it('filters, and shows what was there only to who asked', async () => {
    const stream = new Stream()
    stream.create({ key: '/f', watchId: 1, filters: [0] })
    stream.create({ key: '/f', watchId: 2, filters: [1], prevKv: true })
    for (const id of [1, 2]) await stream.next(response => response.created === true && response.watchId === id)
    await store.transact(always(put('/f', '1')))
    await store.transact(always(put('/f', '2')))
    await store.transact(always({ delete: '/f' }))
    const [deletion] = (await stream.next(response => response.watchId === 1)).events ?? []
    assert.deepEqual([deletion?.type, deletion?.prevKv], [1, undefined])
    await stream.next(response => response.watchId === 2)
    const [second] = (await stream.next(response => response.watchId === 2)).events ?? []
    assert.equal(Buffer.from(second!.prevKv!.value!).toString(), '1')
    stream.close()
  })

  it('tells the progress of all watches at once, and of idle ones by itself', async () => {
    const stream = new Stream()
    stream.create({ key: '/p', watchId: 1 })
    stream.create({ key: '/p', watchId: 2, progressNotify: true })
    for (const id of [1, 2]) await stream.next(response => response.created === true && response.watchId === id)
    const { revision } = await store.transact(always(put('/elsewhere', '1')))
    stream.requestProgress()
    const all = await stream.next(response => response.watchId === -1)
    assert.ok((all.header?.revision ?? 0) >= revision)
    const { header, events } = await stream.next(response => response.watchId === 2)
    assert.ok((header?.revision ?? 0) >= revision)
    assert.equal(events, undefined)
    stream.close()
  })

  it('keeps little for a client that does not read, and loses nothing for it', async () => {
    const session = connect(server.url)
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    stream.pause()
    const create = { key: '/slow', startRevision: (await store.currentRevision()) + 1 }
    stream.write(frameOf(encodeMessage(WatchRequest, { createRequest: create })))
    const count = 300
    for (let i = 0; i < count; i++)
      await store.transact(always({ put: '/slow', value: Buffer.alloc(200_000, String(i)) }))
    assert.equal(open, 0, 'the store is not watched for who does not read')
    const reader = new MessageReader(1 << 24)
    const seen: number[] = []
    await new Promise<void>(resolve => {
      stream.on('data', (chunk: Buffer) => {
        for (const bytes of reader.push(chunk)) {
          for (const { kv } of decodeMessage(WatchResponse, bytes).events ?? []) seen.push(kv!.modRevision!)
        }
        if (seen.length >= count) resolve()
      })
      stream.resume()
    })
    assert.deepEqual(
      seen,
      Array.from({ length: count }, (_, i) => create.startRevision + i),
    )
    session.destroy()
  })

  it('cuts long responses into fragments of at least one event', () => {
    const events = [5, 5, 20, 3, 3].map(length => new Uint8Array(length))
    const cut = fragments(events, 10)
    assert.deepEqual(
      cut.map(({ parts, last }) => [parts.map(part => part.length), last]),
      [
        [[5, 5], false],
        [[20], false],
        [[3, 3], true],
      ],
    )
  })
})
