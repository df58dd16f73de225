import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../../api/core/v1/event.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { ResourceClaim } from '../../api/resource/v1/resource-claim.ts'
import { ResourceClaimTemplate } from '../../api/resource/v1/resource-claim-template.ts'
import { TestCluster } from '../testing/cluster.ts'

const spec = { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } }
const finalizer = 'resource.kubernetes.io/delete-protection'

async function started(): Promise<TestCluster> {
  const cluster = new TestCluster()
  cluster.kubelet = () => undefined
  cluster.start({ choice: ['resource-claim-controller'] })
  await cluster.run(100)
  return cluster
}

const makePod = (cluster: TestCluster, source: object): Promise<Pod> =>
  cluster.client.of(Pod).create('default', {
    metadata: { name: 'p' },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }], resourceClaims: [{ name: 'gpu', ...source }] },
  } as never)

const claimsOf = (cluster: TestCluster) => cluster.transport.peekAll(ResourceClaim)

test('a pod gets a claim from the template that it names, and is told its name', async () => {
  const cluster = await started()
  const pod = await makePod(cluster, { resourceClaimTemplateName: 't' })
  await cluster.run(200)
  assert.equal(claimsOf(cluster).length, 0)
  assert.ok(cluster.transport.peekAll(Event).some(({ reason }) => reason === 'FailedResourceClaimCreation'))
  const template = { metadata: { name: 't' }, spec: { metadata: { labels: { a: 'b' } }, spec } }
  await cluster.client.of(ResourceClaimTemplate).create('default', template as never)
  await cluster.until('made', () => claimsOf(cluster).length === 1)
  const [claim] = claimsOf(cluster)
  assert.ok(claim!.metadata.name.startsWith('p-gpu-'))
  assert.deepEqual(claim!.metadata.labels, { a: 'b' })
  assert.deepEqual(claim!.metadata.annotations, { 'resource.kubernetes.io/pod-claim-name': 'gpu' })
  assert.equal(claim!.metadata.ownerReferences?.[0]?.uid, pod.metadata.uid)
  await cluster.run(500)
  assert.deepEqual(cluster.pods()[0]!.status.resourceClaimStatuses, [
    { name: 'gpu', resourceClaimName: claim!.metadata.name },
  ])
  assert.equal(claimsOf(cluster).length, 1)
  await cluster.stop()
})

test('a claim is free again when its last user has ended', async () => {
  const cluster = await started()
  const pod = await makePod(cluster, { resourceClaimName: 'shared' })
  const claim = { metadata: { name: 'shared', finalizers: [finalizer] }, spec }
  const made = await cluster.client.of(ResourceClaim).create('default', claim as never)
  const allocation = { devices: { results: [{ request: 'r', driver: 'd', pool: 'p', device: 'x' }] } }
  await cluster.client.of(ResourceClaim).updateStatus({ ...made, status: { allocation } } as never)
  const current = () => claimsOf(cluster)[0]!
  await cluster.until('reserved', () => current().status.reservedFor?.[0]?.uid === pod.metadata.uid)
  await cluster.client.of(Pod).updateStatus({ ...cluster.pods()[0]!, status: { phase: 'Succeeded' } } as never)
  await cluster.until('freed', () => current().status.allocation === undefined)
  await cluster.run(200)
  assert.equal(current().status.reservedFor, undefined)
  assert.deepEqual(current().metadata.finalizers ?? [], [])
  await cluster.stop()
})

test('a claim made for a pod goes when the pod has ended', async () => {
  const cluster = await started()
  const template = { metadata: { name: 't' }, spec: { spec } }
  await cluster.client.of(ResourceClaimTemplate).create('default', template as never)
  await makePod(cluster, { resourceClaimTemplateName: 't' })
  await cluster.until('made', () => claimsOf(cluster).length === 1)
  await cluster.run(200)
  await cluster.client.of(Pod).updateStatus({ ...cluster.pods()[0]!, status: { phase: 'Failed' } } as never)
  await cluster.until('gone', () => claimsOf(cluster).length === 0)
  await cluster.stop()
})
