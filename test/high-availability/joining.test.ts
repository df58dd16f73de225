/**
 * Servers that join a control plane which encrypts at rest: with its keys, with a token that is wrong, has ended or was
 * taken back, with keys that do not fit; a member that is removed joins again.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { Secret } from '../../src/api/core/v1/secret.ts'
import { Client } from '../../src/client/client.ts'
import type { HttpsTransport } from '../../src/client/https-transport.ts'
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts'
import { eventually, missingForContainers } from '../e2e/test-cluster.ts'
import { ControlPlane } from './control-plane.ts'
import { findOrBuildEtcd } from './etcd.ts'
import { namespace } from './load.ts'
import type { Machine } from './machines.ts'

const missing = missingForContainers()
const etcd = missing ? undefined : await findOrBuildEtcd()
const skip = missing ?? (etcd === undefined ? 'needs etcd 3.5.13 or later, or Go to build it' : false)

let plane: ControlPlane
let hasFailed = false
let servers: readonly [Machine, Machine, Machine]

const check = (name: string, run: (t: TestContext) => Promise<void>): void =>
  void test(name, { skip }, async t => {
    try {
      await run(t)
    } catch (error) {
      hasFailed = true
      throw error
    }
  })

/** Secrets are written with the first key, and read with the others too. */
function encryptionConfig(path: string, ...keys: readonly string[]): string {
  const names = keys.map((secret, i) => ({ name: `key${keys.length - i}`, secret }))
  const resources = [{ resources: ['secrets'], providers: [{ aesgcm: { keys: names } }, { identity: {} }] }]
  writeFileSync(
    path,
    JSON.stringify({ kind: 'EncryptionConfiguration', apiVersion: 'apiserver.config.k8s.io/v1', resources }),
  )
  return path
}

const newKey = () => randomBytes(32).toString('base64')
const firstKey = newKey()
let configFile = ''

before(async () => {
  if (skip) return
  plane = new ControlPlane({ etcd: etcd! })
  configFile = encryptionConfig(join(plane.network.directory, 'encryption.json'), firstKey)
  await plane.startServers(['--encryption-provider-config', configFile])
  servers = plane.servers as typeof servers
})

after(async () => {
  if (skip) return
  await plane?.end(hasFailed)
})

/** What a client of etcd needs, from a server's data directory. */
function etcdTlsOf({ directory }: Machine) {
  const read = (name: string) => readFileSync(join(directory, 'pki', name), 'utf8')
  return {
    ca: read('etcd/ca.crt'),
    cert: read('apiserver-etcd-client.crt'),
    key: read('apiserver-etcd-client.key'),
  }
}

const clientUrlOf = ({ address }: Machine) => `https://${address}:2379`

check('servers that joined have the keys of encryption at rest', async () => {
  const clients = await Promise.all(servers.map(async server => new Client(await server.transport(), 'test')))
  const store = await openEtcdStore({ servers: [clientUrlOf(servers[0])], tls: etcdTlsOf(servers[0]) })
  for (const [i, writer] of clients.entries()) {
    const name = `secret-${i}`
    await writer.of(Secret).create(namespace, { metadata: { name }, stringData: { key: 'plain text' } } as never)
    for (const reader of clients) {
      const { data } = await reader.of(Secret).get(namespace, name)
      assert.equal(data?.key, Buffer.from('plain text').toString('base64'))
    }
    const { kvs } = await store.range({ start: `/registry/secrets/${namespace}/${name}` })
    const stored = Buffer.from(kvs[0]!.value).toString('latin1')
    assert.match(stored, /^k8s:enc:aesgcm:v1:key1:/)
    assert.doesNotMatch(stored, /plain text/)
  }
  await store.close()
  for (const { transport } of clients) (transport as HttpsTransport).close()
})

/** A machine that may not join is told why, and leaves nothing of itself in etcd. */
async function refused(machine: Machine, flags: readonly string[]): Promise<string> {
  const from = machine.log().length
  machine.start(flags)
  assert.equal(await machine.ended(), 1, machine.log().slice(from))
  const said = machine.log().slice(from)
  assert.doesNotMatch(said, /\n\s+at /, 'a stack trace is no message')
  return said
}

check('servers that may not join are told why', async () => {
  const [first] = servers
  const machine = await plane.addServer('server4')
  const { server } = first
  const joins = (token: string, ...more: string[]) => refused(machine, ['--server', server, '--token', token, ...more])
  const token = (await first.run('token', 'create', '--server')).trim()
  const [hash = '', bootstrap = ''] = token.split('::')
  assert.match(await joins('nonsense'), /this is no token/)
  assert.match(await joins(`${'0'.repeat(64)}::${bootstrap}`), /authority is not the one that the token names/)
  assert.match(await joins(`${hash}::aaaaaa.${bootstrap.slice(7)}`), /does not know the token aaaaaa/)
  assert.match(await joins(`${hash}::${bootstrap.slice(0, 7)}${'0'.repeat(16)}`), /not signed with the token/)
  const forNodes = (await first.run('token', 'create')).trim()
  assert.match(await joins(forNodes), /no server joins[\s\S]*clipper token create --server/)
  const other = encryptionConfig(join(plane.network.directory, 'other.json'), newKey())
  assert.match(await joins(token, '--encryption-provider-config', other), /another configuration of encryption at rest/)
  await first.run('token', 'delete', bootstrap)
  await eventually('the token is worth nothing', async () => /does not know the token/.test(await joins(token)))
  const short = (await first.run('token', 'create', '--server', '--ttl', '1s')).trim()
  await eventually('the token has ended', async () => /does not know the token/.test(await joins(short)))
  assert.equal((await plane.membersFrom(first)).length, 3)
})

check('a server with a token of before the keys were changed is refused, one with a new token joins', async () => {
  const [first, second, third] = servers
  const stale = (await first.run('token', 'create', '--server')).trim()
  const rotated = [newKey(), firstKey] as const
  for (const server of servers) {
    encryptionConfig(server === first ? configFile : join(server.directory, 'encryption-config.yaml'), ...rotated)
    await server.kill('SIGTERM')
    server.start()
    await server.untilReady()
  }
  const { client } = plane
  await client.of(Secret).create(namespace, { metadata: { name: 'newer' }, stringData: { key: 'newer' } } as never)
  await third.run('down')
  await third.ended()
  await first.run('etcd', 'member', 'remove', third.name)
  rmSync(third.directory, { recursive: true })
  assert.match(
    await refused(third, ['--server', second.server, '--token', stale]),
    /do not open what the cluster has stored/,
  )
  assert.equal((await plane.membersFrom(first)).length, 2)
  const fresh = (await second.run('token', 'create', '--server')).trim()
  third.start(['--server', second.server, '--token', fresh])
  await third.untilReady()
  const direct = new Client(await third.transport(), 'test')
  assert.equal((await direct.of(Secret).get(namespace, 'newer')).metadata.name, 'newer')
  ;(direct.transport as HttpsTransport).close()
  await plane.untilAllServe()
})
