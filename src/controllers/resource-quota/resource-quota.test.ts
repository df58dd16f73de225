import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../api/core/v1/pod.ts'
import { ResourceQuota } from '../../api/core/v1/resource-quota.ts'
import { Service } from '../../api/core/v1/service.ts'
import type { Draft } from '../../schema/message.ts'
import { TestCluster } from '../testing/cluster.ts'

const podOf = (name: string, cpu: string, more: object = {}): Draft<Pod> => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }], ...more },
})

async function started(spec: Draft<ResourceQuota['spec']>) {
  const cluster = new TestCluster()
  cluster.start({ choice: ['resourcequota-controller'] })
  await cluster.client.of(ResourceQuota).create('web', { metadata: { name: 'q' }, spec })
  const quota = (): ResourceQuota => cluster.transport.peekAll(ResourceQuota)[0] as ResourceQuota
  const used = () => quota().status?.used
  return { cluster, quota, used }
}

test('the status shows what is bounded and what is used of it', async () => {
  const { cluster, quota, used } = await started({ hard: { pods: '5', 'requests.cpu': '2', services: '1' } })
  await cluster.until('the quota is counted', () => used()?.services === '0')
  assert.deepEqual(quota().status.hard, { pods: '5', 'requests.cpu': '2', services: '1' })
  await cluster.client.of(Pod).create('web', podOf('a', '500m'))
  await cluster.client.of(Service).create('web', { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } })
  await cluster.until('all is counted', () => used()?.pods === '1' && used()?.services === '1')
  assert.equal(used()?.['requests.cpu'], '500m')
  await cluster.stop()
})

test('pods that have ended or are gone give back what they used', async () => {
  const { cluster, used } = await started({ hard: { pods: '5', 'requests.cpu': '2' } })
  await cluster.client.of(Pod).create('web', podOf('a', '1'))
  await cluster.client.of(Pod).create('web', podOf('b', '500m'))
  await cluster.until('both are counted', () => used()?.pods === '2' && used()?.['requests.cpu'] === '1500m')
  const [a] = cluster.pods().filter(({ metadata }) => metadata.name === 'a')
  assert.ok(a)
  await cluster.client.of(Pod).updateStatus({ ...a, status: { ...a.status, phase: 'Succeeded' } })
  await cluster.until('the ended one is not', () => used()?.pods === '1' && used()?.['requests.cpu'] === '500m')
  await cluster.client.of(Pod).delete('web', 'b', { gracePeriodSeconds: 0 })
  await cluster.until('none is', () => used()?.pods === '0' && used()?.['requests.cpu'] === '0')
  await cluster.stop()
})

test('a quota with scopes counts what is in them', async () => {
  const { cluster, used } = await started({ hard: { pods: '5' }, scopes: ['Terminating'] })
  await cluster.client.of(Pod).create('web', podOf('long', '1'))
  await cluster.client.of(Pod).create('web', podOf('short', '1', { activeDeadlineSeconds: 60 }))
  await cluster.until('the one with a deadline is counted', () => used()?.pods === '1')
  await cluster.run(2000)
  assert.equal(used()?.pods, '1')
  await cluster.stop()
})

test('what admission has charged counts before its object is stored, and no longer where none comes', async () => {
  const { cluster, quota, used } = await started({ hard: { pods: '2' } })
  await cluster.until('the quota is counted', () => used()?.pods === '0')
  const charge = (pods: string) =>
    cluster.client.of(ResourceQuota).updateStatus({ ...quota(), status: { ...quota().status, used: { pods } } })
  await charge('1')
  await cluster.run(400)
  assert.equal(used()?.pods, '1')
  await cluster.client.of(Pod).create('web', podOf('a', '1'))
  await charge('2')
  await cluster.run(400)
  assert.equal(used()?.pods, '2', 'the second one is on its way')
  await cluster.until('the second one does not come', () => used()?.pods === '1')
  await cluster.stop()
})
