import assert from 'node:assert/strict'
import { test } from 'node:test'
import { focusPatterns, selectTests } from './selection.ts'

const all = ['[sig-node] Pods start', '[sig-node] Pods stop', '[sig-apps] Jobs start']

test('focus, skip and a list narrow the selection together', () => {
  assert.deepEqual(selectTests(all, { focus: [], skip: [] }), all)
  assert.deepEqual(selectTests(all, { focus: [/start/], skip: [/sig-apps/] }), ['[sig-node] Pods start'])
  assert.deepEqual(selectTests(all, { focus: [/Jobs/, /stop/], skip: [] }), all.slice(1))
  assert.deepEqual(selectTests(all, { focus: [], skip: [], only: [all[1]!] }), [all[1]])
})

test('a listed test that the suite does not have is refused', () => {
  assert.throws(
    () => selectTests(all, { focus: [], skip: [], only: ['[sig-node] gone'] }),
    /no such test:\n {2}\[sig-node\] gone/,
  )
})

test('the pattern matches whole names behind the title of the suite', () => {
  const [text, ...more] = focusPatterns(['[sig-node] a.b (c)', '[sig-node] d'])
  assert.deepEqual(more, [])
  const pattern = new RegExp(text!)
  assert.ok(pattern.test('Suite [sig-node] a.b (c)'))
  assert.ok(!pattern.test('Suite [sig-node] axb (c)'))
  assert.ok(!pattern.test('Suite [sig-node] d e'))
})

test('many names are spread over patterns that each fit into an argument', () => {
  const names = Array.from({ length: 1_001 }, (_, index) => `[sig-storage] ${'long '.repeat(40)}${index}`)
  const patterns = focusPatterns(names)
  assert.ok(patterns.every(pattern => pattern.length < 128 << 10))
  const matchers = patterns.map(pattern => new RegExp(pattern))
  assert.ok(names.every(name => matchers.filter(matcher => matcher.test(name)).length === 1))
})
