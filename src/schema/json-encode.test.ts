import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../api/core/v1/pod.ts'
import { listOf } from '../machinery/scheme.ts'
import { encodeJson, encodeObject, splicePoint } from './json-encode.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

test('kind, apiVersion and metadata come first, then fields in declared order, keys of maps sorted', () => {
  const pod = {
    status: { phase: 'Running' },
    spec: { containers: [{ image: 'i', name: 'c' }], nodeSelector: { b: '1', a: '2' } },
    metadata: { labels: { z: '1', a: '2' }, name: 'n' },
  }
  assert.equal(
    text(encodeObject(Pod, pod)),
    '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"n","labels":{"a":"2","z":"1"}},' +
      '"spec":{"containers":[{"name":"c","image":"i"}],"nodeSelector":{"a":"2","b":"1"}},"status":{"phase":"Running"}}',
  )
})

test('equal objects give equal bytes, whatever their order', () => {
  const one = encodeObject(Pod, { metadata: { name: 'n', uid: 'u' }, spec: { nodeName: 'x', hostname: 'y' } })
  const other = encodeObject(Pod, { spec: { hostname: 'y', nodeName: 'x' }, metadata: { uid: 'u', name: 'n' } })
  assert.deepEqual(one, other)
})

test('absent and undeclared members are left out, big integers written in full', () => {
  const bytes = encodeObject(Pod, { metadata: { name: undefined, generation: 9007199254740993n, x: 1 }, spec: null })
  assert.equal(text(bytes), '{"kind":"Pod","apiVersion":"v1","metadata":{"generation":9007199254740993}}')
  assert.equal(text(encodeJson({ a: [2n ** 63n], b: undefined })), '{"a":[9223372036854775808]}')
})

test('the splice points are right for every object of a kind', () => {
  const bytes = text(encodeObject(Pod, { metadata: { name: 'n' } }))
  const { afterTypeMeta, insideMetadata } = splicePoint(Pod)
  const spliced = `${bytes.slice(0, insideMetadata)}"resourceVersion":"7",${bytes.slice(insideMetadata)}`
  assert.deepEqual(JSON.parse(spliced).metadata, { resourceVersion: '7', name: 'n' })
  assert.deepEqual(JSON.parse(`{${bytes.slice(afterTypeMeta)}`), { metadata: { name: 'n' } })
})

test('items of a typed list carry no kind and apiVersion unless they were given', () => {
  const list = { metadata: { resourceVersion: '1' }, items: [{ metadata: { name: 'a' } }] }
  assert.deepEqual(JSON.parse(text(encodeObject(listOf(Pod), list))), { kind: 'PodList', apiVersion: 'v1', ...list })
})
