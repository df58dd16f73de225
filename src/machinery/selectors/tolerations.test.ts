import assert from 'node:assert/strict'
import test from 'node:test'
import { findUntoleratedTaint, toleratesTaint } from './tolerations.ts'

const taint = { key: 'gpu', value: 'true', effect: 'NoSchedule' as const }

test('toleratesTaint follows key, operator, value and effect', () => {
  assert.equal(toleratesTaint({ key: 'gpu', value: 'true' }, taint), true)
  assert.equal(toleratesTaint({ key: 'gpu', operator: 'Equal', value: 'no' }, taint), false)
  assert.equal(toleratesTaint({ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }, taint), false)
  assert.equal(toleratesTaint({ operator: 'Exists' }, taint), true)
  assert.equal(toleratesTaint({ key: 'cpu', operator: 'Exists' }, taint), false)
  assert.equal(toleratesTaint({ key: 'gpu', operator: 'Exists' }, { ...taint, value: '' }), true)
})

test('Gt and Lt compare canonical integers', () => {
  const sla = { key: 'sla', value: '950', effect: 'NoSchedule' as const }
  assert.equal(toleratesTaint({ key: 'sla', operator: 'Gt', value: '750' }, sla), true)
  assert.equal(toleratesTaint({ key: 'sla', operator: 'Lt', value: '750' }, sla), false)
  assert.equal(toleratesTaint({ key: 'sla', operator: 'Gt', value: '0750' }, sla), false)
})

test('findUntoleratedTaint looks at the given effects alone', () => {
  const soft = { key: 'soft', effect: 'PreferNoSchedule' as const }
  assert.equal(findUntoleratedTaint([soft, taint], [], ['NoSchedule', 'NoExecute']), taint)
  assert.equal(findUntoleratedTaint([soft], undefined, ['NoSchedule']), undefined)
  assert.equal(findUntoleratedTaint([taint], [{ operator: 'Exists' }], ['NoSchedule']), undefined)
})
