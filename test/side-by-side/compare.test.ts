import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareAnswers } from './compare.ts'
import type { Answer } from './connection.ts'
import { judge } from './known-differences.ts'
import { normalAnswer } from './normalize.ts'

const answer = (json: unknown, more: Partial<Answer> = {}): Answer => ({
  status: 200,
  contentType: 'application/json',
  warnings: [],
  retryAfter: '',
  text: JSON.stringify(json),
  json,
  ...more,
})
const differences = (stock: Answer, ours: Answer) => compareAnswers(normalAnswer(stock), normalAnswer(ours))
const now = new Date().toISOString()

test('uids, times and versions may differ, nothing else', () => {
  const stock = {
    metadata: { uid: '0aae2b6c-5a4b-4a5e-9d8e-2f1a3b4c5d6e', resourceVersion: '7', creationTimestamp: now },
  }
  const ours = {
    metadata: { uid: '1bbe2b6c-5a4b-4a5e-9d8e-2f1a3b4c5d6e', resourceVersion: '9', creationTimestamp: now },
  }
  assert.deepEqual(differences(answer(stock), answer(ours)), [])
  assert.deepEqual(differences(answer({ spec: { replicas: 1 } }), answer({ spec: {} })), [
    { at: 'body.spec.replicas', stock: 1, ours: undefined },
  ])
  assert.deepEqual(
    differences(answer({}, { warnings: ['a'] }), answer({}, { status: 201 })).map(({ at }) => at),
    ['status', 'warnings'],
  )
})

test('times of the corpus and the order of causes are compared', () => {
  const at = (time: string) => answer({ time })
  assert.equal(differences(at('2024-01-01T00:00:00Z'), at('2024-01-02T00:00:00Z')).length, 1)
  const causes = (...fields: string[]) => answer({ details: { causes: fields.map(field => ({ field })) } })
  assert.equal(differences(causes('a', 'b'), causes('b', 'a')).length, 2)
})

test('a listed difference covers its own text alone', () => {
  const listed = [{ reason: 'test', at: /^body\.message$/, erase: /\{.*\}/ }]
  const differing = (stock: string, ours: string) => ({
    caseName: 'c',
    label: 'l',
    request: 'GET /',
    body: '',
    differences: [{ at: 'body.message', stock, ours }],
  })
  assert.equal(judge([differing('x {A} y', 'x {b} y')], listed).known, 1)
  assert.equal(judge([differing('x {A} y', 'x {b} z')], listed).unknown.length, 1)
})
