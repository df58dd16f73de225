import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Authority, issueCertificate, type KeyPair, makeAuthority, newKey } from '../../base/pki/certificate.ts'
import { freePorts } from '../../base/testing/free-ports.ts'
import { always, Collector, put, testStoreContract } from '../contract.test-suite.ts'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'
import type { MaintainedStore } from '../maintained-store.ts'
import { type StoreServer, startStoreServer } from '../server/store-server.ts'
import { OutcomeUnknownError, StoreUnavailableError, type Transaction } from '../store.ts'
import { openEtcdStore } from './etcd-store.ts'

const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'clipper-etcd-'))
const hasEtcd = spawnSync('etcd', ['--version']).status === 0

testStoreContract('etcd client of our own server', async () => {
  const directory = newDirectory()
  const embedded = await openEmbeddedStore({ directory })
  const server = await startStoreServer({ store: embedded, directory, host: '127.0.0.1', port: 0 })
  const store = await openEtcdStore({ servers: [server.url] })
  return {
    store,
    async remove() {
      await store.close()
      await server.close()
      await embedded.close()
      rmSync(directory, { recursive: true })
    },
  }
})

if (hasEtcd) {
  testStoreContract('etcd client of etcd', async () => {
    const cluster = await startEtcd(1)
    const store = await openEtcdStore({ servers: cluster.urls })
    return {
      store,
      async remove() {
        await store.close()
        await cluster.stop()
      },
    }
  })
} else describe('etcd client of etcd: store contract', { skip: 'no etcd on PATH' }, () => {})

describe('etcd client', () => {
  it('says what is wrong with its servers', async () => {
    await assert.rejects(openEtcdStore({ servers: [] }), { message: '--etcd-servers must be specified' })
    await assert.rejects(openEtcdStore({ servers: ['127.0.0.1:2379'] }), /is no URL as https/)
  })

  it('verifies the server, and shows its own certificate', async t => {
    const directory = newDirectory()
    t.after(() => rmSync(directory, { recursive: true }))
    const authority = madeAuthority('store-ca')
    const other = madeAuthority('other-ca')
    const serving = issue(authority, 'store')
    const client = issue(authority, 'client')
    const embedded = await openEmbeddedStore({ directory })
    const tls = { cert: serving.certificatePem, key: serving.privateKeyPem, ca: authority.certificatePem }
    const server = await startStoreServer({ store: embedded, directory, host: '127.0.0.1', port: 0, tls })
    const servers = [server.url.replace('127.0.0.1', 'localhost')]
    const open = (ca: Made, own?: Made) =>
      openEtcdStore({
        servers,
        tls: { ca: ca.certificatePem, ...(own ? { cert: own.certificatePem, key: own.privateKeyPem } : {}) },
        timeoutMs: 300,
      })
    const store = await open(authority, client)
    assert.equal(await store.currentRevision(), 1)
    await store.close()
    await assert.rejects(open(other, client), /certificate/)
    await assert.rejects(open(authority), StoreUnavailableError)
    await assert.rejects(open(authority, issue(other, 'client')), StoreUnavailableError)
    await server.close()
    await embedded.close()
  })

  it('never repeats a write that a member may have seen, and carries its watches on at another', async t => {
    const directory = newDirectory()
    t.after(() => rmSync(directory, { recursive: true }))
    const embedded = await openEmbeddedStore({ directory })
    // Acknowledgements of this server are lost: it dies with the write done.
    let first: StoreServer
    const losing: MaintainedStore = Object.create(embedded, {
      transact: {
        value: async (transaction: Transaction) => {
          await embedded.transact(transaction)
          await first.close()
          throw new Error('never heard')
        },
      },
      ...Object.fromEntries(
        (['range', 'currentRevision', 'size', 'watch'] as const).map(name => [
          name,
          { value: (embedded[name] as (...args: never[]) => unknown).bind(embedded) },
        ]),
      ),
    })
    first = await startStoreServer({ store: losing, directory, host: '127.0.0.1', port: 0 })
    const second = await startStoreServer({ store: embedded, directory, host: '127.0.0.1', port: 0 })
    const store = await openEtcdStore({ servers: [first.url, second.url] })
    const seen = new Collector()
    store.watch({ start: '/', end: '0', startRevision: (await store.currentRevision()) + 1 }, seen.handler)
    await assert.rejects(store.transact(always(put('/a', '1'))), OutcomeUnknownError)
    assert.equal((await store.range({ start: '/a' })).kvs[0]?.version, 1)
    assert.equal((await store.transact(always(put('/a', '2')))).revision, 3)
    await seen.until(() => seen.events.length === 2)
    assert.deepEqual(seen.shown(0), ['put /a=1@+2 was -', 'put /a=2@+3 was 1'])
    await store.close()
    await second.close()
    await embedded.close()
  })

  it('leaves a member that is silent: reads under way and all that comes later are answered by another', async t => {
    const directory = newDirectory()
    t.after(() => rmSync(directory, { recursive: true }))
    const embedded = await openEmbeddedStore({ directory })
    let isSilent = false
    const silent: MaintainedStore = Object.create(
      embedded,
      Object.fromEntries(
        (['range', 'transact', 'currentRevision', 'size', 'watch'] as const).map(name => [
          name,
          {
            value: (...args: never[]) =>
              isSilent ? new Promise(() => {}) : (embedded[name] as (...args: never[]) => unknown)(...args),
          },
        ]),
      ),
    )
    const first = await startStoreServer({ store: silent, directory, host: '127.0.0.1', port: 0 })
    const second = await startStoreServer({ store: embedded, directory, host: '127.0.0.1', port: 0 })
    const store = await openEtcdStore({ servers: [first.url, second.url] })
    assert.equal((await store.transact(always(put('/a', '1')))).revision, 2)
    isSilent = true
    assert.equal((await store.range({ start: '/a' })).count, 1)
    assert.equal((await store.transact(always(put('/a', '2')))).revision, 3)
    await store.close()
    await first.close()
    await second.close()
    await embedded.close()
  })

  it('ends its watches when the cluster has another history', async t => {
    const directory = newDirectory()
    t.after(() => rmSync(directory, { recursive: true }))
    const start = async (name: string, port: number) => {
      const own = join(directory, name)
      const embedded = await openEmbeddedStore({ directory: own })
      const server = await startStoreServer({ store: embedded, directory: own, host: '127.0.0.1', port })
      return { embedded, server }
    }
    const before = await start('a', 0)
    const store = await openEtcdStore({ servers: [before.server.url] })
    for (let i = 0; i < 5; i++) await store.transact(always(put('/a', String(i))))
    const seen = new Collector()
    store.watch({ start: '/', end: '0', startRevision: 2 }, seen.handler)
    await seen.until(() => seen.events.length === 5)
    await before.server.close()
    await before.embedded.close()
    const after = await start('b', Number(new URL(before.server.url).port))
    assert.equal((await store.range({ start: '/a' })).count, 0)
    assert.match(seen.error?.message ?? '', /another history/)
    await store.close()
    await after.server.close()
    await after.embedded.close()
  })
})

