import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ControllerRevision } from '../../api/apps/v1/controller-revision.ts'
import { StatefulSet } from '../../api/apps/v1/stateful-set.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { Draft } from '../../schema/message.ts'
import { TestCluster } from '../testing/cluster.ts'

async function setUp(spec: Draft<StatefulSet['spec']>) {
  const cluster = new TestCluster()
  await cluster.client.of(StatefulSet).create('a', {
    metadata: { name: 'db' },
    spec: {
      serviceName: 'db',
      replicas: 3,
      selector: { matchLabels: { app: 'db' } },
      template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
      ...spec,
    },
  })
  cluster.start({ choice: ['statefulset-controller'] })
  const set = () => cluster.transport.peek(StatefulSet, 'a', 'db')!
  const names = () =>
    cluster
      .pods()
      .map(pod => pod.metadata.name)
      .sort()
  const images = () =>
    cluster
      .pods()
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .map(pod => pod.spec.containers[0]?.image)
      .join()
  const setImage = (image: string) =>
    cluster.client
      .of(StatefulSet)
      .patch('a', 'db', 'merge', { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } })
  return { cluster, set, names, images, setImage }
}

test('StatefulSet makes its pods in order, each when the one before is ready, and ends them in reverse', async () => {
  const { cluster, set, names } = await setUp({})
  const kubelet = cluster.kubelet
  cluster.kubelet = pod => (pod.metadata.name === 'db-1' ? undefined : kubelet(pod))
  await cluster.until('db-1', () => names().join() === 'db-0,db-1')
  await cluster.run(2000)
  assert.equal(names().join(), 'db-0,db-1')
  cluster.kubelet = kubelet
  await cluster.until('all', () => set().status.readyReplicas === 3)
  const pod = cluster.pods().find(({ metadata }) => metadata.name === 'db-2')!
  assert.equal(pod.spec.hostname, 'db-2')
  assert.equal(pod.spec.subdomain, 'db')
  assert.equal(pod.metadata.labels?.['statefulset.kubernetes.io/pod-name'], 'db-2')
  await cluster.client.of(StatefulSet).patch('a', 'db', 'merge', { spec: { replicas: 1 } })
  await cluster.until('one', () => names().join() === 'db-0' && set().status.replicas === 1)
  await cluster.stop()
})

test('StatefulSet scales down no further while pods below the highest are not ready', async () => {
  const { cluster, set, names } = await setUp({})
  await cluster.until('ready', () => set().status.readyReplicas === 3)
  const ready = new Set(['db-0', 'db-1', 'db-2'])
  cluster.kubelet = pod => {
    const status = ready.has(pod.metadata.name) ? 'True' : 'False'
    const condition = pod.status.conditions?.find(({ type }) => type === 'Ready')
    return condition?.status === status ? undefined : { conditions: [{ type: 'Ready', status }] }
  }
  ready.clear()
  await cluster.until('unready', () => (set().status.readyReplicas ?? 0) === 0)
  await cluster.client.of(StatefulSet).patch('a', 'db', 'merge', { spec: { replicas: 0 } })
  await cluster.run(2000)
  assert.equal(names().join(), 'db-0,db-1,db-2')
  ready.add('db-1').add('db-2')
  await cluster.until('gone', () => names().length === 0)
  await cluster.stop()
})

test('StatefulSet rolls from the highest number down, to the partition', async () => {
  const { cluster, set, images, setImage } = await setUp({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
  })
  await cluster.until('ready', () => set().status.readyReplicas === 3)
  await setImage('v2')
  await cluster.until('first', () => images() === 'v1,v1,v2')
  await cluster.until('second', () => images() === 'v1,v2,v2')
  await cluster.run(3000)
  assert.equal(images(), 'v1,v2,v2')
  assert.notEqual(set().status.currentRevision, set().status.updateRevision)
  assert.equal(set().status.updatedReplicas, 2)
  await cluster.client
    .of(StatefulSet)
    .patch('a', 'db', 'merge', { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } })
  await cluster.until(
    'done',
    () => images() === 'v2,v2,v2' && set().status.currentRevision === set().status.updateRevision,
  )
  assert.equal(cluster.transport.peekAll(ControllerRevision).length, 2)
  await cluster.stop()
})

test('StatefulSet in parallel makes all pods at once, with a claim for each', async () => {
  const { cluster, names } = await setUp({
    podManagementPolicy: 'Parallel',
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
  })
  cluster.kubelet = () => undefined
  await cluster.until('all', () => names().length === 3)
  assert.deepEqual(
    cluster.transport
      .peekAll(PersistentVolumeClaim)
      .map(claim => claim.metadata.name)
      .sort(),
    ['data-db-0', 'data-db-1', 'data-db-2'],
  )
  assert.equal(
    cluster.pods()[0]!.spec.volumes?.[0]?.persistentVolumeClaim?.claimName,
    `data-${cluster.pods()[0]!.metadata.name}`,
  )
  await cluster.stop()
})
