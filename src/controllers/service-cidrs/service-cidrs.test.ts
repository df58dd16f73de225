import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { IPAddress } from '../../api/networking/v1/ip-address.ts'
import { ServiceCIDR } from '../../api/networking/v1/service-cidr.ts'
import { TestCluster } from '../testing/cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.stop())

const ready = (name: string) =>
  cluster.transport
    .peekAll(ServiceCIDR)
    .find(({ metadata }) => metadata.name === name)
    ?.status?.conditions?.find(({ type }) => type === 'Ready')

const made = (name: string, ...cidrs: string[]) =>
  cluster.client.of(ServiceCIDR).create('', { metadata: { name }, spec: { cidrs } } as never)

const exists = (name: string) => cluster.transport.peekAll(ServiceCIDR).some(({ metadata }) => metadata.name === name)

test('a range becomes ready, is kept while it has the only place of an address, and goes when that is gone', async () => {
  cluster = new TestCluster()
  cluster.start({ choice: ['service-cidrs-controller'] })
  await made('extra', '10.50.0.0/24')
  await cluster.until('ready', () => ready('extra')?.status === 'True')
  const labels = { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' }
  await cluster.client.of(IPAddress).create('', { metadata: { name: '10.50.0.7', labels }, spec: {} } as never)
  await cluster.client.of(ServiceCIDR).delete('', 'extra')
  await cluster.until('terminating', () => ready('extra')?.reason === 'Terminating')
  await cluster.run(15_000)
  assert.ok(exists('extra'))
  await cluster.client.of(IPAddress).delete('', '10.50.0.7')
  await cluster.until('gone', () => !exists('extra'))
})

test('a range within another goes although its addresses stay, after the servers have had time to see it', async () => {
  cluster = new TestCluster()
  cluster.start({ choice: ['service-cidrs-controller'] })
  await made('large', '10.50.0.0/16')
  await made('small', '10.50.0.0/24')
  await cluster.until('ready', () => ready('large')?.status === 'True' && ready('small')?.status === 'True')
  const labels = { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' }
  await cluster.client.of(IPAddress).create('', { metadata: { name: '10.50.0.7', labels }, spec: {} } as never)
  await cluster.client.of(ServiceCIDR).delete('', 'small')
  await cluster.run(5_000)
  assert.ok(exists('small'))
  await cluster.until('gone', () => !exists('small'))
})
