/** As many idle connections as a server takes, from processes of their own, since each end of one is a file. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectionsWithin } from '../../src/apiserver/http/http-server.ts'
import { openFileLimit } from '../../src/base/open-files.ts'
import { assertServed, assertServes, ListeningServer } from './listening-server.ts'
import { type Door, RawConnection } from './raw-connection.ts'

const wanted = 10_000
const processes = 4
/** What one may cost: TLS buffers of Node and OpenSSL, twice what was measured. */
const maxBytesEach = 100 * 1024

/** Resolves once it holds them. */
function holdConnections(door: Door, count: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'idle-clients.ts'), String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin?.end(JSON.stringify({ port: door.port, ca: door.ca }))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.stdout?.once('data', (said: Buffer) =>
      String(said) === `holds ${count}\n` ? resolve(child) : reject(new Error(String(said))),
    )
  })
}

test('10,000 idle connections are held, one more is refused, and those that are held are served', async t => {
  const limit = Math.min(wanted, connectionsWithin(openFileLimit() ?? Number.POSITIVE_INFINITY))
  if (limit < wanted) t.diagnostic(`open files are limited: ${limit} connections instead of ${wanted}`)
  const server = await ListeningServer.start()
  // However long a busy machine takes to make them all.
  const { door } = await server.listen({ connections: limit, headMs: 600_000, idleMs: 600_000 })
  const children: ChildProcess[] = []
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await server.close()
  })
  const before = process.memoryUsage().rss
  const own = await Promise.all(Array.from({ length: processes }, () => RawConnection.open(door, 'http/1.1')))
  const share = (limit - processes) / processes
  children.push(...(await Promise.all(own.map(() => holdConnections(door, share)))))
  const bytesEach = (process.memoryUsage().rss - before) / limit
  t.diagnostic(`${limit} connections, ${Math.round(bytesEach / 1024)} KiB each`)
  assert.ok(bytesEach < maxBytesEach, `${bytesEach} bytes each`)
  await assert.rejects(RawConnection.open(door, 'http/1.1'))
  await Promise.all(own.map(assertServed))
  // Whoever goes makes room.
  await assertServes(door)
  for (const child of children) assert.equal(child.exitCode, null)
})
