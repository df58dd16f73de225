import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deployment } from '../api/apps/v1/deployment.ts'
import { SubjectAccessReview } from '../api/authorization/v1/subject-access-review.ts'
import { Lease } from '../api/coordination/v1/lease.ts'
import { Pod } from '../api/core/v1/pod.ts'
import { Secret } from '../api/core/v1/secret.ts'
import { Service } from '../api/core/v1/service.ts'
import { PodDisruptionBudget } from '../api/policy/v1/pod-disruption-budget.ts'
import { DecodeError, decodeObject, decodeValue, readJson } from './json-decode.ts'
import type { Kind } from './kind.ts'

const decode = (kind: Kind, value: unknown) =>
  decodeObject(kind, typeof value === 'string' ? value : JSON.stringify(value))
const object = (kind: Kind, value: unknown) => {
  const { kind: _, apiVersion: __, ...rest } = decode(kind, value).object as Record<string, unknown>
  return rest
}
const refused = (kind: Kind, value: unknown, message: string) =>
  assert.throws(() => decode(kind, value), new DecodeError(message))

test('kind and apiVersion are filled in where absent and kept where given', () => {
  assert.deepEqual(decode(Pod, {}).object, { kind: 'Pod', apiVersion: 'v1' })
  assert.deepEqual(decode(Pod, { kind: 'Foo', apiVersion: 'x/v1' }).object, { kind: 'Foo', apiVersion: 'x/v1' })
})

test('unknown fields are dropped and reported with their path', () => {
  const decoded = decode(Pod, { spec: { foo: { a: 1 }, containers: [{ name: 'a' }, { name: 'b', bar: 1 }] }, x: 1 })
  assert.deepEqual(decoded.unknownFields, ['spec.foo', 'spec.containers[1].bar', 'x'])
  assert.deepEqual((decoded.object as { spec: unknown }).spec, { containers: [{ name: 'a' }, { name: 'b' }] })
})

test('names of fields are case-sensitive', () => {
  assert.deepEqual(decode(Pod, { Spec: {} }).unknownFields, ['Spec'])
})

test('duplicate keys are reported with their path, the last one counts', () => {
  const decoded = decode(
    Pod,
    '{"metadata":{"labels":{"a":"1","a":"2"}},"spec":{"containers":[{"name":"a","name":"b"}]}}',
  )
  assert.deepEqual(decoded.duplicateFields, ['metadata.labels.a', 'spec.containers[0].name'])
  assert.deepEqual(object(Pod, '{"metadata":{"name":"a","name":"b"}}'), { metadata: { name: 'b' } })
})

test('duplicate keys inside an unknown field are not reported', () => {
  const decoded = decode(Pod, '{"spec":{"foo":{"a":1,"a":2}}}')
  assert.deepEqual([decoded.unknownFields, decoded.duplicateFields], [['spec.foo'], []])
})

test('integers of 64 bits are exact', () => {
  const text = '{"metadata":{"generation":9007199254740993}}'
  assert.deepEqual(object(Pod, text), { metadata: { generation: 9007199254740993n } })
  assert.deepEqual(object(Pod, '{"metadata":{"generation":9007199254740991}}'), {
    metadata: { generation: 9007199254740991 },
  })
})

test('a fraction, an exponent and a number out of range are no integers', () => {
  const field = 'into Go struct field DeploymentSpec.spec.replicas of type int32'
  refused(Deployment, '{"spec":{"replicas":1.0}}', `json: cannot unmarshal number 1.0 ${field}`)
  refused(Deployment, '{"spec":{"replicas":1e3}}', `json: cannot unmarshal number 1e3 ${field}`)
  refused(Deployment, '{"spec":{"replicas":2147483648}}', `json: cannot unmarshal number 2147483648 ${field}`)
  const generation = 'into Go struct field ObjectMeta.metadata.generation of type int64'
  refused(
    Pod,
    '{"metadata":{"generation":9223372036854775808}}',
    `json: cannot unmarshal number 9223372036854775808 ${generation}`,
  )
})

