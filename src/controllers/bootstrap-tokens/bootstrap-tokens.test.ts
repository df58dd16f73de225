import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { Secret } from '../../api/core/v1/secret.ts'
import { timeOf } from '../../client/timestamps.ts'
import { detachedSignature } from '../../machinery/bootstrap-token.ts'
import { TestCluster } from '../testing/cluster.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

test('cluster-info is signed with the tokens that live; those that are over are deleted', async () => {
  const cluster = new TestCluster()
  const token = { id: 'abcdef', secret: '0123456789abcdef' }
  await cluster.client.of(ConfigMap).create('kube-public', {
    metadata: { name: 'cluster-info', namespace: 'kube-public' },
    data: { kubeconfig: 'here', 'jws-kubeconfig-zzzzzz': 'of a token that is gone' },
  })
  await cluster.client.of(Secret).create('kube-system', {
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: {
      'token-id': base64(token.id),
      'token-secret': base64(token.secret),
      'usage-bootstrap-signing': base64('true'),
      expiration: base64(timeOf(cluster.clock.now() + 60_000)),
    },
  })
  cluster.start({ choice: ['bootstrap-signer', 'token-cleaner'] })
  const data = () => cluster.transport.peekAll(ConfigMap).find(({ metadata }) => metadata.name === 'cluster-info')?.data
  const tokens = () => cluster.transport.peekAll(Secret).length
  await cluster.until('it is signed', () => data()?.['jws-kubeconfig-abcdef'] !== undefined)
  assert.deepEqual(data(), { kubeconfig: 'here', 'jws-kubeconfig-abcdef': detachedSignature('here', token) })
  await cluster.until('the token ends', () => tokens() === 0, 90_000)
  await cluster.until('its signature goes', () => data()?.['jws-kubeconfig-abcdef'] === undefined)
  await cluster.stop()
})
