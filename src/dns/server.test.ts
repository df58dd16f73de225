import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { decode, encode, type Packet, RECURSION_DESIRED } from 'dns-packet'
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
const notReady = (name: string): EndpointSlice => ({
  ...slice(name, []),
  endpoints: [{ addresses: ['10.244.0.9'], conditions: { ready: false } }],
})
const slices = [
  notReady('cold'),
  notReady('eager'),
  slice('db', ['10.244.0.7', '10.244.0.8'], 'db-0'),
  slice(
    'big',
    Array.from({ length: 200 }, (_, i) => `10.244.1.${i}`),
  ),
]
const services = [
  web,
  db,
  big,
  out,
  service('circle', { type: 'ExternalName', externalName: 'circle.default.svc.cluster.local' }),
  service('inside', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' }),
  service('cold', { clusterIP: 'None' }),
  service('eager', { clusterIP: 'None', publishNotReadyAddresses: true }),
]
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

/** One question, and the whole answer as it came. */
async function ask(question: object, port = server.port): Promise<Packet & { bytes: number; flag_tc: boolean }> {
  const socket = createSocket('udp4')
  socket.send(encode({ type: 'query', id: 7, flags: RECURSION_DESIRED, ...question }), port, '127.0.0.1')
  const [message] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  return { ...(decode(message) as Packet & { flag_tc: boolean }), bytes: message.length }
}
const questionOf = (name: string, type: string) => ({ questions: [{ name, type }] })
const rcodeOf = (packet: Packet) => (packet as { rcode?: string }).rcode

test('a name with the search path behind it is a name error with its SOA, at once', async () => {
  const answer = await ask(questionOf('web.default.svc.cluster.local.default.svc.cluster.local', 'A'))
  assert.equal(rcodeOf(answer), 'NXDOMAIN')
  assert.equal(answer.authorities?.[0]?.type, 'SOA')
})

test('answers keep the spelling of the question', async () => {
  const answer = await ask(questionOf('WeB.default.svc.Cluster.local', 'A'))
  assert.equal(answer.questions?.[0]?.name, 'WeB.default.svc.Cluster.local')
  assert.equal(answer.answers?.[0]?.name, 'WeB.default.svc.Cluster.local')
})

test('an answer that was cut says so, within what the client takes, with the question', async () => {
  const plain = await ask(questionOf('big.default.svc.cluster.local', 'A'))
  assert.ok(plain.flag_tc && plain.bytes <= 512 && plain.questions?.length === 1)
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] }
  const large = await ask({ ...questionOf('big.default.svc.cluster.local', 'A'), additionals: [opt] })
  assert.ok(large.flag_tc && large.bytes > 512 && large.bytes <= 1232)
})

test('aliases in a circle end', async () => {
  assert.equal((await ask(questionOf('circle.default.svc.cluster.local', 'A'))).answers?.[0]?.type, 'CNAME')
  const inside = await ask(questionOf('inside.default.svc.cluster.local', 'AAAA'))
  assert.deepEqual(
    inside.answers?.map(({ type }) => type),
    ['CNAME'],
  )
  const address = await ask(questionOf('inside.default.svc.cluster.local', 'A'))
  assert.deepEqual(
    address.answers?.map(({ type }) => type),
    ['CNAME', 'A'],
  )
})

test('a headless service without ready endpoints is a name error, unless it publishes those that are not ready', async () => {
  assert.equal(rcodeOf(await ask(questionOf('cold.default.svc.cluster.local', 'A'))), 'NXDOMAIN')
  assert.equal((await ask(questionOf('eager.default.svc.cluster.local', 'A'))).answers?.length, 1)
})

