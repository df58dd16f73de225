import assert from 'node:assert/strict'
import test from 'node:test'
import { nodeSelectorMatches, nodeSelectorTermMatches, requiredNodeAffinityMatches } from './node-selector.ts'

const node = { metadata: { name: 'n1', labels: { zone: 'a', cores: '8' } } }

test('a term holds if every requirement does', () => {
  for (const [key, operator, values, expected] of [
    ['zone', 'In', ['a', 'b'], true],
    ['zone', 'NotIn', ['a'], false],
    ['none', 'NotIn', ['a'], true],
    ['zone', 'Exists', [], true],
    ['zone', 'DoesNotExist', [], false],
    ['cores', 'Gt', ['7'], true],
    ['cores', 'Lt', ['8'], false],
    ['zone', 'Gt', ['1'], false],
  ] as const) {
    const matchExpressions = [{ key, operator, values: [...values] }]
    assert.equal(nodeSelectorTermMatches({ matchExpressions }, node), expected, `${key} ${operator} ${values}`)
  }
})

test('an empty term and a selector without terms match no node', () => {
  assert.equal(nodeSelectorTermMatches({}, node), false)
  assert.equal(nodeSelectorMatches({ nodeSelectorTerms: [] }, node), false)
})

test('matchFields knows the name of the node alone', () => {
  const term = (key: string, values: string[]) => ({ matchFields: [{ key, operator: 'In' as const, values }] })
  assert.equal(nodeSelectorTermMatches(term('metadata.name', ['n1']), node), true)
  assert.equal(nodeSelectorTermMatches(term('metadata.name', ['n2']), node), false)
  assert.equal(nodeSelectorTermMatches(term('metadata.name', ['n1', 'n2']), node), false)
  assert.equal(nodeSelectorTermMatches(term('metadata.uid', ['n1']), node), false)
  assert.equal(nodeSelectorMatches({ nodeSelectorTerms: [{}, term('metadata.name', ['n1'])] }, node), true)
})

test('requiredNodeAffinityMatches asks for the node selector and the affinity', () => {
  assert.equal(requiredNodeAffinityMatches({}, node), true)
  assert.equal(requiredNodeAffinityMatches({ nodeSelector: { zone: 'a' } }, node), true)
  assert.equal(requiredNodeAffinityMatches({ nodeSelector: { zone: 'b' } }, node), false)
  const nodeSelectorTerms = [{ matchExpressions: [{ key: 'zone', operator: 'In' as const, values: ['b'] }] }]
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } }
  assert.equal(requiredNodeAffinityMatches({ nodeSelector: { zone: 'a' }, affinity }, node), false)
})
