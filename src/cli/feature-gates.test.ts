import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFeatureGates } from './feature-gates.ts'

test('feature gates are read as Kubernetes’ components read them', () => {
  assert.deepEqual(parseFeatureGates(''), {})
  assert.deepEqual(parseFeatureGates('CBORServingAndStorage=true'), { CBORServingAndStorage: true })
  assert.deepEqual(parseFeatureGates(' CBORServingAndStorage = false ,'), { CBORServingAndStorage: false })
  assert.throws(() => parseFeatureGates('Nothing=true'), /unrecognized feature gate: Nothing/)
  assert.throws(() => parseFeatureGates('CBORServingAndStorage=maybe'), /invalid value of CBORServingAndStorage/)
  assert.throws(() => parseFeatureGates('CBORServingAndStorage'), /invalid value/)
})
