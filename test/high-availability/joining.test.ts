/**
 * Servers that join a control plane which encrypts at rest: with its keys, with a token that is wrong, has ended or was
 * taken back, with keys that do not fit. Members of its etcd: one whose machine is gone is removed, a new machine takes its
 * place under the same name, a learner is promoted.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Node } from '../../src/api/core/v1/node.ts'
import { Secret } from '../../src/api/core/v1/secret.ts'
import { Client } from '../../src/client/client.ts'
import type { HttpsTransport } from '../../src/client/https-transport.ts'
import { Members } from '../../src/etcd-member/members.ts'
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts'
import { eventually } from '../e2e/test-cluster.ts'
import { type ControlPlane, podsMs } from './control-plane.ts'
import { namespace } from './load.ts'
import type { Machine } from './machines.ts'
import { checksOf } from './plane-checks.ts'

let plane: ControlPlane
let servers: readonly [Machine, Machine, Machine]

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

const check = await checksOf(async started => {
  plane = started
  configFile = encryptionConfig(join(plane.network.directory, 'encryption.json'), firstKey)
  await plane.startServers(['--encryption-provider-config', configFile])
  servers = plane.servers as typeof servers
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
  // While a token is still good, the configuration keeps the machine from joining.
  const isUnknown = async (one: string) =>
    /does not know the token/.test(await joins(one, '--encryption-provider-config', other))
  await eventually('the token is worth nothing', () => isUnknown(token))
  const short = (await first.run('token', 'create', '--server', '--ttl', '1s')).trim()
  await eventually('the token has ended', () => isUnknown(short))
  assert.equal((await plane.membersFrom(first)).length, 3)
})

check('ranges of addresses that overlap, and a machine whose own network they would hide, are refused', async () => {
  const [first] = servers
  const machine = await plane.addServer('server5')
  const ranges = ['--cluster-cidr', '10.44.0.0/16', '--service-cidr', '10.44.128.0/20']
  assert.match(
    await refused(machine, ['--cluster-init', ...ranges]),
    /10\.44\.0\.0\/16 and .* 10\.44\.128\.0\/20 overlap/,
  )
  const agent = await plane.network.machine('agent1', ['agent'])
  await agent.exec('ip', 'address', 'add', '10.244.9.7/24', 'dev', 'eth0')
  const token = (await first.run('token', 'create')).trim()
  const said = await refused(agent, ['--server', first.server, '--token', token])
  assert.match(
    said,
    /addresses of the cluster's pods, 10\.244\.0\.0\/16, overlap this machine's network 10\.244\.9\.7\/24/,
  )
  assert.deepEqual((await plane.client.of(Node).list('')).items, [])
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

check('a member whose machine is gone is removed, and a new machine takes its place under its name', async () => {
  const [first, second, lost] = servers
  const plug = await lost.unplug()
  const pid = lost.etcdPid
  await lost.kill()
  process.kill(pid, 'SIGKILL')
  await eventually(
    'the list says that it is gone',
    async () => (await plane.membersFrom(first)).some(({ name, isHealthy }) => name === lost.name && !isHealthy),
    podsMs,
  )
  const token = (await first.run('token', 'create', '--server')).trim()
  const replacement = await plane.addServer('server3b', lost.name)
  const flags = ['--server', second.server, '--token', token]
  assert.match(
    await refused(replacement, flags),
    /the etcd member server3 is another machine[\s\S]*member remove server3/,
  )
  await assert.rejects(first.run('etcd', 'member', 'remove', 'server9'), /there is no etcd member server9/)
  await assert.rejects(first.run('etcd', 'member', 'remove', first.name), /remove it from another server/)
  await first.run('etcd', 'member', 'remove', lost.name)
  assert.equal((await plane.membersFrom(first)).length, 2)
  replacement.start(flags)
  await replacement.untilReady()
  plane.servers = [first, second, replacement]
  await plane.untilWhole()
  const members = await plane.membersFrom(first)
  const { peerUrls, isLearner } = members.find(({ name }) => name === lost.name)!
  assert.deepEqual([peerUrls, isLearner], [[`https://${replacement.address}:2380`], false])
  // The machine that was given up comes back: it must not serve what it has.
  await plug()
  const from = lost.log().length
  lost.start()
  assert.equal(await lost.ended(), 1)
  assert.match(lost.log().slice(from), /was removed from its cluster/)
})

check('a learner is promoted by hand, once', async t => {
  const [first] = servers
  const members = new Members([clientUrlOf(first)], etcdTlsOf(first))
  t.after(() => members.close())
  const peer = `https://${first.address}:12380`
  // etcd refuses while the member that came last has not been connected for five seconds.
  const { members: list } = await eventually('the cluster takes a learner', () => members.addLearner(peer))
  const extra = startExtraMember(first, [
    ...list.flatMap(({ name, peerUrls = [] }) => (name ? peerUrls.map(url => `${name}=${url}`) : [])),
    `extra=${peer}`,
  ])
  t.after(() => extra.kill('SIGKILL'))
  await eventually('the learner has begun', async () =>
    (await plane.membersFrom(first)).some(({ name, isLearner }) => name === 'extra' && isLearner),
  )
  await eventually('it is promoted', () => first.run('etcd', 'member', 'promote', 'extra').then(() => true))
  assert.ok((await plane.membersFrom(first)).every(({ isLearner }) => !isLearner))
  await assert.rejects(first.run('etcd', 'member', 'promote', 'extra'), /can only promote a learner member/)
  const ended = once(extra, 'exit')
  await first.run('etcd', 'member', 'remove', 'extra')
  await ended
  assert.equal((await plane.membersFrom(first)).length, 3)
})

/** A further member on a server's machine, with its certificates. */
function startExtraMember(server: Machine, cluster: readonly string[]): ChildProcess {
  const pki = join(server.directory, 'pki/etcd')
  const [client, peer] = [`https://${server.address}:12379`, `https://${server.address}:12380`]
  const args = [
    ...['--name', 'extra', '--data-dir', join(plane.network.directory, 'extra'), '--log-level', 'error'],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...['--initial-cluster', cluster.join(','), '--initial-cluster-state', 'existing'],
    ...['--trusted-ca-file', `${pki}/ca.crt`, '--cert-file', `${pki}/server.crt`, '--key-file', `${pki}/server.key`],
    ...['--peer-trusted-ca-file', `${pki}/ca.crt`, '--peer-cert-file', `${pki}/peer.crt`],
    ...['--peer-key-file', `${pki}/peer.key`, '--client-cert-auth', '--peer-client-cert-auth'],
  ]
  return spawn('nsenter', [`--net=/run/netns/${server.namespace}`, plane.etcd, ...args], { stdio: 'ignore' })
}
