import assert from 'node:assert/strict'
import test from 'node:test'
import { Deployment } from '../../api/apps/v1/deployment.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels: { a: '1', b: '2' }, finalizers: ['x/one', 'x/two'] },
  spec: {
    containers: [
      { name: 'one', image: 'i:1', env: [{ name: 'A', value: '1' }] },
      { name: 'two', image: 'i:2' },
    ],
    tolerations: [{ key: 'a' }],
    volumes: [{ name: 'v', emptyDir: {} }],
  },
}
type PodShape = {
  metadata: Record<string, unknown>
  spec: { containers: { name: string }[]; [key: string]: unknown }
}
const patched = (patch: object): PodShape => applyStrategicMergePatch(Pod, pod, patch) as PodShape
const names = (patch: object): string[] => patched({ spec: patch }).spec.containers.map(one => one.name)

test('maps merge, null removes, lists with a merge key merge by it, others are replaced', () => {
  const before = structuredClone(pod)
  const result = patched({
    metadata: { labels: { a: null, c: '3' }, finalizers: ['x/two', 'x/three'] },
    spec: {
      containers: [{ name: 'one', image: 'i:3', env: [{ name: 'B', value: '2' }] }],
      tolerations: [{ key: 'b' }],
    },
  })
  assert.deepEqual(result.metadata, {
    name: 'p',
    labels: { b: '2', c: '3' },
    finalizers: ['x/one', 'x/two', 'x/three'],
  })
  assert.deepEqual(result.spec.containers, [
    {
      name: 'one',
      image: 'i:3',
      env: [
        { name: 'B', value: '2' },
        { name: 'A', value: '1' },
      ],
    },
    { name: 'two', image: 'i:2' },
  ])
  assert.deepEqual(result.spec.tolerations, [{ key: 'b' }])
  assert.deepEqual(pod, before)
})

test('new elements come first, unless $setElementOrder says otherwise', () => {
  assert.deepEqual(names({ containers: [{ name: 'new' }] }), ['new', 'one', 'two'])
  assert.deepEqual(
    names({
      '$setElementOrder/containers': [{ name: 'one' }, { name: 'new' }, { name: 'two' }],
      containers: [{ name: 'new' }],
    }),
    ['one', 'new', 'two'],
  )
  assert.deepEqual(names({ '$setElementOrder/containers': [{ name: 'two' }, { name: 'one' }] }), ['two', 'one'])
  assert.deepEqual(names({ '$setElementOrder/containers': [{ name: 'two' }] }), ['one', 'two'])
})

test('$patch deletes and replaces', () => {
  assert.deepEqual(names({ containers: [{ name: 'one', $patch: 'delete' }] }), ['two'])
  assert.deepEqual(names({ containers: [{ name: 'x' }, { $patch: 'replace' }] }), ['x'])
  assert.deepEqual(patched({ metadata: { labels: { z: '1', $patch: 'replace' } } }).metadata.labels, { z: '1' })
  assert.deepEqual(patched({ metadata: { labels: { $patch: 'delete' } } }).metadata.labels, {})
  assert.deepEqual(names({ containers: [{ name: 'none', $patch: 'delete' }] }), ['one', 'two'])
})

test('$deleteFromPrimitiveList removes values', () => {
  const { finalizers } = patched({ metadata: { '$deleteFromPrimitiveList/finalizers': ['x/one'] } }).metadata
  assert.deepEqual(finalizers, ['x/two'])
})

test('$retainKeys removes what it does not name', () => {
  const volumes = [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }]
  assert.deepEqual(patched({ spec: { volumes } }).spec.volumes, [{ name: 'v', configMap: { name: 'c' } }])
  const deployment = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } }
  const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }
  assert.deepEqual(applyStrategicMergePatch(Deployment, deployment, patch), {
    spec: { strategy: { type: 'Recreate' } },
  })
})

test('unknown members pass, directives never reach the object', () => {
  const result = patched({ spec: { surprise: { a: 1 }, affinity: { $patch: 'replace', nodeAffinity: null } } })
  assert.deepEqual(result.spec.surprise, { a: 1 })
  assert.deepEqual(result.spec.affinity, {})
  assert.equal(JSON.stringify(result).includes('$'), false)
})

test('faults have the messages of upstream', () => {
  assert.throws(() => patched({ spec: { containers: [{ image: 'i' }] } }), {
    message: 'map: map[image:i] does not contain declared merge key: name',
  })
  assert.throws(() => patched({ metadata: { $patch: 'shuffle' } }), {
    message: 'unknown patch type: shuffle in map: map[$patch:shuffle]',
  })
  assert.throws(() => patched({ spec: { '$setElementOrder/containers': 1 } }), { message: /setElementOrder list/ })
  assert.throws(
    () => patched({ spec: { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'b' }] } }),
    { message: /The order in patch list/ },
  )
  assert.throws(() => patched({ spec: { volumes: [{ name: 'v', $retainKeys: ['name'], nfs: {} }] } }), {
    message: 'invalid patch format of retainKeys',
  })
})

test('a list that the object does not have takes the elements of the patch, and none of its directives', () => {
  const patch = { status: { podIPs: [{ ip: '10.244.0.5' }, { $patch: 'replace' }] } }
  assert.deepEqual(applyStrategicMergePatch(Pod, { status: {} }, patch), { status: { podIPs: [{ ip: '10.244.0.5' }] } })
})