test('many questions on one TCP connection are answered in order', async () => {
  const socket = connect(server.port, '127.0.0.1')
  const one = encode({ type: 'query', id: 0, ...questionOf('web.default.svc.cluster.local', 'A') } as Packet)
  for (let id = 0; id < 50; id += 1) {
    const message = Buffer.concat([Buffer.from([0, one.length]), one])
    message.writeUInt16BE(id, 2)
    socket.write(message)
  }
  let received = Buffer.alloc(0)
  const ids: number[] = []
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk])
    while (received.length > 4 && received.length >= 2 + received.readUInt16BE(0)) {
      ids.push(received.readUInt16BE(2))
      received = received.subarray(2 + received.readUInt16BE(0))
    }
    if (ids.length === 50) break
  }
  assert.deepEqual(
    ids,
    ids.map((_, i) => i),
  )
})

async function withUpstream(
  servers: readonly { host: string; port: number }[],
  run: (port: number, upstream: Upstream) => Promise<void>,
  clock = systemClock,
): Promise<void> {
  const upstream = new Upstream(servers, clock)
  const own = await startDnsServer({
    responder: new Responder(names, upstream, Math.random),
    addresses: ['127.0.0.1'],
    port: 0,
    log: loggerOf('test'),
  })
  try {
    await run(own.port, upstream)
  } finally {
    await own.stop()
  }
}

test('a dead server costs time once, and a failure has the question', async () => {
  const silent = createSocket('udp4')
  await new Promise<void>(listening => silent.bind(0, '127.0.0.1', listening))
  const alive = { host: '127.0.0.1', port: upstreamSocket.address().port }
  await withUpstream([{ host: '127.0.0.1', port: silent.address().port }, alive], async port => {
    assert.equal((await ask(questionOf('one.test', 'A'), port)).answers?.length, 1)
    const startedMs = performance.now()
    assert.equal((await ask(questionOf('two.test', 'A'), port)).answers?.length, 1)
    assert.ok(performance.now() - startedMs < 500)
  })
  await withUpstream([{ host: '127.0.0.1', port: 1 }], async port => {
    const failed = await ask(questionOf('three.test', 'A'), port)
    assert.equal(rcodeOf(failed), 'SERVFAIL')
    assert.equal(failed.questions?.[0]?.name, 'three.test')
  })
  silent.close()
})

test('a server that forwards to itself fails the question and sends it once', async () => {
  const servers: { host: string; port: number }[] = []
  await withUpstream(servers, async port => {
    servers.push({ host: '127.0.0.1', port })
    assert.equal(rcodeOf(await ask(questionOf('loop.test', 'A'), port)), 'SERVFAIL')
  })
})

test('a forwarded answer is kept as long as its records say, at most 30 s, and ages', async () => {
  let nowMs = 0
  let asked = 0
  const counted = createSocket('udp4', (message, peer) => {
    asked += 1
    const [question] = decode(message).questions ?? []
    const ttl = question?.name === 'short.test' ? 10 : 3600
    const answers = [{ type: 'A', name: question?.name ?? '', data: '198.51.100.9', ttl }] as never
    counted.send(
      encode({ type: 'response', id: message.readUInt16BE(0), questions: question ? [question] : [], answers }),
      peer.port,
      peer.address,
    )
  })
  counted.unref()
  await new Promise<void>(listening => counted.bind(0, '127.0.0.1', listening))
  const clock = { ...systemClock, now: () => nowMs }
  await withUpstream(
    [{ host: '127.0.0.1', port: counted.address().port }],
    async port => {
      const ttl = async (name: string) =>
        ((await ask(questionOf(name, 'A'), port)).answers?.[0] as { ttl?: number } | undefined)?.ttl
      assert.equal(await ttl('short.test'), 10)
      nowMs = 4000
      assert.deepEqual([await ttl('short.test'), asked], [6, 1])
      nowMs = 11_000
      assert.deepEqual([await ttl('short.test'), asked], [10, 2])
      assert.equal(await ttl('long.test'), 3600)
      nowMs = 41_500
      assert.deepEqual([await ttl('Long.test'), asked], [3600, 4])
      nowMs = 43_500
      assert.deepEqual([await ttl('long.test'), asked], [3598, 4])
    },
    clock,
  )
  counted.close()
})
