import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTestSet, isTestSetName, testSetNames } from './test-sets.ts'

const setsOf = (name: string) => testSetNames.filter(set => set !== 'all' && inTestSet(set, name))

test('a test is in the set that its marks say', () => {
  assert.deepEqual(setsOf('[sig-apps] Jobs run [Conformance]'), ['conformance'])
  assert.deepEqual(setsOf('[sig-apps] Jobs run'), ['default'])
  assert.deepEqual(setsOf('[sig-apps] Jobs run [Serial]'), ['serial'])
  assert.deepEqual(setsOf('[sig-apps] Jobs run [Slow]'), ['slow'])
  assert.deepEqual(setsOf('[sig-node] Pods run [Serial] [Conformance]'), ['conformance'])
  assert.ok(inTestSet('all', '[sig-node] [Feature:GPU] Pods run [Serial]'))
})

test('what needs a feature, a cloud or breaks the cluster is in none', () => {
  for (const mark of ['[Feature:GPU]', '[Alpha]', '[Disruptive]', '[Flaky]', '[Provider:gce]', '[Driver: azure-disk]'])
    assert.deepEqual(setsOf(`[sig-node] Pods run ${mark}`), [], mark)
  assert.deepEqual(setsOf('[sig-node] SSH [Provider:gce,local] works'), ['default'])
})

test('a set has a name that is known', () => {
  assert.ok(isTestSetName('serial'))
  assert.ok(!isTestSetName('constructor'))
})
