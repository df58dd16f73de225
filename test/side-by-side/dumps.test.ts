import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutDumps } from './dumps.ts'

test('differences between structs go, and what stands behind them stays', () => {
  assert.equal(
    withoutDumps('[spec: Forbidden: no\n@@ -1,2 +1,2 @@\n {\n- "A": 1,\n+ "A": 2,\n, mode: Invalid value: "x": no]'),
    '[spec: Forbidden: no, mode: Invalid value: "x": no]',
  )
  assert.equal(withoutDumps('spec: Forbidden: no\n@@ -1 +1 @@\n a\n'), 'spec: Forbidden: no')
  assert.equal(
    withoutDumps('[spec: Forbidden: no\n-\tName: "a",\n+\tName: "b",\n, mode: no]'),
    '[spec: Forbidden: no, mode: no]',
  )
})

test('values that are objects or lists go, whatever they hold', () => {
  assert.equal(
    withoutDumps('[a: Invalid value: {"A":"]}","B":[{}]}: no, b: Unsupported value: ["x"]: supported values: "y"]'),
    '[a: Invalid value: …: no, b: Unsupported value: …: supported values: "y"]',
  )
})
