import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderRestDocument } from './rest-document.ts'

test('the document of the other tests counts by area, names what failed and groups what was left out', () => {
  const document = renderRestDocument({
    suite: 'v1.37.2',
    commit: '0123456789abcdef',
    date: '2026-01-02T03:04:05Z',
    seconds: 60,
    passed: ['[sig-node] Pods a', '[sig-apps] Jobs d'],
    failed: [{ name: '[sig-apps] Jobs b', error: 'expected `x`' }],
    notRun: [
      { name: '[sig-node] Pods c', reason: 'needs a GPU' },
      { name: '[sig-node] Pods e', reason: 'needs a GPU' },
    ],
  })
  assert.match(document, /\*\*2 passed\*\*, 1 failed, 2 left themselves out\./)
  assert.match(document, /last run was at commit `0123456789ab`/)
  assert.match(document, /\| sig-node \| 1 \| 0 \| 2 \|/)
  assert.match(document, /### sig-apps\n\n- Jobs b {2}\n {2}`expected 'x'`/)
  assert.match(document, /- 2: needs a GPU/)
})
