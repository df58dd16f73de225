import assert from 'node:assert/strict'
import test from 'node:test'
import { ApiError } from '../api-error.ts'
import { applyJsonPatch, maxJsonPatchOperations } from './json-patch.ts'

const document = { a: { b: [1, 2, 3] }, 'x/y': { '~': 1 }, n: null }

const applied = (...operations: object[]): unknown => applyJsonPatch(document, operations)
const codeOf = (run: () => unknown): number => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof ApiError)
    if (error.code === 422) {
      assert.equal(error.reason, 'Invalid')
      assert.equal(error.message, 'the server rejected our request due to an error in our request')
    }
    return error.code
  }
  return 200
}

test('applyJsonPatch runs every operation of RFC 6902 and leaves the original alone', () => {
  const before = structuredClone(document)
  assert.deepEqual(
    applied(
      { op: 'test', path: '/a/b/0', value: 1 },
      { op: 'add', path: '/a/b/1', value: 9 },
      { op: 'add', path: '/a/b/-', value: 4 },
      { op: 'add', path: '/a/b/-1', value: 5 },
      { op: 'remove', path: '/a/b/0' },
      { op: 'replace', path: '/x~1y/~0', value: { deep: true } },
      { op: 'copy', from: '/a/b', path: '/c' },
      { op: 'add', path: '/c/-', value: 'only here' },
      { op: 'move', from: '/x~1y', path: '/moved' },
    ),
    { a: { b: [9, 2, 3, 4, 5] }, n: null, c: [9, 2, 3, 4, 5, 'only here'], moved: { '~': { deep: true } } },
  )
  assert.deepEqual(document, before)
})

test('values of the patch are not changed by later operations', () => {
  const value = { list: [1] }
  const result = applied({ op: 'add', path: '/v', value }, { op: 'add', path: '/v/list/-', value: 2 })
  assert.deepEqual((result as { v: unknown }).v, { list: [1, 2] })
  assert.deepEqual(value, { list: [1] })
})

test('test takes an absent member for null and a bigint for its number', () => {
  assert.equal(
    codeOf(() => applied({ op: 'test', path: '/absent', value: null })),
    200,
  )
  assert.equal(
    codeOf(() => applied({ op: 'test', path: '/n', value: null })),
    200,
  )
  assert.equal(
    codeOf(() => applyJsonPatch({ a: 5n }, [{ op: 'test', path: '/a', value: 5 }])),
    200,
  )
  assert.equal(
    codeOf(() => applied({ op: 'test', path: '/a', value: { b: [1, 2, 3] } })),
    200,
  )
})

test('what does not apply is 422 Invalid', () => {
  for (const operation of [
    { op: 'test', path: '/a/b/0', value: 2 },
    { op: 'remove', path: '/absent' },
    { op: 'replace', path: '/absent/child', value: 1 },
    { op: 'add', path: '/absent/child', value: 1 },
    { op: 'add', path: '/a/b/4', value: 1 },
    { op: 'add', path: '/a/b/x', value: 1 },
    { op: 'add', path: 'a', value: 1 },
    { op: 'add', value: 1 },
    { op: 'move', from: '/a', path: '/a/b/-' },
    { op: 'explode', path: '/a' },
  ]) {
    assert.equal(
      codeOf(() => applied(operation)),
      422,
      JSON.stringify(operation),
    )
  }
})

test('what is no patch is 400, too many operations 413', () => {
  assert.equal(
    codeOf(() => applyJsonPatch({}, {})),
    400,
  )
  assert.equal(
    codeOf(() => applyJsonPatch({}, [1])),
    400,
  )
  const operations = Array.from({ length: maxJsonPatchOperations + 1 }, () => ({ op: 'add', path: '/a', value: 1 }))
  assert.equal(
    codeOf(() => applyJsonPatch({}, operations)),
    413,
  )
})

test('copies that double the document again and again are refused', () => {
  const operations = Array.from({ length: 64 }, (_, i) => ({ op: 'copy', from: '', path: `/k${i}` }))
  assert.equal(
    codeOf(() => applyJsonPatch({ seed: 'some text' }, operations)),
    422,
  )
})

test('__proto__ is a member like any other', () => {
  const result = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: 1 } }]) as object
  assert.equal(Object.getPrototypeOf(result), Object.prototype)
  assert.deepEqual(Object.keys(result), ['__proto__'])
})