test('wrong types are refused in the words of Go’s decoder', () => {
  const into = 'json: cannot unmarshal'
  refused(
    Pod,
    { spec: { containers: 'x' } },
    `${into} string into Go struct field PodSpec.spec.containers of type []v1.Container`,
  )
  refused(
    Pod,
    { spec: { containers: [{ name: 1 }] } },
    `${into} number into Go struct field Container.spec.containers.name of type string`,
  )
  refused(
    Pod,
    { spec: { hostNetwork: 'yes' } },
    `${into} string into Go struct field PodSpec.spec.hostNetwork of type bool`,
  )
  refused(
    Pod,
    { metadata: { labels: { a: true } } },
    `${into} bool into Go struct field ObjectMeta.metadata.labels of type string`,
  )
  refused(Pod, { metadata: [] }, `${into} array into Go struct field Pod.metadata of type v1.ObjectMeta`)
  refused(Pod, [], `${into} array into Go value of type v1.Pod`)
  refused(
    Service,
    { spec: { ports: [{ targetPort: true }] } },
    `${into} bool into Go struct field ServicePort.spec.ports.targetPort of type int32`,
  )
})

test('malformed JSON is refused in the words of Go’s scanner', () => {
  refused(Pod, '{"spec":}', `invalid character '}' looking for beginning of value`)
  refused(Pod, '{"a":1', 'unexpected end of JSON input')
  refused(Pod, '{"a" 1}', `invalid character '1' after object key`)
  refused(Pod, '{"a":1 "b"}', `invalid character '"' after object key:value pair`)
  refused(Pod, '{a:1}', `invalid character 'a' looking for beginning of object key string`)
  refused(Pod, '[1 2]', `invalid character '2' after array element`)
  refused(Pod, '{}x', `invalid character 'x' after top-level value`)
  refused(Pod, '{"a":tru}', `invalid character '}' in literal true (expecting 'e')`)
  refused(Pod, '{"a":"\\x"}', `invalid character 'x' in string escape code`)
  refused(Pod, '{"a":-}', `invalid character '}' in numeric literal`)
  refused(Pod, '', 'unexpected end of JSON input')
})

test('depth and size are bounded', () => {
  refused(Pod, '['.repeat(100_000), 'exceeded max depth')
  refused(Pod, `{"x":${'['.repeat(2000)}${']'.repeat(2000)}}`, 'exceeded max depth')
  assert.throws(() => decodeObject(Pod, '{"a":"long"}', 5), /exceeds the limit of 5/)
})

