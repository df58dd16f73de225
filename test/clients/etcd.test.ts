/** etcd's own client, and the libraries that come with it, on our store. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts'
import { startStoreServer } from '../../src/store/server/store-server.ts'
import { run } from '../e2e/test-cluster.ts'
import { etcdClient, hasProgram } from './tools.ts'

const hasGo = await hasProgram('go', 'version')

test('locks, elections, queues, caches, mirrors, watches, leases and more of etcd’s client', {
  skip: hasGo ? false : 'needs Go',
}, async t => {
  const program = await etcdClient()
  const directory = mkdtempSync(join(tmpdir(), 'clipper-etcd-client-'))
  const store = await openEmbeddedStore({ directory })
  const server = await startStoreServer({ store, directory, host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await server.close()
    await store.close()
    rmSync(directory, { recursive: true })
  })
  const ran = await run(program, [server.url], { timeoutMs: 180_000 })
  assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`)
  assert.match(ran.stdout, /done\n$/)
})
