/** Bad messages to the store's etcd API: each call ends with a status of gRPC that is no failure of our own code. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { frameOf } from '../../src/base/grpc/message-reader.ts'
import { encodeMessage } from '../../src/schema/protobuf-encode.ts'
import { randomObject, seededRandom } from '../../src/schema/testing/random-object.ts'
import type { Message } from '../../src/schema/type.ts'
import { openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts'
import {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from '../../src/store/etcd-api/kv-messages.ts'
import {
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
} from '../../src/store/etcd-api/lease-messages.ts'
import { AlarmRequest, HashKvRequest } from '../../src/store/etcd-api/maintenance-messages.ts'
import { WatchRequest } from '../../src/store/etcd-api/watch-messages.ts'
import type { MaintainedStore } from '../../src/store/maintained-store.ts'
import { type StoreServer, startStoreServer } from '../../src/store/server/store-server.ts'
import { below, happens, pick, type Random } from './chance.ts'
import { mutateBytes, nestedProtobuf } from './mutate-bytes.ts'

const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 1e9))
const calls = 1_500
const lanes = 16
/** A call that takes longer has no end. */
const answerTimeoutMs = 20_000

const methods: readonly (readonly [string, Message])[] = [
  ['KV/Range', RangeRequest],
  ['KV/RangeStream', RangeRequest],
  ['KV/Put', PutRequest],
  ['KV/DeleteRange', DeleteRangeRequest],
  ['KV/Txn', TxnRequest],
  ['KV/Compact', CompactionRequest],
  ['Lease/LeaseGrant', LeaseGrantRequest],
  ['Lease/LeaseRevoke', LeaseRevokeRequest],
  ['Lease/LeaseTimeToLive', LeaseTimeToLiveRequest],
  ['Lease/LeaseKeepAlive', LeaseKeepAliveRequest],
  ['Maintenance/HashKV', HashKvRequest],
  ['Watch/Watch', WatchRequest],
  ['Cluster/MemberAdd', RangeRequest],
  ['Nothing/Here', AlarmRequest],
]

const directory = mkdtempSync(join(tmpdir(), 'clipper-store-fuzz-'))
let store: MaintainedStore
let server: StoreServer
let session: ClientHttp2Session
before(async () => {
  store = await openEmbeddedStore({ directory: join(directory, 'store') })
  server = await startStoreServer({ store, directory, host: '127.0.0.1', port: 0 })
  session = connect(server.url)
  session.on('error', () => {})
})
after(async () => {
  session.destroy()
  await server.close()
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

function bytesOf(random: Random, message: Message): Buffer {
  if (happens(random, 0.03)) return frameOf(nestedProtobuf(pick(random, [10, 120, 5_000]), 1 + below(random, 5)))
  let encoded: Uint8Array
  try {
    encoded = encodeMessage(message, randomObject(message, random))
  } catch {
    encoded = Buffer.from('k8s')
  }
  if (happens(random, 0.6)) encoded = mutateBytes(random, encoded)
  const framed = frameOf(encoded)
  return happens(random, 0.1) ? mutateBytes(random, framed) : framed
}

interface Ended {
  readonly status: string
  readonly message: string
}

/** Sends the bytes and ends the call; undefined where the stream ended without a status. */
async function call(method: string, bytes: Buffer): Promise<Ended | undefined> {
  const stream = session.request(
    { ':method': 'POST', ':path': `/etcdserverpb.${method}`, 'content-type': 'application/grpc', te: 'trailers' },
    { endStream: false },
  )
  stream.on('error', () => {})
  let ended: Ended | undefined
  const note = (headers: Record<string, unknown>) => {
    if (headers['grpc-status'] === undefined) return
    ended = {
      status: String(headers['grpc-status']),
      message: decodeURIComponent(String(headers['grpc-message'] ?? '')),
    }
  }
  stream.on('response', note)
  stream.on('trailers', note)
  stream.resume()
  stream.end(bytes)
  const timer = setTimeout(() => stream.destroy(), answerTimeoutMs)
  await once(stream, 'close')
  clearTimeout(timer)
  return ended
}

const ownFailure = /is not|cannot read|undefined|undeclared|invalid array|out of range index|call stack|BigInt|convert/i

test(`calls of seed ${seed} all end with a status of their own`, async t => {
  t.diagnostic(`FUZZ_SEED=${seed}`)
  const faults: string[] = []
  let next = 0
  const lane = async () => {
    while (next < calls) {
      const random = seededRandom(seed * 1_000_003 + next++)
      const [method, message] = pick(random, methods)
      const bytes = bytesOf(random, message)
      const ended = await call(method, bytes)
      const shown = `${method} ${bytes.subarray(0, 400).toString('base64')}`
      if (!ended) faults.push(`no status: ${shown}`)
      else if (ended.status === '2' || (ended.status === '13' && ownFailure.test(ended.message)))
        faults.push(`${ended.status} ${ended.message}: ${shown}`)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  assert.deepEqual(faults.slice(0, 10), [])
})

test('the store takes and gives as before', async () => {
  const put = await call('KV/Put', frameOf(encodeMessage(PutRequest, { key: 'after', value: Buffer.from('x') })))
  assert.deepEqual(put, { status: '0', message: '' })
  const key = (await store.range({ start: 'after' })).kvs[0]?.value
  assert.equal(Buffer.from(key ?? []).toString(), 'x')
})
