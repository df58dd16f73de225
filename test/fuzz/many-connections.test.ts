/** As many idle connections as a server takes, from processes of their own, since each end of one is a file. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectionsWithin, startHttpServer } from '../../src/apiserver/http/http-server.ts'
import { startTestServer } from '../../src/apiserver/testing/test-server.ts'
import { loopbackPki } from '../side-by-side/our-server.ts'
import { type Door, RawConnection } from './raw-connection.ts'

const wanted = 10_000
const processes = 4
/** What one may cost: TLS buffers of Node and OpenSSL, twice what was measured. */
const maxBytesEach = 100 * 1024

const fileLimit = (): number => Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])

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

async function ask(raw: RawConnection): Promise<void> {
  raw.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  await raw.closed
  assert.match(raw.received.toString(), /^HTTP\/1\.1 200 OK\r\n/)
}

test('10,000 idle connections are held, one more is refused, and those that are held are served', async t => {
  const limit = Math.min(wanted, connectionsWithin(fileLimit()))
  if (limit < wanted) t.diagnostic(`open files are limited: ${limit} connections instead of ${wanted}`)
  const directory = mkdtempSync(join(tmpdir(), 'clipper-connections-'))
  const api = await startTestServer()
  const pki = loopbackPki(directory, 'here')
  const { certificatePem: certificate, privateKeyPem: key } = pki.serving
  const http = await startHttpServer(api.server, {
    host: '127.0.0.1',
    port: 0,
    certificate,
    key,
    clientCa: pki.caPem,
    // However long a busy machine takes to make them all.
    limits: { connections: limit, headMs: 600_000, idleMs: 600_000 },
  })
  const door = {
    port: http.port,
    ca: pki.caPem,
    cert: pki.kubeletClient.certificatePem,
    key: pki.kubeletClient.privateKeyPem,
  }
  const children: ChildProcess[] = []
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await http.close(0)
    await api.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const before = process.memoryUsage().rss
  const own = await Promise.all(Array.from({ length: processes }, () => RawConnection.open(door, 'http/1.1')))
  const share = (limit - processes) / processes
  children.push(...(await Promise.all(own.map(() => holdConnections(door, share)))))
  const bytesEach = (process.memoryUsage().rss - before) / limit
  t.diagnostic(`${limit} connections, ${Math.round(bytesEach / 1024)} KiB each`)
  assert.ok(bytesEach < maxBytesEach, `${bytesEach} bytes each`)
  await assert.rejects(RawConnection.open(door, 'http/1.1'))
  await Promise.all(own.map(ask))
  // Whoever goes makes room.
  await ask(await RawConnection.open(door, 'http/1.1'))
  for (const child of children) assert.equal(child.exitCode, null)
})
