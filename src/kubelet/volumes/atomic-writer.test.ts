import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { writeAtomically } from './atomic-writer.ts'
import type { Mounter } from './mounter.ts'
import { mountSubPath } from './sub-path.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync('/tmp/volume-')
})
afterEach(() => rmSync(directory, { recursive: true }))

const file = (text: string, mode = 0o644) => ({ content: Buffer.from(text), mode })

test('files appear through ..data, with their modes, and follow changes', () => {
  assert.equal(
    writeAtomically(
      directory,
      new Map([
        ['a', file('1', 0o400)],
        ['d/b', file('2')],
      ]),
      '1',
    ),
    true,
  )
  assert.equal(readFileSync(join(directory, 'a'), 'utf8'), '1')
  assert.equal(statSync(join(directory, 'a')).mode & 0o777, 0o400)
  assert.equal(readFileSync(join(directory, 'd/b'), 'utf8'), '2')
  assert.equal(
    writeAtomically(
      directory,
      new Map([
        ['a', file('1', 0o400)],
        ['d/b', file('2')],
      ]),
      '2',
    ),
    false,
  )
  assert.equal(writeAtomically(directory, new Map([['a', file('new')]]), '3'), true)
  assert.equal(readFileSync(join(directory, 'a'), 'utf8'), 'new')
  assert.deepEqual(readdirSync(directory).sort(), ['..3', '..data', 'a'])
})

test('a path may not leave the volume', () => {
  for (const path of ['../x', '/x', 'a/../../x', '..'])
    assert.throws(() => writeAtomically(directory, new Map([[path, file('')]]), '1'), /must not contain/)
})

test('a subPath through a link out of the volume is refused', async () => {
  const mounter = { isMounted: () => false, bind: async () => assert.fail('mounted') } as unknown as Mounter
  const volume = join(directory, 'volume')
  mkdirSync(volume)
  symlinkSync('/etc', join(volume, 'out'))
  await assert.rejects(mountSubPath(mounter, volume, 'out', join(directory, 't')), /not within the volume/)
  await assert.rejects(mountSubPath(mounter, volume, 'out/new', join(directory, 't')), /not within the volume/)
  await assert.rejects(mountSubPath(mounter, volume, '../x', join(directory, 't')), /must not contain/)
  assert.equal(existsSync('/etc/new'), false)
})

test('a subPath is mounted by its opened file, and a missing one is made as a folder', async () => {
  const bound: string[] = []
  const mounter = {
    isMounted: () => false,
    bind: async (source: string, target: string) => {
      bound.push(target)
      assert.match(source, /^\/proc\/\d+\/fd\/\d+$/)
    },
  } as unknown as Mounter
  const volume = join(directory, 'volume')
  mkdirSync(volume)
  chmodSync(volume, 0o2777)
  writeFileSync(join(volume, 'file'), 'x')
  await mountSubPath(mounter, volume, 'file', join(directory, 'one'))
  await mountSubPath(mounter, volume, 'deep/er', join(directory, 'two'))
  assert.ok(statSync(join(directory, 'one')).isFile() && statSync(join(directory, 'two')).isDirectory())
  assert.ok(statSync(join(volume, 'deep/er')).isDirectory())
  assert.equal(statSync(join(volume, 'deep/er')).mode & 0o7777, 0o2777)
  assert.equal(bound.length, 2)
})
