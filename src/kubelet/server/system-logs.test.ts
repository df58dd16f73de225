import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { serveSystemLog } from './system-logs.ts'

test('logs are shown and listed, and nothing outside of their directory', async t => {
  const root = mkdtempSync(join(tmpdir(), 'system-logs-'))
  t.after(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'sub'))
  writeFileSync(join(root, 'sub', 'a.log'), 'first\n')
  writeFileSync(join(root, '<b>.log'), '')
  symlinkSync('/etc/passwd', join(root, 'outside'))
  const server = createServer((request, response) => {
    serveSystemLog(decodeURIComponent((request.url ?? '').slice(1)), response, root)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${encodeURIComponent(path)}`)
    return [answer.status, await answer.text()]
  }
  assert.deepEqual(await get('sub/a.log'), [200, 'first\n'])
  assert.deepEqual(await get('<b>.log'), [200, ''])
  const [status, list] = await get('')
  assert.equal(status, 200)
  assert.match(String(list), /<a href="sub\/">sub\/<\/a>/)
  assert.match(String(list), /&#60;b&#62;\.log/)
  assert.deepEqual((await get('outside'))[0], 404)
  assert.deepEqual((await get('../..'))[0], 404)
  assert.deepEqual((await get('none'))[0], 404)
})
