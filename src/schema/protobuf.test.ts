import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ConfigMap } from '../api/core/v1/config-map.ts'
import { Pod } from '../api/core/v1/pod.ts'
import { ResourceFieldSelector } from '../api/core/v1/selectors.ts'
import { ServicePort } from '../api/core/v1/service.ts'
import { kinds, otherKinds } from '../api/kinds.ts'
import { Condition } from '../api/meta/v1/condition.ts'
import { olderKinds } from '../api/older-kinds.ts'
import { kindByName, listOf } from '../machinery/scheme.ts'
import { DecodeError } from './decode-error.ts'
import { f } from './field.ts'
import { decodeObject } from './json-decode.ts'
import { encodeObject } from './json-encode.ts'
import { messagesOf } from './message.ts'
import { decodeApiMessage, decodeEnvelope, decodeMessage, decodeWatchEvent } from './protobuf-decode.ts'
import { encodeApiMessage, encodeEnvelope, encodeMessage } from './protobuf-encode.ts'
import { randomObject, seededRandom } from './testing/random-object.ts'
import { binary, bool, byteString, double, int32, int64, list, map, str, uint32, uint64 } from './type.ts'

const folder = new URL('../../../shared/reference/golden/', import.meta.url)
const skip = existsSync(folder) ? false : 'the reference facts are not beside the repository'
const everyKind = [...kinds, ...otherKinds, ...olderKinds]

const byGoldenName = new Map(
  everyKind.map(kind => [`${kind.gvk.group || 'core'}.${kind.gvk.version}.${kind.gvk.kind}`, kind]),
)

for (const file of skip ? [] : readdirSync(folder)) {
  if (!file.endsWith('.json')) continue
  const name = file.slice(0, -'.json'.length)
  const kind = byGoldenName.get(name)
  test(`upstream’s filled ${name} round-trips in JSON and protobuf`, () => {
    assert.ok(kind, 'not declared')
    const json = readFileSync(new URL(`${name}.json`, folder))
    const protobuf = readFileSync(new URL(`${name}.pb`, folder))
    const { object, unknownFields, duplicateFields } = decodeObject(kind, json)
    assert.deepEqual([unknownFields, duplicateFields], [[], []])
    assert.deepEqual(JSON.parse(Buffer.from(encodeObject(kind, object)).toString()), JSON.parse(json.toString()))
    assert.deepEqual(decodeEnvelope(kind, protobuf), object)
    assert.ok(protobuf.equals(encodeEnvelope(kind, object)), 'in protobuf')
  })
}

test('random objects of every kind survive protobuf and JSON', () => {
  const seed = Date.now() % 1_000_000
  const random = seededRandom(seed)
  for (const kind of everyKind.flatMap(kind => (kind.resource ? [kind, listOf(kind)] : [kind]))) {
    const made = decodeObject(kind, JSON.stringify(randomObject(kind, random))).object
    const where = `${kind.apiVersion} ${kind.gvk.kind}, seed ${seed}`
    assert.deepEqual(decodeObject(kind, encodeObject(kind, made)).object, made, where)
    const bytes = encodeEnvelope(kind, made)
    const back = decodeEnvelope(kind, bytes)
    assert.deepEqual(encodeEnvelope(kind, back), bytes, where)
  }
})

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('an object lies in an envelope of runtime.Unknown', () => {
  const bytes = encodeEnvelope(ConfigMap, { metadata: { name: 'a' }, data: { k: 'v' } })
  const metadata = '0a01611200 1a00 2200 2a00 3200 3800 4200'.replaceAll(' ', '')
  const object = `0a${(metadata.length / 2).toString(16)}${metadata}12060a016b120176`
  const typeMeta = '0a0f0a0276311209436f6e6669674d6170'
  assert.equal(hex(bytes), `6b387300${typeMeta}12${(object.length / 2).toString(16)}${object}1a002200`)
  assert.deepEqual(decodeEnvelope(kindByName, bytes), {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'a' },
    data: { k: 'v' },
  })
})

test('upstream’s dialect writes unset fields that are no pointer, and drops their zeros when it reads them', () => {
  const bytes = encodeApiMessage(ServicePort, { port: 80 })
  // name, protocol, port, targetPort {type, intVal, strVal}, nodePort; appProtocol is a pointer.
  assert.equal(hex(bytes), '0a00120018502206080010001a002800')
  assert.deepEqual(decodeApiMessage(ServicePort, bytes), { port: 80 })
  assert.equal(hex(encodeApiMessage(ResourceFieldSelector, { resource: 'x' })), '0a001201781a030a0130')
  const condition = decodeApiMessage(Condition, Buffer.from('0a015412011a2200', 'hex'))
  assert.deepEqual(condition, { type: 'T', status: '\u001a' })
})

