import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClusterConfig } from './cluster-config.ts'
import { type ServerFlags, serverStartOf } from './server-flags.ts'

const dataDirectory = join(tmpdir(), 'clipper-none')
const config = { name: 'one', dataDirectory } as ClusterConfig
const token = `${'a'.repeat(64)}::abcdef.0123456789abcdef`
const server = 'https://10.0.0.1:6443'

test('serverStartOf: alone, a first member, a further one, and one that is a member already', () => {
  assert.deepEqual(serverStartOf(config, {}), { config })
  const first = serverStartOf(config, { clusterInit: true })
  assert.deepEqual(first.config.etcdMember, { clientPort: 2379, peerPort: 2380, servers: [] })
  assert.equal(first.join, undefined)
  const further = serverStartOf(config, { server, token, etcdPeerPort: 3380 })
  assert.equal(further.config.etcdMember?.peerPort, 3380)
  assert.equal(further.join?.token.token.id, 'abcdef')
  // The flags of the first start may stay: what has joined does not join again.
  const member = { ...first.config, etcdServers: ['https://10.0.0.2:2379'] }
  assert.equal(serverStartOf(member, { server, token }).join, undefined)
})

test('serverStartOf refuses what does not go together', () => {
  const refuses = (flags: ServerFlags, message: RegExp, given = config) =>
    assert.throws(() => serverStartOf(given, flags), { message })
  refuses({ token }, /--token and --token-file need --server/)
  refuses({ etcdBinary: '/etcd' }, /need --cluster-init or --server/)
  refuses({ clusterInit: true, server, token }, /exclude each other/)
  refuses({ server }, /--server needs --token or --token-file/)
  refuses({ server, token, tokenFile: 'x' }, /either --token or --token-file/)
  refuses({ server, tokenFile: '/nowhere/token' }, /cannot read \/nowhere\/token/)
  refuses({ server, token: 'abcdef.0123456789abcdef' }, /does not say which authority/)
  refuses({ clusterInit: true }, /the etcd cluster is another/, { ...config, etcdServers: ['https://10.0.0.9:2379'] })
  refuses({ etcdPeerPort: 1 }, /cannot change/, serverStartOf(config, { clusterInit: true }).config)
})

test('serverStartOf does not put an etcd member beside an embedded store', t => {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-server-'))
  t.after(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'store'))
  assert.throws(() => serverStartOf({ ...config, dataDirectory: directory }, { clusterInit: true }), {
    message: /has an embedded store/,
  })
})

test('a token may come in a file, for the arguments of a process are seen by all users', t => {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-server-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const tokenFile = join(directory, 'token')
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 })
  assert.equal(serverStartOf(config, { server, tokenFile }).join?.token.token.id, 'abcdef')
})
