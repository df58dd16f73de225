import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type LogOptions, readContainerLog } from './container-logs.ts'

const directory = mkdtempSync(join(tmpdir(), 'clipper-logs-'))
after(() => rmSync(directory, { recursive: true }))
const path = join(directory, '0.log')
const line = (second: number, text: string, stream = 'stdout', tag = 'F') =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.5Z ${stream} ${tag} ${text}\n`
const plain: LogOptions = { follow: false, timestamps: false }
const nowMs = Date.parse('2026-01-01T00:00:10.000Z')

async function read(options: LogOptions, isLive = () => false, signal = new AbortController().signal): Promise<string> {
  let text = ''
  for await (const part of readContainerLog({ path, isLive }, options, nowMs, signal)) text += part.toString()
  return text
}

test('parts of a line are joined, and both streams come in order', async () => {
  writeFileSync(path, line(1, 'one') + line(2, 'tw', 'stdout', 'P') + line(2, 'o') + line(3, 'three', 'stderr'))
  assert.equal(await read(plain), 'one\ntwo\nthree\n')
  assert.equal(await read({ ...plain, stream: 'stderr' }), 'three\n')
})

test('tailLines, sinceSeconds, limitBytes and timestamps cut as asked', async () => {
  assert.equal(await read({ ...plain, tailLines: 2 }), 'two\nthree\n')
  assert.equal(await read({ ...plain, tailLines: 0 }), '')
  assert.equal(await read({ ...plain, sinceSeconds: 8 }), 'two\nthree\n')
  assert.equal(await read({ ...plain, limitBytes: 5 }), 'one\nt')
  assert.equal(
    await read({ ...plain, timestamps: true, tailLines: 2 }),
    '2026-01-01T00:00:02.5Z two\n2026-01-01T00:00:03.5Z three\n',
  )
})

test('the tail of a long log is found across chunks', async () => {
  writeFileSync(path, Array.from({ length: 20_000 }, (_, i) => line(1, `line ${i}`)).join(''))
  assert.equal(await read({ ...plain, tailLines: 3 }), 'line 19997\nline 19998\nline 19999\n')
  assert.equal((await read({ ...plain, tailLines: 15_000 })).split('\n').length, 15_001)
})

test('following shows what comes, over a rotation, until the container is gone', async () => {
  writeFileSync(path, line(1, 'one'))
  let live = true
  const following = read({ ...plain, follow: true }, () => live)
  setTimeout(() => appendFileSync(path, line(2, 'two')), 50)
  setTimeout(() => {
    renameSync(path, `${path}.1`)
    writeFileSync(path, line(3, 'three'))
    live = false
  }, 400)
  assert.equal(await following, 'one\ntwo\nthree\n')
})