const Everything = messagesOf('test')('Everything', {
  flag: f(1, bool),
  small: f(2, int32),
  large: f(3, int64),
  unsigned: f(4, uint64),
  short: f(5, uint32),
  real: f(6, double),
  text: f(7, str),
  data: f(8, binary),
  numbers: f(9, list(int64)),
  words: f(10, list(str)),
  byName: f(11, map(int64)),
  key: f(12, byteString),
})

test('byte strings keep every byte', () => {
  const key = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte))
  const bytes = encodeMessage(Everything, { key })
  assert.deepEqual(
    [...bytes.subarray(3)],
    Array.from({ length: 256 }, (_, byte) => byte),
  )
  assert.equal(decodeMessage(Everything, bytes).key, key)
})

test('plain messages keep every integer exactly', () => {
  for (const large of [
    0,
    1,
    -1,
    127,
    128,
    2 ** 31,
    2 ** 32,
    -(2 ** 32),
    2 ** 53 - 1,
    -(2 ** 53 - 1),
    2n ** 63n - 1n,
    -(2n ** 63n),
  ]) {
    const value = { large } as { large: number }
    assert.deepEqual(decodeMessage(Everything, encodeMessage(Everything, value)), value)
  }
  const value = {
    flag: true,
    small: -5,
    unsigned: 2n ** 64n - 1n,
    short: 2 ** 32 - 1,
    real: -1.5e300,
    text: 'é😀',
    words: ['', 'b'],
  }
  const again = decodeMessage(Everything, encodeMessage(Everything, value))
  assert.deepEqual(again, value)
})

test('plain messages write nothing that is absent, and pack lists of numbers', () => {
  assert.equal(hex(encodeMessage(Everything, {})), '')
  assert.equal(hex(encodeMessage(Everything, { numbers: [1, 300] })), '4a0301ac02')
  assert.deepEqual(decodeMessage(Everything, Buffer.from('48014802', 'hex')), { numbers: [1, 2] })
  assert.deepEqual(decodeMessage(Everything, Buffer.from('42020102', 'hex')).data, Uint8Array.of(1, 2))
  assert.equal(hex(encodeMessage(Everything, { byName: { b: 2, a: 1 } })), '5a050a016110015a050a01621002')
})

test('unknown fields of every wire type are passed over', () => {
  // Fields 20 (varint), 21 (fixed64), 22 (bytes), 23 (fixed32), 24 (group).
  const unknown = ['a00105', 'a9010102030405060708', 'b2010161', 'bd0101020304', 'c3010801c401'].join('')
  assert.deepEqual(decodeMessage(Everything, Buffer.from(`${unknown}3a0162`, 'hex')), { text: 'b' })
})

test('malformed input is an error and never a crash', () => {
  const bytes = encodeEnvelope(Pod, { metadata: { name: 'n' }, spec: { containers: [{ name: 'c', image: 'i' }] } })
  const random = seededRandom(7)
  for (let round = 0; round < 3000; round++) {
    const broken = Buffer.from(bytes.subarray(0, round % 2 ? bytes.length : Math.floor(random() * bytes.length)))
    for (let i = 0; i < 3; i++) broken[4 + Math.floor(random() * (broken.length - 4))] = Math.floor(random() * 256)
    try {
      decodeEnvelope(Pod, broken)
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error))
    }
  }
  assert.throws(() => decodeMessage(Everything, Buffer.from('3a05', 'hex')), new DecodeError('unexpected EOF'))
  assert.throws(() => decodeMessage(Everything, Buffer.from('3801', 'hex')), /wrong wireType = 0 for field text/)
  assert.throws(() => decodeMessage(Everything, Buffer.from('18ffffffffffffffffffffff', 'hex')), /integer overflow/)
  assert.throws(() => decodeEnvelope(Pod, Buffer.from('{}')), /expected prefix/)
})

test('a watch frame gives its type and the enveloped object', () => {
  const object = encodeEnvelope(ConfigMap, { metadata: { name: 'a' } })
  const raw = Buffer.concat([Buffer.from([0x0a, object.length]), object])
  const frame = Buffer.concat([Buffer.from([0x0a, 5]), Buffer.from('ADDED'), Buffer.from([0x12, raw.length]), raw])
  const event = decodeWatchEvent(frame)
  assert.equal(event.type, 'ADDED')
  assert.deepEqual(decodeEnvelope(kindByName, event.object), {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'a' },
  })
})
