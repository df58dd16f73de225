import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { Namespace } from '../../api/core/v1/namespace.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { ServiceAccount } from '../../api/core/v1/service-account.ts'
import { TestCluster } from '../testing/cluster.ts'

test('Namespace gets its default service account and CA, and is emptied and let go when deleted', async () => {
  const cluster = new TestCluster()
  const { transport, client } = cluster
  cluster.start({
    choice: ['namespace-controller', 'service-account-controller', 'root-ca-cert-publisher'],
    rootCa: 'PEM',
  })
  await client.of(Namespace).create('', { metadata: { name: 'a' }, spec: { finalizers: ['kubernetes'] } })
  await cluster.until('account', () => transport.peek(ServiceAccount, 'a', 'default') !== undefined)
  await cluster.until('CA', () => transport.peek(ConfigMap, 'a', 'kube-root-ca.crt')?.data?.['ca.crt'] === 'PEM')
  await client.of(ServiceAccount).delete('a', 'default')
  await cluster.until('account again', () => transport.peek(ServiceAccount, 'a', 'default') !== undefined)
  await client.of(ConfigMap).create('a', { metadata: { name: 'held', finalizers: ['test/wait'] } })
  await client.of(Namespace).delete('', 'a')
  const condition = () =>
    transport.peek(Namespace, '', 'a')?.status.conditions?.find(({ type }) => type === 'NamespaceFinalizersRemaining')
      ?.message
  await cluster.until('remaining', () => condition() !== undefined)
  assert.equal(condition(), 'Some content in the namespace has finalizers remaining: test/wait in 1 resource instances')
  await client.of(ConfigMap).patch('a', 'held', 'merge', { metadata: { finalizers: [] } })
  await cluster.until('gone', () => transport.peek(Namespace, '', 'a') === undefined)
  assert.equal(transport.peekAll(ConfigMap).length, 0)
  assert.equal(transport.peekAll(ServiceAccount).length, 0)
  await cluster.stop()
})

test('Namespace ends its pods before it deletes anything else', async () => {
  const cluster = new TestCluster()
  const { transport, client } = cluster
  cluster.start({ choice: ['namespace-controller'] })
  await client.of(Namespace).create('', { metadata: { name: 'a' }, spec: { finalizers: ['kubernetes'] } })
  await client.of(ConfigMap).create('a', { metadata: { name: 'guard' } })
  await client.of(Pod).create('a', {
    metadata: { name: 'busy', finalizers: ['test/wait'] },
    spec: { containers: [{ name: 'c', image: 'v1' }] },
  })
  await client.of(Namespace).delete('', 'a')
  await cluster.until('ending', () => transport.peek(Pod, 'a', 'busy')?.metadata.deletionTimestamp !== undefined)
  await cluster.run(3000)
  assert.notEqual(transport.peek(ConfigMap, 'a', 'guard'), undefined)
  await client.of(Pod).patch('a', 'busy', 'merge', { metadata: { finalizers: [] } })
  await cluster.until('gone', () => transport.peek(Namespace, '', 'a') === undefined)
  assert.equal(transport.peekAll(ConfigMap).length, 0)
  await cluster.stop()
})