describe('etcd client of three members', { skip: hasEtcd ? false : 'no etcd on PATH' }, () => {
  it('goes on when the member is killed that it talks to', async t => {
    const cluster = await startEtcd(3)
    t.after(() => cluster.stop())
    const store = await openEtcdStore({ servers: cluster.urls })
    const seen = new Collector()
    store.watch({ start: '/', end: '0', startRevision: (await store.currentRevision()) + 1 }, seen.handler)
    const written: string[] = []
    const unknown: string[] = []
    for (let i = 0; i < 60; i++) {
      if (i === 20) cluster.members[0]!.kill('SIGKILL')
      await store.transact(always(put(`/${i}`, 'x'))).then(
        () => written.push(`/${i}`),
        () => unknown.push(`/${i}`),
      )
    }
    assert.ok(unknown.length <= 10, `${unknown.length} writes without an answer`)
    const keys = (await store.range({ start: '/', end: '0' })).kvs.map(kv => kv.key)
    assert.deepEqual(
      written.filter(key => !keys.includes(key)),
      [],
    )
    assert.ok((await store.range({ start: '/', end: '0' })).kvs.every(kv => kv.version === 1))
    await seen.until(() => seen.events.length === keys.length)
    assert.deepEqual(new Set(seen.events.map(event => event.kv.key)).size, keys.length)
    await store.close()
  })
})

describe('etcd client of three members, one of which stands still', {
  skip: hasEtcd ? false : 'no etcd on PATH',
}, () => {
  it('goes on with another, and carries its watches on there', async t => {
    const cluster = await startEtcd(3)
    t.after(() => cluster.stop())
    const store = await openEtcdStore({ servers: cluster.urls })
    const seen = new Collector()
    store.watch({ start: '/', end: '0', startRevision: (await store.currentRevision()) + 1 }, seen.handler)
    await store.transact(always(put('/before', 'x')))
    cluster.members[0]!.kill('SIGSTOP')
    t.after(() => cluster.members[0]!.kill('SIGCONT'))
    // The write is lost, or not: what matters is that it ends.
    const under = store.transact(always(put('/under-way', 'x'))).catch(error => error)
    await store.currentRevision()
    await store.transact(always(put('/after', 'x')))
    await seen.until(() => seen.events.some(({ kv }) => kv.key === '/after'))
    await under
    await store.close()
  })
})

interface Made extends KeyPair {
  readonly authority: Authority
}

function madeAuthority(name: string): Made {
  const key = newKey()
  const certificatePem = makeAuthority(name, key, Date.now() - 1000, Date.now() + 3_600_000)
  return { certificatePem, privateKeyPem: '', authority: { certificate: new X509Certificate(certificatePem), key } }
}

const issue = ({ authority }: Made, commonName: string): Made => ({
  authority,
  ...issueCertificate(authority, {
    subject: { commonName },
    usages: ['serverAuth', 'clientAuth'],
    altNames: ['localhost'],
    notBeforeMs: Date.now() - 1000,
    notAfterMs: Date.now() + 3_600_000,
  }),
})

interface EtcdCluster {
  readonly urls: string[]
  readonly members: ChildProcess[]
  stop(): Promise<void>
}

/** Members of one cluster on this machine. */
async function startEtcd(size: number): Promise<EtcdCluster> {
  const directory = newDirectory()
  const ports = await freePorts(size * 2)
  const url = (i: number) => `http://127.0.0.1:${ports[i]}`
  const urls = Array.from({ length: size }, (_, i) => url(i))
  const peers = urls.map((_, i) => `m${i}=${url(size + i)}`).join(',')
  const members = urls.map((client, i) =>
    spawn(
      'etcd',
      [
        ...['--name', `m${i}`, '--data-dir', join(directory, `m${i}`), '--log-level', 'error'],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', url(size + i), '--initial-advertise-peer-urls', url(size + i)],
        ...['--initial-cluster', peers],
      ],
      { stdio: 'ignore' },
    ),
  )
  const stop = async () => {
    const exits = members
      .filter(member => member.exitCode === null && member.signalCode === null)
      .map(member => once(member, 'exit'))
    for (const member of members) member.kill('SIGKILL')
    await Promise.all(exits)
    rmSync(directory, { recursive: true })
  }
  return { urls, members, stop }
}
