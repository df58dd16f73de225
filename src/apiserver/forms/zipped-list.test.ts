import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { crc32, gunzipSync } from 'node:zlib'
import { systemClock } from '../../base/clock.ts'
import { DerivedForms } from '../registry/derived-forms.ts'
import { type ObjectOwner, StoredObject } from '../registry/stored-object.ts'
import { requestOf, send, startTestServer, type TestServer } from '../testing/test-server.ts'
import { combineCrc, crcShift } from './crc32-combine.ts'
import type { Form } from './form.ts'
import type { ListParts } from './list-parts.ts'
import { zippedList } from './zipped-list.ts'

const path = '/api/v1/namespaces/default/configmaps'
const protobuf = 'application/vnd.kubernetes.protobuf'
const partial = 'as=PartialObjectMetadataList;g=meta.k8s.io'
const count = 400

let server: TestServer
before(async () => {
  server = await startTestServer()
  for (let i = 0; i < count; i++) await send(server, 'POST', path, objectOf(i, 'first'))
})
after(() => server.close())

const nameOf = (i: number) => `map-${String(i).padStart(4, '0')}`
const objectOf = (i: number, text: string) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name: nameOf(i), labels: { part: String(i % 3) } },
  data: { text: `${text} `.repeat(i % 50) },
})

/** The list as it is and unpacked, and how many bytes it had packed. */
async function listed(accept: string, query = '', leastBytes = 1_000) {
  const { body } = await server.server.handle(requestOf('GET', `${path}${query}`, undefined, { accept }))
  assert.ok(body.is === 'bytes')
  const plain = Buffer.concat([...body.chunks])
  const zipped = body.zipped?.(leastBytes)
  if (!zipped) return { plain, unzipped: undefined, bytes: 0 }
  const pieces: Uint8Array[] = []
  for await (const piece of zipped) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  return { plain, unzipped: gunzipSync(bytes), bytes: bytes.length }
}

const forms = [
  'application/json',
  'application/json;as=Table;g=meta.k8s.io;v=v1',
  `application/json;${partial};v=v1`,
  protobuf,
  `${protobuf};${partial};v=v1`,
  `${protobuf};${partial};v=v1beta1`,
]

async function assertAllAgree() {
  for (const accept of forms) {
    for (const query of ['', '?limit=250', '?labelSelector=part%3D1', '?labelSelector=part!%3D1']) {
      const { plain, unzipped, bytes } = await listed(accept, query)
      assert.ok(unzipped?.equals(plain), `${accept} ${query}`)
      assert.ok(bytes < plain.length / 3, `${accept} ${query}: ${bytes} of ${plain.length}`)
    }
  }
}

test('a list unpacks to what it is without gzip, also after its objects have changed', async () => {
  await assertAllAgree()
  for (const i of [0, 100, 101, count - 1]) await send(server, 'PUT', `${path}/${nameOf(i)}`, objectOf(i, 'second'))
  await send(server, 'DELETE', `${path}/${nameOf(200)}`)
  await send(server, 'POST', path, objectOf(count, 'third'))
  await assertAllAgree()
  await send(server, 'POST', path, objectOf(200, 'fourth'))
  await assertAllAgree()
})

test('a list that is short, or of another form, is left to be compressed as a whole', async () => {
  assert.equal((await listed('application/json', '?limit=1')).unzipped, undefined)
  assert.equal((await listed('application/yaml')).unzipped, undefined)
})

test('a table is made anew when its ages have changed', async () => {
  const zippedTable = async (nowMs: number) => {
    const { server: api } = tables
    now = nowMs
    const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1'
    const { body } = await api.handle(requestOf('GET', path, undefined, { accept }))
    const zipped = body.is === 'bytes' && body.zipped?.(0)
    assert.ok(zipped)
    return JSON.parse(gunzipSync(Buffer.concat(await Array.fromAsync(zipped))).toString())
  }
  let now = Date.parse('2026-01-01T00:00:00Z')
  const tables = await startTestServer({ clock: { ...systemClock, now: () => now } })
  try {
    await send(tables, 'POST', path, objectOf(1, 'text'))
    const ages: string[] = []
    for (const seconds of [10, 10.9, 11, 70]) {
      const table = await zippedTable(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000)
      ages.push(table.rows[0].cells.at(-1))
    }
    assert.deepEqual(ages, ['10s', '10s', '11s', '70s'])
  } finally {
    await tables.close()
  }
})

test('of a list that was sent before only what is around a change is encoded again', async () => {
  let encoded = 0
  const parts: ListParts = {
    length: items => items.length * 100,
    head: () => Buffer.from('['),
    items: items => {
      encoded += items.length
      return Buffer.concat(items.map(({ bytes }) => bytes))
    },
    separator: Buffer.from(','),
    tail: () => Buffer.from(']'),
  }
  const form = { key: 'test', parts } as Form
  const owner = { forms: new DerivedForms(1_000_000) } as unknown as ObjectOwner
  const at = (i: number, revision: number) =>
    new StoredObject(owner, `/registry/things/${i}`, Buffer.from(`${i}@${revision} `.repeat(10)), revision)
  const items = Array.from({ length: 2_000 }, (_, i) => at(i, i + 1))
  const text = async () => {
    encoded = 0
    const zipped = zippedList(form, items, {}, 0)
    assert.ok(zipped)
    return gunzipSync(Buffer.concat(await Array.fromAsync(zipped)))
      .toString()
      .replaceAll(',', '')
  }
  const expected = () => `[${items.map(({ bytes }) => bytes.toString()).join('')}]`
  assert.equal(await text(), expected())
  assert.equal(encoded, items.length)
  assert.equal(await text(), expected())
  assert.equal(encoded, 0)
  items[900] = at(900, 3_000)
  assert.equal(await text(), expected())
  assert.ok(encoded > 0 && encoded < 600, String(encoded))
  // Of many at once each run is compressed by one.
  items.splice(100, 1, at(100, 3_001))
  encoded = 0
  const all = [0, 1, 2].map(() => zippedList(form, items, {}, 0)) as AsyncIterable<Uint8Array>[]
  const sent = await Promise.all(all.map(async one => gunzipSync(Buffer.concat(await Array.fromAsync(one))).toString()))
  for (const one of sent) assert.equal(one.replaceAll(',', ''), expected())
  assert.ok(encoded > 0 && encoded < 600, String(encoded))
})

test('checksums of parts make that of the whole', () => {
  for (const length of [0, 1, 7, 255, 256, 65_537]) {
    const first = Buffer.from('what comes first')
    const second = Buffer.alloc(length, 'and then')
    const whole = crc32(Buffer.concat([first, second]))
    assert.equal(combineCrc(crc32(first), crc32(second), crcShift(length)), whole, String(length))
  }
})
