import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { StorageVersionMigration } from '../../api/storagemigration/v1/storage-version-migration.ts'
import { TestCluster } from '../testing/cluster.ts'

const conditionsOf = (cluster: TestCluster) =>
  (cluster.transport.peekAll(StorageVersionMigration)[0]?.status.conditions ?? []).map(
    ({ type, status, reason }) => `${type} ${status} ${reason}`,
  )

async function migrated(resource: object): Promise<TestCluster> {
  const cluster = new TestCluster()
  await cluster.client.of(ConfigMap).create('default', { metadata: { name: 'a' } })
  await cluster.client.of(ConfigMap).create('default', { metadata: { name: 'b' } })
  cluster.start({ choice: ['storage-version-migrator-controller'] })
  await cluster.client.of(StorageVersionMigration).create('', { metadata: { name: 'm' }, spec: { resource } } as never)
  return cluster
}

test('every object of the resource is written again', async () => {
  const cluster = await migrated({ group: '', resource: 'configmaps' })
  await cluster.until('ended', () => conditionsOf(cluster).some(text => text.startsWith('Succeeded')))
  assert.deepEqual(conditionsOf(cluster), [
    'Running False StorageVersionMigrationInProgress',
    'Succeeded True StorageVersionMigrationSucceeded',
  ])
  const written = cluster.transport.requests.filter(
    request => request.startsWith('PATCH') && /configmaps/.test(request),
  )
  assert.deepEqual(written, [
    'PATCH /api/v1/namespaces/default/configmaps/a',
    'PATCH /api/v1/namespaces/default/configmaps/b',
  ])
  await cluster.stop()
})

test('a resource that does not exist a minute later is not migrated', async () => {
  const cluster = await migrated({ group: 'example.com', resource: 'widgets' })
  await cluster.run(30_000)
  assert.deepEqual(conditionsOf(cluster), [])
  await cluster.until('ended', () => conditionsOf(cluster).length > 0, 60_000)
  assert.deepEqual(conditionsOf(cluster), ['Failed True StorageVersionMigrationFailed'])
  await cluster.stop()
})