test('__proto__ is a key like any other', () => {
  const decoded = decode(Pod, '{"__proto__":{"polluted":1},"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}')
  assert.deepEqual(decoded.unknownFields, ['__proto__'])
  const { labels } = (decoded.object as { metadata: { labels: object } }).metadata
  assert.deepEqual(Object.entries(labels), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
  assert.equal(Object.getPrototypeOf(decoded.object), Object.prototype)
  assert.equal(({} as { polluted?: number }).polluted, undefined)
})

test('null stands for an absent field, and for zero inside lists and maps', () => {
  assert.deepEqual(object(Pod, { metadata: { creationTimestamp: null, labels: { a: null } }, spec: null }), {
    metadata: { labels: { a: '' } },
  })
  assert.deepEqual(object(Pod, { spec: { containers: [{ command: [null] }, null] } }), {
    spec: { containers: [{ command: [''] }, {}] },
  })
})

test('zero is dropped where Go cannot tell it from unset, and kept where it can', () => {
  const spec = { replicas: 0, paused: false, minReadySeconds: 0, strategy: {}, revisionHistoryLimit: 0 }
  assert.deepEqual(object(Deployment, { spec }), { spec: { replicas: 0, strategy: {}, revisionHistoryLimit: 0 } })
  const status = { disruptionsAllowed: 0, currentHealthy: 0, observedGeneration: 0 }
  assert.deepEqual(object(PodDisruptionBudget, { status }), { status: { disruptionsAllowed: 0, currentHealthy: 0 } })
  assert.deepEqual(object(Pod, { spec: { containers: [], volumes: [], nodeSelector: {}, nodeName: '' } }), {
    spec: { containers: [] },
  })
})

test('times are normalised to seconds, micro times to microseconds, in UTC', () => {
  const time = (creationTimestamp: string) => object(Pod, { metadata: { creationTimestamp } })
  assert.deepEqual(time('2026-01-02T03:04:05.999+01:30'), { metadata: { creationTimestamp: '2026-01-02T01:34:05Z' } })
  assert.deepEqual(time('2024-02-29T23:59:59Z'), { metadata: { creationTimestamp: '2024-02-29T23:59:59Z' } })
  assert.deepEqual(time('0001-01-01T00:00:00Z'), { metadata: {} })
  const renewTime = '2026-01-02T03:04:05.123456-00:30'
  assert.deepEqual(object(Lease, { spec: { renewTime } }), { spec: { renewTime: '2026-01-02T03:34:05.123456Z' } })
  refused(
    Lease,
    { spec: { renewTime: '2026-01-02T03:04:05Z' } },
    'parsing time "2026-01-02T03:04:05Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  )
  for (const bad of ['2026-02-29T00:00:00Z', '2026-01-02', '2026-13-01T00:00:00Z', '2026-01-01T24:00:00Z', '']) {
    assert.throws(() => time(bad), DecodeError, bad)
  }
  refused(
    Pod,
    { metadata: { creationTimestamp: 3 } },
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
  )
})

test('quantities may be numbers and keep their text', () => {
  const overhead = (text: string) => (object(Pod, `{"spec":{"overhead":{"cpu":${text}}}}`) as { spec: unknown }).spec
  assert.deepEqual(overhead('1.50'), { overhead: { cpu: '1.50' } })
  assert.deepEqual(overhead('2'), { overhead: { cpu: '2' } })
  assert.deepEqual(overhead('"500m"'), { overhead: { cpu: '500m' } })
  for (const bad of ['"1x"', 'true', '""', '{}']) assert.throws(() => overhead(bad), /quantities must match/, bad)
})

test('bytes are valid base64, line ends aside', () => {
  assert.deepEqual(object(Secret, { data: { a: 'aGk=', b: '', c: 'aG\nk=' } }), {
    data: { a: 'aGk=', b: '', c: 'aGk=' },
  })
  refused(Secret, { data: { a: 'a*k=' } }, 'illegal base64 data at input byte 1')
  refused(Secret, { data: { a: 'aGk' } }, 'illegal base64 data at input byte 3')
})

test('fields of embedded messages are flat, list forms are lists', () => {
  const spec = { volumes: [{ name: 'v', emptyDir: {} }] }
  assert.deepEqual(object(Pod, { spec }), { spec })
  const review = { spec: { user: 'u', extra: { scopes: ['a', 'b'] } } }
  assert.deepEqual(object(SubjectAccessReview, review), review)
})

test('a parsed value is checked without being changed', () => {
  const value = Object.freeze({
    metadata: Object.freeze({ name: 'a', foo: 1 }),
    spec: Object.freeze({ containers: [] }),
  })
  const { object: made, unknownFields } = decodeValue(Pod, value)
  assert.deepEqual(made.metadata, { name: 'a' })
  assert.equal(made.spec, value.spec)
  assert.deepEqual(unknownFields, ['metadata.foo'])
})

test('any JSON is read with exact integers', () => {
  assert.deepEqual(readJson('{"a":[1,1.5,1234567890123456789],"b":1e2}'), {
    a: [1, 1.5, 1234567890123456789n],
    b: 100,
  })
  assert.deepEqual(readJson(Buffer.from('"é"')), 'é')
})

test('integers beyond int64 are floats, as to Go, and numbers beyond those are refused', () => {
  assert.deepEqual(readJson('[9223372036854775807,-9223372036854775808]'), [2n ** 63n - 1n, -(2n ** 63n)])
  assert.deepEqual(readJson('[9223372036854775808,-9223372036854775809]'), [2 ** 63, -(2 ** 63)])
  assert.deepEqual(readJson(`[1${'0'.repeat(30)},1e21]`), [1e30, 1e21])
  for (const text of ['1e400', '-1e400', '9'.repeat(400)]) {
    const message = `json: cannot unmarshal number ${text} into Go value of type float64`
    assert.throws(() => readJson(`{"a":${text}}`), new DecodeError(message))
  }
})
