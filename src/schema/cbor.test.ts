import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../api/core/v1/pod.ts'
import { Secret } from '../api/core/v1/secret.ts'
import { kinds, otherKinds } from '../api/kinds.ts'
import { olderKinds } from '../api/older-kinds.ts'
import { readCbor } from './cbor-decode.ts'
import { encodeCbor, encodeCborItem, encodeCborObject } from './cbor-encode.ts'
import { DecodeError } from './decode-error.ts'
import { f } from './field.ts'
import { decodeObject, decodeValue } from './json-decode.ts'
import { plainNumbers } from './json-exact.ts'
import { kindsOf } from './kind.ts'
import { randomObject, seededRandom } from './testing/random-object.ts'
import { double, int64 } from './type.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const read = (text: string) => readCbor(Buffer.from(text, 'hex'))

test('random objects of every kind survive CBOR', () => {
  const seed = Date.now() % 1_000_000
  const random = seededRandom(seed)
  for (const kind of [...kinds, ...otherKinds, ...olderKinds]) {
    const made = decodeObject(kind, JSON.stringify(randomObject(kind, random))).object
    const bytes = encodeCborObject(kind, made)
    const back = decodeValue(kind, readCbor(bytes))
    const where = `${kind.apiVersion} ${kind.gvk.kind}, seed ${seed}`
    assert.deepEqual(back.object, made, where)
    assert.deepEqual(back.unknownFields, [], where)
    assert.deepEqual(encodeCborObject(kind, back.object), bytes, where)
  }
})

test('objects look as upstream writes them: strings and keys are bytes, base64 is tagged, keys are ordered', () => {
  const secret = { kind: 'Secret', apiVersion: 'v1', data: { k: 'aGVsbG8=' }, type: 'Opaque' }
  const [type, data, kind, version] = [
    '4474797065464f7061717565',
    '4464617461a1416bd64568656c6c6f',
    '446b696e6446536563726574',
    '4a61706956657273696f6e427631',
  ]
  const metadata = '486d65746164617461a0'
  const bytes = hex(encodeCborObject(Secret, { ...secret, metadata: {} }))
  assert.equal(bytes, `d9d9f7a5${data}${kind}${type}${metadata}${version}`)
  assert.equal(hex(encodeCborItem(Secret, { data: { k: 'aGVsbG8=' } })), `a1${data}`)
})

test('integers, floats and their widths are kept apart', () => {
  const Number_ = kindsOf('test', 'v1', 'test')('N', { whole: f(1, int64).explicit(), real: f(2, double).explicit() })
  const bytes = hex(encodeCborItem(Number_, { whole: 3, real: 3 }))
  assert.equal(bytes, 'a2447265616cf942004577686f6c6503')
  assert.deepEqual(plainNumbers(read(bytes)), { real: 3, whole: 3 })
  assert.throws(() => decodeValue(Number_, read('a14577686f6c65f94200')), /cannot unmarshal number 3/)
  for (const value of [
    0,
    23,
    24,
    255,
    256,
    65_536,
    2 ** 32,
    2 ** 53 - 1,
    -1,
    -24,
    -25,
    -(2 ** 53 - 1),
    1.5,
    1e300,
    0.1,
  ]) {
    assert.equal(plainNumbers(readCbor(encodeCbor(value))), value)
  }
  for (const value of [2n ** 63n - 1n, -(2n ** 63n)]) assert.equal(readCbor(encodeCbor(value)), value)
  assert.equal(hex(encodeCbor(1.5)), 'd9d9f7f93e00')
  assert.equal(hex(encodeCbor(3.4028234663852886e38)), 'd9d9f7fa7f7fffff')
})

test('what other encoders write is read: text, indefinite lengths, tags', () => {
  assert.deepEqual(read('bf616101ff'), { a: 1 })
  assert.equal(read('7f61616162ff'), 'ab')
  assert.equal(read('5f41614162ff'), 'ab')
  assert.deepEqual(read('9f0102ff'), [1, 2])
  assert.equal(read('d64568656c6c6f'), 'aGVsbG8=')
  assert.equal(read('d74568656c6c6f'), '68656c6c6f')
  assert.equal(read('c11a514b67b0'), '2013-03-21T20:04:00Z')
  assert.equal(read('c074323031332d30332d32315432303a30343a30305a'), '2013-03-21T20:04:00Z')
})

test('malformed and refused input is an error and never a crash', () => {
  const refused: [string, RegExp][] = [
    ['', /unexpected EOF/],
    ['d9d9f7a1', /unexpected EOF/],
    ['5affffffff', /unexpected EOF/],
    ['9b00ffffffffffffff', /unexpected EOF/],
    ['a2416101416102', /duplicate map key "a"/],
    ['a10101', /key of a map/],
    ['61ff', /invalid UTF-8/],
    ['f97e00', /NaN/],
    ['f7', /simple value 23/],
    ['c24101', /bignums/],
    ['1bffffffffffffffff', /overflows int64/],
    ['0001', /extraneous data starting at index 1/],
    ['1c', /additional information/],
    ['81'.repeat(2_000), /nested/],
  ]
  for (const [bytes, message] of refused) assert.throws(() => read(bytes), message, bytes.slice(0, 40))
  const bytes = encodeCborObject(Pod, { metadata: { name: 'n' }, spec: { containers: [{ name: 'c', image: 'i' }] } })
  const random = seededRandom(11)
  for (let round = 0; round < 3_000; round++) {
    const broken = Buffer.from(bytes)
    for (let i = 0; i < 3; i++) broken[Math.floor(random() * broken.length)] = Math.floor(random() * 256)
    try {
      decodeValue(Pod, readCbor(broken))
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error))
    }
  }
})
