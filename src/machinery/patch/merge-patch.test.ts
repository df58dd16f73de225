import assert from 'node:assert/strict'
import test from 'node:test'
import { applyMergePatch } from './merge-patch.ts'

// The cases of RFC 7386, appendix A, that have an object as patch.
test('applyMergePatch follows the cases of RFC 7386', () => {
  for (const [target, patch, expected] of [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ] as const) {
    const before = structuredClone(target)
    assert.deepEqual(applyMergePatch(target, patch), expected, JSON.stringify(patch))
    assert.deepEqual(target, before)
  }
})

test('a patch that is no object is refused', () => {
  assert.throws(() => applyMergePatch({}, [1]), { message: /cannot unmarshal array into Go value of type map/ })
})
