import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { TestCluster } from '../testing/cluster.ts'

async function setUp() {
  const cluster = new TestCluster()
  const maps = cluster.client.of(ConfigMap)
  const make = (name: string, ...owners: { metadata: { name: string; uid: string } }[]) =>
    maps.create('a', {
      metadata: {
        name,
        ownerReferences: owners.map(({ metadata }) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: metadata.name,
          uid: metadata.uid,
          blockOwnerDeletion: true,
        })),
      },
    })
  const names = () => cluster.transport.peekAll(ConfigMap).map(({ metadata }) => metadata.name)
  cluster.start({ choice: ['generic-garbage-collector'] })
  await cluster.run(200)
  return { cluster, maps, make, names }
}

test('GarbageCollector deletes the dependents of what was deleted, and theirs', async () => {
  const { cluster, maps, make, names } = await setUp()
  const grandparent = await make('grandparent')
  await make('child', await make('parent', grandparent))
  await make('other')
  await maps.delete('a', 'grandparent')
  await cluster.until('collected', () => names().join() === 'other')
  await cluster.stop()
})

test('GarbageCollector collects what names an owner that never was, or one in another namespace', async () => {
  const { cluster, maps, make, names } = await setUp()
  const elsewhere = await maps.create('b', { metadata: { name: 'elsewhere' } })
  await make('stray', { metadata: { name: 'nobody', uid: 'none' } })
  await make('abroad', elsewhere)
  await cluster.until('collected', () => names().join() === 'elsewhere')
  await cluster.stop()
})

test('GarbageCollector keeps what has another owner, without the lost one', async () => {
  const { cluster, maps, make, names } = await setUp()
  const first = await make('first')
  const second = await make('second')
  await make('child', first, second)
  await maps.delete('a', 'first')
  await cluster.until(
    'let go',
    () => cluster.transport.peek(ConfigMap, 'a', 'child')!.metadata.ownerReferences!.length === 1,
  )
  assert.deepEqual(names(), ['second', 'child'])
  await cluster.stop()
})

test('GarbageCollector in the foreground deletes the owner last', async () => {
  const { cluster, maps, make, names } = await setUp()
  const owner = await make('owner')
  const child = await make('child', owner)
  await maps.update({ ...child, metadata: { ...child.metadata, finalizers: ['test/wait'] } })
  await maps.delete('a', 'owner', { propagationPolicy: 'Foreground' })
  await cluster.run(3000)
  assert.deepEqual(names().sort(), ['child', 'owner'])
  const deleting = cluster.transport.peek(ConfigMap, 'a', 'child')!
  assert.ok(deleting.metadata.deletionTimestamp)
  await maps.update({ ...deleting, metadata: { ...deleting.metadata, finalizers: [] } })
  await cluster.until('all gone', () => names().length === 0)
  await cluster.stop()
})

test('GarbageCollector orphans the dependents where asked to', async () => {
  const { cluster, maps, make, names } = await setUp()
  await make('child', await make('owner'))
  await maps.delete('a', 'owner', { propagationPolicy: 'Orphan' })
  await cluster.until('owner gone', () => names().join() === 'child')
  await cluster.run(2000)
  assert.deepEqual(cluster.transport.peek(ConfigMap, 'a', 'child')?.metadata.ownerReferences, [])
  await cluster.stop()
})
