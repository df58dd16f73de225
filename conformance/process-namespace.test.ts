import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { newProcessNamespace } from './process-namespace.ts'

const isRoot = process.getuid?.() === 0

test('what runs inside sees its own processes, and its mounts end with it', {
  skip: !isRoot && 'needs root',
}, async t => {
  const directory = mkdtempSync(join(tmpdir(), 'process-namespace-'))
  t.after(() => rmdirSync(directory))
  const namespace = await newProcessNamespace()
  const run = (...[name, ...args]: string[]) => {
    const [command, all] = namespace.enter(name!, args)
    return execFileSync(command, [...all], { encoding: 'utf8' }).trim()
  }
  try {
    assert.match(run('cat', '/proc/1/cmdline'), /mount --make-rshared/)
    run('mount', '-t', 'tmpfs', 'tmpfs', directory)
    run('touch', join(directory, 'inside'))
    assert.equal(run('nsenter', '--mount=/proc/1/ns/mnt', 'ls', directory), 'inside')
    assert.ok(!existsSync(join(directory, 'inside')))
  } finally {
    await namespace.end()
  }
})
