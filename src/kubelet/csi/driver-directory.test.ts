import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { driverDirectory, linkDriverDirectory, unlinkDriverDirectory } from './driver-directory.ts'

test('drivers are told the usual directory where it leads to ours, and what is there stays', t => {
  const root = mkdtempSync(join(tmpdir(), 'driver-directory-'))
  t.after(() => rmSync(root, { recursive: true }))
  const [first, second, usual] = [join(root, 'first'), join(root, 'second'), join(root, 'usual')]
  for (const data of [first, second]) mkdirSync(join(data, 'kubelet'), { recursive: true })
  linkDriverDirectory(first, usual)
  linkDriverDirectory(second, usual)
  assert.equal(driverDirectory(first, usual), usual)
  assert.equal(driverDirectory(second, usual), join(second, 'kubelet'))
  unlinkDriverDirectory(second, usual)
  assert.ok(existsSync(usual))
  unlinkDriverDirectory(first, usual)
  assert.ok(!existsSync(usual))
  mkdirSync(usual)
  linkDriverDirectory(first, usual)
  unlinkDriverDirectory(first, usual)
  assert.ok(existsSync(usual))
})
