import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { after, test } from 'node:test'
import { encode } from 'dns-packet'
import type { Service } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import type { ClusterNames } from './records.ts'
import { Responder } from './responder.ts'
import { startDnsServer } from './server.ts'
import { Upstream } from './upstream.ts'

const service = (name: string, spec: object): Service =>
  ({ metadata: { name, namespace: 'default' }, spec, status: {} }) as unknown as Service
const web = service('web', {
  clusterIP: '10.96.0.20',
  clusterIPs: ['10.96.0.20'],
  ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
})
const db = service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] })
const big = service('big', { clusterIP: 'None' })
const out = service('out', { type: 'ExternalName', externalName: 'example.test' })
const slice = (name: string, addresses: readonly string[], hostname?: string): EndpointSlice =>
  ({
    metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
    endpoints: addresses.map((address, i) => ({
      addresses: [address],
      conditions: { ready: true },
      ...(hostname && i === 0 ? { hostname } : {}),
    })),
  }) as unknown as EndpointSlice
const slices = [
  slice('db', ['10.244.0.7', '10.244.0.8'], 'db-0'),
  slice(
    'big',
    Array.from({ length: 200 }, (_, i) => `10.244.1.${i}`),
  ),
]
const services = [web, db, big, out]
const names: ClusterNames = {
  domain: 'cluster.local',
  service: (namespace, name) =>
    services.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace),
  slices: (_, name) => slices.filter(({ metadata }) => metadata.name === name),
  hasNamespace: namespace => namespace === 'default',
  serviceByAddress: address => services.find(({ spec }) => spec.clusterIP === address),
  slicesByAddress: address =>
    slices.filter(({ endpoints }) => endpoints?.some(({ addresses }) => addresses.includes(address))),
}

const upstreamSocket = createSocket('udp4')
await new Promise<void>(listening => upstreamSocket.bind(0, '127.0.0.1', listening))
upstreamSocket.on('message', (message, peer) => {
  const answer = encode({
    type: 'response',
    id: message.readUInt16BE(0),
    questions: [{ type: 'A', name: 'example.test' }],
    answers: [{ type: 'A', name: 'example.test', data: '198.51.100.7', ttl: 30 }],
  })
  upstreamSocket.send(answer, peer.port, peer.address)
})
const responder = new Responder(
  names,
  new Upstream([{ host: '127.0.0.1', port: upstreamSocket.address().port }], systemClock),
  Math.random,
)
const server = await startDnsServer({ responder, addresses: ['127.0.0.1'], port: 0, log: loggerOf('test') })
const resolver = new Resolver({ timeout: 2000, tries: 1 })
resolver.setServers([`127.0.0.1:${server.port}`])
after(async () => {
  upstreamSocket.close()
  await server.stop()
})

test('a service has its cluster address', async () => {
  assert.deepEqual(await resolver.resolve4('web.default.svc.cluster.local'), ['10.96.0.20'])
  assert.deepEqual(await resolver.resolve4('WEB.Default.svc.CLUSTER.local'), ['10.96.0.20'])
})

test('a headless service has the addresses of its endpoints, each with a name of its own', async () => {
  assert.deepEqual((await resolver.resolve4('db.default.svc.cluster.local')).sort(), ['10.244.0.7', '10.244.0.8'])
  assert.deepEqual(await resolver.resolve4('db-0.db.default.svc.cluster.local'), ['10.244.0.7'])
  assert.deepEqual(await resolver.resolve4('10-244-0-8.db.default.svc.cluster.local'), ['10.244.0.8'])
})

test('named ports have SRV records', async () => {
  const [http, ...more] = await resolver.resolveSrv('_http._tcp.web.default.svc.cluster.local')
  assert.deepEqual([http?.name, http?.port, more.length], ['web.default.svc.cluster.local', 80, 0])
  const targets = await resolver.resolveSrv('_sql._tcp.db.default.svc.cluster.local')
  assert.deepEqual(targets.map(({ name, port }) => `${name}:${port}`).sort(), [
    '10-244-0-8.db.default.svc.cluster.local:5432',
    'db-0.db.default.svc.cluster.local:5432',
  ])
})

test('names that do not exist are name errors; existing ones without such records are empty', async () => {
  await assert.rejects(resolver.resolve4('no.default.svc.cluster.local'), { code: 'ENOTFOUND' })
  await assert.rejects(resolver.resolve6('web.default.svc.cluster.local'), { code: 'ENODATA' })
})

test('addresses have names again, and pods have names that spell their address', async () => {
  assert.deepEqual(await resolver.reverse('10.96.0.20'), ['web.default.svc.cluster.local'])
  assert.deepEqual(await resolver.reverse('10.244.0.7'), ['db-0.db.default.svc.cluster.local'])
  assert.deepEqual(await resolver.resolve4('10-244-3-4.default.pod.cluster.local'), ['10.244.3.4'])
})

test('other names are forwarded, and an external name is an alias', async () => {
  assert.deepEqual(await resolver.resolve4('example.test'), ['198.51.100.7'])
  assert.deepEqual(await resolver.resolve4('out.default.svc.cluster.local'), ['198.51.100.7'])
  assert.deepEqual(await resolver.resolveCname('out.default.svc.cluster.local'), ['example.test'])
})

test('an answer too large for UDP comes whole over TCP', async () => {
  assert.equal((await resolver.resolve4('big.default.svc.cluster.local')).length, 200)
})

test('garbage gets no answer or a format error, and the server lives on', async () => {
  const socket = createSocket('udp4')
  for (const garbage of [
    Buffer.from([1]),
    Buffer.alloc(12),
    Buffer.alloc(40, 0xff),
    Buffer.from('00010100000100000000000003777777', 'hex'),
  ])
    await new Promise<void>(sent => socket.send(garbage, server.port, '127.0.0.1', () => sent()))
  socket.close()
  assert.deepEqual(await resolver.resolve4('web.default.svc.cluster.local'), ['10.96.0.20'])
})
