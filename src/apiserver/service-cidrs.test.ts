/** Addresses of services out of ServiceCIDRs (KEP-1880), and the repair of what disagrees. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ServiceCIDR } from '../api/networking/v1/service-cidr.ts'
import { IpRange } from './registry/allocators/ip-range.ts'
import { readyRanges } from './registry/allocators/service-ranges.ts'
import { type Answer, send, startTestServer, type TestServer } from './testing/test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

const networking = '/apis/networking.k8s.io/v1'
const services = '/api/v1/namespaces/default/services'
const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
  send(server, method, path, body, headers)
const serviceOf = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
})
const addressObject = (address: string) => call('GET', `${networking}/ipaddresses/${address}`)

async function makeRange(name: string, ...cidrs: string[]): Promise<void> {
  const made = await call('POST', `${networking}/servicecidrs`, { metadata: { name }, spec: { cidrs } })
  assert.equal(made.status, 201, made.text)
  const table = server.server.registry.table
  await table.ofKind(ServiceCIDR)?.cache?.fresh()
}

async function setReady(name: string, status: 'True' | 'False'): Promise<void> {
  const { json } = await call('GET', `${networking}/servicecidrs/${name}`)
  const conditions = [
    { type: 'Ready', status, reason: 'Test', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]
  const put = await call('PUT', `${networking}/servicecidrs/${name}/status`, { ...json, status: { conditions } })
  assert.equal(put.status, 200, put.text)
  await server.server.registry.table.ofKind(ServiceCIDR)?.cache?.fresh()
}

test('an address of a further ServiceCIDR is given to whoever asks for it, while the range is ready', async () => {
  const wish = serviceOf('wish', { clusterIP: '10.50.0.9' })
  const early = await call('POST', services, wish)
  assert.equal(early.status, 422)
  assert.match(
    early.json.message,
    /failed to allocate IP 10\.50\.0\.9: the provided network does not match the current range/,
  )
  await makeRange('further', '10.50.0.0/28')
  for (const address of ['10.50.0.0', '10.50.0.15']) {
    const refused = await call('POST', services, serviceOf('wish', { clusterIP: address }))
    assert.match(refused.json.message, /the provided network does not match the current range/, address)
  }
  const made = await call('POST', services, wish)
  assert.equal(made.status, 201, made.text)
  const { json } = await addressObject('10.50.0.9')
  assert.deepEqual(json.spec.parentRef, { resource: 'services', namespace: 'default', name: 'wish' })
  await setReady('further', 'False')
  const late = await call('POST', services, serviceOf('late', { clusterIP: '10.50.0.10' }))
  assert.match(late.json.message, /the provided network does not match the current range/)
  assert.equal((await call('DELETE', `${services}/wish`)).status, 200)
  assert.equal((await addressObject('10.50.0.9')).status, 404, 'given back to a range that is not ready')
  await setReady('further', 'True')
})

test('when the range of the server is full, addresses come from the others', async () => {
  const small = await startTestServer({ serviceCidrs: ['10.60.0.0/30'] })
  const make = (name: string) => send(small, 'POST', services, serviceOf(name))
  assert.equal((await make('first')).json.spec.clusterIP, '10.60.0.2', '10.60.0.1 is kept for the service kubernetes')
  const full = await make('second')
  assert.equal(full.status, 500)
  assert.match(full.json.message, /failed to allocate a serviceIP: range is full/)
  for (const [name, cidr] of [
    ['more', '10.61.0.0/30'],
    ['six', 'fd00::/120'],
  ]) {
    const made = await send(small, 'POST', `${networking}/servicecidrs`, {
      metadata: { name },
      spec: { cidrs: [cidr] },
    })
    assert.equal(made.status, 201, made.text)
  }
  await small.server.registry.table.ofKind(ServiceCIDR)?.cache?.fresh()
  const made = await Promise.all(['second', 'third'].map(make))
  const given = made.map(({ json }) => json.spec.clusterIP)
  assert.deepEqual(given.sort(), ['10.61.0.1', '10.61.0.2'])
  assert.equal((await make('fourth')).status, 500)
  await small.close()
})

test('a dry run shows an address of a range and looks at none that is taken', async () => {
  assert.equal((await call('POST', services, serviceOf('taken', { clusterIP: '10.96.0.77' }))).status, 201)
  const dry = await call('POST', `${services}?dryRun=All`, serviceOf('dry', { clusterIP: '10.96.0.77' }))
  assert.equal(dry.status, 201, dry.text)
  const outside = await call('POST', `${services}?dryRun=All`, serviceOf('dry', { clusterIP: '10.99.0.1' }))
  assert.equal(outside.status, 422)
})

test('the object kubernetes says whether the range of the server is given from', () => {
  const own = [new IpRange('10.0.0.0/24')]
  const cidr = (name: string, cidrs: string[], more: object = {}) =>
    ({ metadata: { name, uid: name }, spec: { cidrs }, ...more }) as unknown as ServiceCIDR
  const firsts = (...all: ServiceCIDR[]) => readyRanges(own, all).map(({ first }) => first)
  const notReady = { status: { conditions: [{ type: 'Ready', status: 'False' }] } }
  assert.deepEqual(firsts(), ['10.0.0.1'])
  assert.deepEqual(firsts(cidr('a', ['10.1.0.0/24']), cidr('kubernetes', ['10.0.0.0/24'])), ['10.0.0.1', '10.1.0.1'])
  assert.deepEqual(firsts(cidr('a', ['10.1.0.0/24']), cidr('kubernetes', ['10.0.0.0/24'], notReady)), ['10.1.0.1'])
})

test('repair gives services the addresses that they have, and takes those back that nobody has', async () => {
  const { json: kept } = await call('POST', services, serviceOf('kept'))
  const { json: lost } = await call('POST', services, serviceOf('lost'))
  const { json: stolen } = await call('POST', services, serviceOf('stolen'))
  const labels = {
    'ipaddress.kubernetes.io/ip-family': 'IPv4',
    'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
  }
  const place = (address: string, name: string, all: object = labels) =>
    call('POST', `${networking}/ipaddresses`, {
      metadata: { name: address, labels: all },
      spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name } },
    })
  await call('DELETE', `${networking}/ipaddresses/${lost.spec.clusterIP}`)
  await call('DELETE', `${networking}/ipaddresses/${stolen.spec.clusterIP}`)
  assert.equal((await place(stolen.spec.clusterIP, 'nobody')).status, 201)
  assert.equal((await place('10.96.0.201', 'nobody')).status, 201)
  assert.equal((await place('10.96.0.202', 'kept')).status, 201)
  assert.equal((await place('10.96.0.203', 'nobody', {})).status, 201)
  const { allocator, deps } = server.server.registry
  await allocator.repair(deps, Date.now())
  assert.equal((await addressObject('10.96.0.201')).status, 200, 'its service may still be on its way')
  await allocator.repair(deps, Date.now() + 61_000)
  const parentOf = async (address: string) => (await addressObject(address)).json.spec?.parentRef.name
  assert.equal(await parentOf(kept.spec.clusterIP), 'kept')
  assert.equal(await parentOf(lost.spec.clusterIP), 'lost')
  assert.equal(await parentOf(stolen.spec.clusterIP), 'stolen')
  assert.equal(await parentOf('10.96.0.201'), undefined)
  assert.equal(await parentOf('10.96.0.202'), undefined)
  assert.equal(await parentOf('10.96.0.203'), 'nobody', 'not of this allocator')
})
