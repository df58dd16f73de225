import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderDocument } from './document.ts'

test('the document counts by area and names what failed and what did not run', () => {
  const document = renderDocument({
    suite: 'v1.37.2',
    commit: '0123456789abcdef',
    date: '2026-01-02T03:04:05Z',
    seconds: 3_725,
    passed: ['[sig-node] Pods a [Conformance]'],
    failed: [{ name: '[sig-apps] Jobs b', error: 'expected `x`' }],
    notRun: [{ name: '[sig-node] Pods c', reason: 'needs <two> nodes' }],
  })
  assert.match(document, /\*\*1 of 3 passed\*\*, 1 failed, 1 not run\./)
  assert.match(document, /Commit `0123456789ab`, ended 2026-01-02T03:04:05Z, took 1 h 2 min 5 s\./)
  assert.match(document, /\| sig-node \| 1 \| 0 \| 1 \|/)
  assert.match(document, /### sig-apps\n\n- Jobs b {2}\n {2}`expected 'x'`/)
  assert.match(document, /- Pods c: needs \\<two\\> nodes/)
  assert.match(document, /- Pods a \\\[Conformance\\\]/)
})

test('results of reruns name the commit at which the rest was run', () => {
  const document = renderDocument({
    suite: 'v1.37.2',
    commit: 'fedcba9876543210',
    date: '2026-01-03T00:00:00Z',
    seconds: 60,
    wholeRun: { commit: '0123456789abcdef', date: '2026-01-02T00:00:00Z' },
    passed: ['[sig-node] Pods a'],
    failed: [],
    notRun: [],
  })
  assert.match(document, /All were run at commit `0123456789ab`.*\n.*last at commit `fedcba987654`, ended 2026-01-03/)
})
