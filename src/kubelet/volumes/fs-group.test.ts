import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Pod } from '../../api/core/v1/pod.ts'
import { giveToGroup } from './fs-group.ts'

const podWith = (securityContext: object) => ({ spec: { securityContext } }) as unknown as Pod
const root = process.getuid?.() === 0

test('the files of a volume go to the group, links stay as they are', { skip: !root && 'needs root' }, async t => {
  const directory = mkdtempSync(join(tmpdir(), 'fs-group-'))
  t.after(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'sub'), { mode: 0o700 })
  writeFileSync(join(directory, 'sub', 'file'), '', { mode: 0o600 })
  writeFileSync(join(directory, 'target'), '', { mode: 0o644 })
  symlinkSync('target', join(directory, 'link'))
  await giveToGroup(directory, podWith({ fsGroup: 1234 }))
  const shown = (name: string) => {
    const { gid, mode } = statSync(join(directory, name))
    return [gid, (mode & 0o7777).toString(8)]
  }
  assert.deepEqual(shown('sub'), [1234, '2770'])
  assert.deepEqual(shown('sub/file'), [1234, '660'])
  assert.deepEqual(shown('target'), [1234, '664'])
})

test("a volume whose root is the group's already is left alone where that is asked for", {
  skip: !root && 'needs root',
}, async t => {
  const directory = mkdtempSync(join(tmpdir(), 'fs-group-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const pod = podWith({ fsGroup: 1234, fsGroupChangePolicy: 'OnRootMismatch' })
  writeFileSync(join(directory, 'first'), '')
  await giveToGroup(directory, pod)
  assert.equal(statSync(join(directory, 'first')).gid, 1234)
  writeFileSync(join(directory, 'second'), '')
  chmodSync(join(directory, 'second'), 0o600)
  await giveToGroup(directory, pod)
  assert.equal(statSync(join(directory, 'second')).mode & 0o7777, 0o600)
})
