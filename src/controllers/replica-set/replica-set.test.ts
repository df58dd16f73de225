import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { ApiError } from '../../machinery/api-error.ts'
import { TestCluster } from '../testing/cluster.ts'
import { victimsOf } from './victims.ts'

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c' }] } }

async function setUp(replicas: number) {
  const cluster = new TestCluster()
  await cluster.client.of(ReplicaSet).create('a', {
    metadata: { name: 'web' },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template },
  })
  const set = () => cluster.transport.peek(ReplicaSet, 'a', 'web')!
  const start = () => cluster.start({ choice: ['replicaset-controller'] })
  return { cluster, set, start }
}

test('ReplicaSet adopts orphans that match and lets go what matches no more', async () => {
  const { cluster, set, start } = await setUp(2)
  await cluster.client.of(Pod).create('a', { ...template, metadata: { ...template.metadata, name: 'orphan' } })
  start()
  await cluster.until('two', () => set().status.readyReplicas === 2)
  const orphan = () => cluster.transport.peek(Pod, 'a', 'orphan')!
  assert.equal(orphan().metadata.ownerReferences?.[0]?.uid, set().metadata.uid)
  await cluster.client.of(Pod).patch('a', 'orphan', 'merge', { metadata: { labels: { app: 'other' } } })
  await cluster.until('three pods', () => cluster.pods().length === 3 && set().status.readyReplicas === 2)
  assert.deepEqual(orphan().metadata.ownerReferences, [])
  await cluster.stop()
})

test('ReplicaSet makes no pod twice although its view of the pods comes late', async () => {
  const { cluster, start } = await setUp(5)
  const watch = cluster.transport.watch.bind(cluster.transport)
  let held: (() => void)[] = []
  cluster.transport.watch = async function* (request) {
    for await (const event of watch(request)) {
      if (request.path.endsWith('/pods')) await new Promise<void>(resolve => held.push(resolve))
      yield event
    }
  }
  start()
  await cluster.until('five', () => cluster.pods().length === 5)
  await cluster.client.of(ReplicaSet).patch('a', 'web', 'merge', { metadata: { labels: { touched: 'yes' } } })
  await cluster.run(5000)
  assert.equal(cluster.pods().length, 5)
  for (let count = 0; count < 50; count++) {
    const now = held
    held = []
    for (const release of now) release()
    await cluster.run(100)
  }
  assert.equal(cluster.pods().length, 5)
  await cluster.stop()
})

test('ReplicaSet tells that pods cannot be made, and goes on when they can', async () => {
  const { cluster, set, start } = await setUp(3)
  let refuse = true
  let tries = 0
  cluster.transport.intercept = request => {
    if (!refuse || request.method !== 'POST' || !request.path.endsWith('/pods')) return undefined
    tries++
    throw new ApiError(403, 'Forbidden', 'exceeded quota')
  }
  start()
  const failure = () => set().status.conditions?.find(({ type }) => type === 'ReplicaFailure')
  await cluster.until('told', () => failure() !== undefined)
  assert.equal(failure()?.reason, 'FailedCreate')
  assert.equal(failure()?.message, 'exceeded quota')
  assert.ok(tries < 20)
  refuse = false
  await cluster.until('made', () => set().status.readyReplicas === 3 && failure() === undefined, 120_000)
  await cluster.stop()
})

test('victimsOf takes unbound, pending, cheap and crowded pods first', () => {
  const pod = (name: string, node: string | undefined, phase: string, cost?: string) =>
    ({
      metadata: {
        name,
        uid: name,
        creationTimestamp: '2030-01-01T00:00:00Z',
        ...(cost ? { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } } : {}),
      },
      spec: { ...(node ? { nodeName: node } : {}), containers: [] },
      status: { phase },
    }) as unknown as Pod
  const pods = [
    pod('alone', 'b', 'Running'),
    pod('crowded', 'a', 'Running'),
    pod('crowd', 'a', 'Running', '5'),
    pod('cheap', 'c', 'Running', '-1'),
    pod('pending', 'b', 'Pending'),
    pod('unbound', undefined, 'Pending'),
  ]
  const related = [...pods, pod('other', 'a', 'Running')]
  const order = victimsOf(pods, related, 6, Date.parse('2030-01-02T00:00:00Z')).map(({ metadata }) => metadata.name)
  assert.deepEqual(order, ['unbound', 'pending', 'cheap', 'crowded', 'alone', 'crowd'])
})
