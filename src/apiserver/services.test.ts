import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { IpRange, parseAddress, showAddress } from './registry/allocators/ip-range.ts'
import { PortBitmap } from './registry/allocators/port-bitmap.ts'
import { type Answer, send, startTestServer, type TestServer } from './testing/test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

const services = '/api/v1/namespaces/default/services'
const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
  send(server, method, path, body, headers)
const serviceOf = (name: string, spec: object) => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], selector: { a: 'b' }, ...spec },
})
const addresses = async (): Promise<string[]> =>
  (await call('GET', '/apis/networking.k8s.io/v1/ipaddresses')).json.items.map(
    (item: { metadata: { name: string } }) => item.metadata.name,
  )

test('a service gets an address of the range, which is its IPAddress until it goes', async () => {
  const { json } = await call('POST', services, serviceOf('plain', {}))
  assert.match(json.spec.clusterIP, /^10\.96\./)
  assert.deepEqual(json.spec.clusterIPs, [json.spec.clusterIP])
  assert.deepEqual(json.spec.ipFamilies, ['IPv4'])
  assert.equal(json.spec.ipFamilyPolicy, 'SingleStack')
  assert.ok((await addresses()).includes(json.spec.clusterIP))
  await call('DELETE', `${services}/plain`)
  assert.ok(!(await addresses()).includes(json.spec.clusterIP))
})

test('an address that is asked for is given once', async () => {
  assert.equal((await call('POST', services, serviceOf('wish', { clusterIP: '10.96.0.10' }))).status, 201)
  const second = await call('POST', services, serviceOf('wish2', { clusterIP: '10.96.0.10' }))
  assert.equal(second.status, 422)
  assert.match(second.json.message, /provided IP is already allocated/)
  assert.equal((await call('POST', services, serviceOf('outside', { clusterIP: '192.168.0.1' }))).status, 422)
})

test('node ports are unique, kept over updates and given back with the type', async () => {
  const { json } = await call('POST', services, serviceOf('ports', { type: 'NodePort' }))
  const { nodePort } = json.spec.ports[0]
  assert.ok(nodePort >= 30_000 && nodePort <= 32_767)
  const clash = await call('POST', services, serviceOf('clash', { type: 'NodePort', ports: [{ port: 80, nodePort }] }))
  assert.equal(clash.status, 422)
  assert.match(clash.json.message, /provided port is already allocated/)
  const replaced = await call('PUT', `${services}/ports`, serviceOf('ports', { type: 'NodePort' }))
  assert.equal(replaced.status, 200, replaced.text)
  assert.equal(replaced.json.spec.ports[0].nodePort, nodePort)
  assert.equal(replaced.json.spec.clusterIP, json.spec.clusterIP)
  const plain = await call('PUT', `${services}/ports`, serviceOf('ports', { type: 'ClusterIP' }))
  assert.equal(plain.json.spec.ports[0].nodePort, undefined)
  const again = await call('POST', services, serviceOf('again', { type: 'NodePort', ports: [{ port: 80, nodePort }] }))
  assert.equal(again.status, 201, again.text)
})

test('a service that becomes an external name loses what its old type needed', async () => {
  const { json } = await call('POST', services, serviceOf('turning', { type: 'NodePort' }))
  assert.equal(json.spec.externalTrafficPolicy, 'Cluster')
  const external = { ...json, spec: { ...json.spec, type: 'ExternalName', externalName: 'example.com' } }
  const kept = { ...external, spec: { ...external.spec, externalTrafficPolicy: 'Local' } }
  assert.equal((await call('PUT', `${services}/turning`, kept)).status, 422)
  const { status, json: turned } = await call('PUT', `${services}/turning`, external)
  assert.equal(status, 200)
  const { externalTrafficPolicy, clusterIP, ipFamilies, ports } = turned.spec
  assert.deepEqual([externalTrafficPolicy, clusterIP, ipFamilies, ports[0].nodePort], Array(4).fill(undefined))
})

test('headless services and external names have no address', async () => {
  const headless = await call('POST', services, serviceOf('headless', { clusterIP: 'None' }))
  assert.deepEqual(headless.json.spec.clusterIPs, ['None'])
  const external = await call('POST', services, {
    metadata: { name: 'ext' },
    spec: { type: 'ExternalName', externalName: 'example.com' },
  })
  assert.equal(external.status, 201, external.text)
  assert.equal(external.json.spec.clusterIP, undefined)
})

test('many services at once get different addresses and ports', async () => {
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, i) => call('POST', services, serviceOf(`many-${i}`, { type: 'NodePort' }))),
  )
  assert.deepEqual(
    made.map(({ status }) => status),
    made.map(() => 201),
  )
  assert.equal(new Set(made.map(({ json }) => json.spec.clusterIP)).size, 20)
  assert.equal(new Set(made.map(({ json }) => json.spec.ports[0].nodePort)).size, 20)
})

test('a dry run takes neither address nor port', async () => {
  const before = await addresses()
  const dry = await call('POST', `${services}?dryRun=All`, serviceOf('dry', { type: 'NodePort' }))
  assert.equal(dry.status, 201)
  assert.deepEqual(await addresses(), before)
})

test('PortBitmap reads and writes the number of upstream', () => {
  const bitmap = new PortBitmap(30_000, 32_767)
  bitmap.add(30_000)
  bitmap.add(30_009)
  assert.equal(bitmap.base64, Buffer.from([2, 1]).toString('base64'))
  const read = new PortBitmap(30_000, 32_767, bitmap.base64)
  assert.ok(read.has(30_009) && !read.has(30_001))
})

test('IpRange counts in both families', () => {
  const range = new IpRange('10.96.0.0/16')
  assert.equal(range.first, '10.96.0.1')
  assert.equal(range.usable, 65_534)
  assert.ok(range.contains('10.96.255.254') && !range.contains('10.97.0.1'))
  assert.equal(new IpRange('fd00::/112').at(10), 'fd00::a')
  assert.equal(showAddress(parseAddress('2001:db8::1:0:0:1') as bigint, 'IPv6'), '2001:db8::1:0:0:1')
})
