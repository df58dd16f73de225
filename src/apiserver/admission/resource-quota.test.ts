import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResourceQuota } from '../../api/core/v1/resource-quota.ts'
import { systemClock } from '../../base/clock.ts'
import { MemoryReader } from '../authorization/testing/memory-reader.ts'
import { ResourceQuotaAdmission } from './resource-quota.ts'
import { attributesOf } from './testing/attributes.ts'

const podOf = (requests: object, spec: object = {}) => ({
  metadata: { name: 'p', namespace: 'web' },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }], ...spec },
})

function world(hard: Record<string, string>, used: Record<string, string>, spec: object = {}) {
  const reader = new MemoryReader()
  reader.put(ResourceQuota, { metadata: { name: 'q', namespace: 'web' }, spec, status: { hard, used } })
  const plugin = new ResourceQuotaAdmission(reader, reader, systemClock)
  const write = (object: object, more: object = {}) => plugin.validate(attributesOf({ name: 'p', object, ...more }))
  return { write, used: () => reader.get(ResourceQuota, 'web', 'q')?.status.used }
}

test('what fits is counted, what does not is refused with the amounts', async () => {
  const { write, used } = world({ pods: '2', 'requests.cpu': '1' }, { pods: '0', 'requests.cpu': '0' })
  await write(podOf({ cpu: '600m' }))
  assert.deepEqual(used(), { pods: '1', 'requests.cpu': '600m' })
  await assert.rejects(write(podOf({ cpu: '600m' })), {
    message:
      'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1',
  })
  assert.deepEqual(used(), { pods: '1', 'requests.cpu': '600m' })
})

test('a dry run counts nothing', async () => {
  const { write, used } = world({ pods: '1' }, { pods: '0' })
  await write(podOf({}), { dryRun: true })
  assert.deepEqual(used(), { pods: '0' })
})

test('containers must say what a quota bounds', async () => {
  const { write } = world({ 'limits.cpu': '1', memory: '1Gi' }, { 'limits.cpu': '0', memory: '0' })
  await assert.rejects(write(podOf({ memory: '1Mi' })), {
    message: 'pods "p" is forbidden: failed quota: q: must specify limits.cpu for: c',
  })
})

test('nothing is let through before the use is known', async () => {
  const { write } = world({ pods: '5' }, {})
  await assert.rejects(write(podOf({})), {
    message: 'pods "p" is forbidden: status unknown for quota: q, resources: pods',
  })
})

test('a quota with scopes counts what is in all of them', async () => {
  const scoped = world({ pods: '1' }, { pods: '0' }, { scopes: ['BestEffort', 'NotTerminating'] })
  await scoped.write(podOf({ cpu: '1' }))
  await scoped.write(podOf({}, { activeDeadlineSeconds: 5 }))
  assert.deepEqual(scoped.used(), { pods: '0' })
  await scoped.write(podOf({}))
  assert.deepEqual(scoped.used(), { pods: '1' })
})

test('an update adds what has grown', async () => {
  const { write, used } = world({ 'services.nodeports': '5' }, { 'services.nodeports': '1' })
  const service = (ports: number, type: string) => ({
    metadata: { name: 's', namespace: 'web' },
    spec: { type, ports: Array.from({ length: ports }, (_, i) => ({ port: i + 1 })) },
  })
  const about = { resource: 'services', operation: 'UPDATE' }
  await write(service(3, 'NodePort'), { ...about, oldObject: service(1, 'NodePort') })
  assert.deepEqual(used(), { 'services.nodeports': '3' })
  await write(service(1, 'ClusterIP'), { ...about, oldObject: service(3, 'NodePort') })
  assert.deepEqual(used(), { 'services.nodeports': '3' })
})

test('objects of any kind are counted by name', async () => {
  const { write, used } = world({ 'count/deployments.apps': '1' }, { 'count/deployments.apps': '0' })
  const deployment = { metadata: { name: 'd', namespace: 'web' } }
  await write(deployment, { group: 'apps', resource: 'deployments' })
  assert.deepEqual(used(), { 'count/deployments.apps': '1' })
  await assert.rejects(write(deployment, { group: 'apps', resource: 'deployments' }), /exceeded quota: q/)
})
