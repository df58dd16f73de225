import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isChosen } from './start.ts'

test('controllers are chosen as the flag --controllers of kube-controller-manager does', () => {
  const chosen = (...choice: string[]) => ['a', 'b', 'c'].filter(name => isChosen(name, choice))
  assert.deepEqual(chosen('*'), ['a', 'b', 'c'])
  assert.deepEqual(chosen('*', '-b'), ['a', 'c'])
  assert.deepEqual(chosen('b'), ['b'])
  assert.deepEqual(chosen('-b'), [])
  assert.deepEqual(chosen('b', '-b', '*'), ['a', 'b', 'c'])
  assert.deepEqual(chosen(''), [])
})
