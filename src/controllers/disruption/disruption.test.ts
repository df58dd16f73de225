import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deployment } from '../../api/apps/v1/deployment.ts'
import { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { PodDisruptionBudget } from '../../api/policy/v1/pod-disruption-budget.ts'
import { timeOf } from '../../client/timestamps.ts'
import type { Kind } from '../../schema/kind.ts'
import type { Draft } from '../../schema/message.ts'
import { controllerReference, type Owned } from '../runtime/owners.ts'
import { readyAt, TestCluster } from '../testing/cluster.ts'

const labels = { app: 'web' }
const selector = { matchLabels: labels }
const template = { metadata: { labels }, spec: { containers: [{ name: 'c' }] } }

async function setUp(spec: Draft<PodDisruptionBudget['spec']>) {
  const cluster = new TestCluster()
  await cluster.client.of(PodDisruptionBudget).create('a', { metadata: { name: 'web' }, spec: { selector, ...spec } })
  cluster.start({ choice: ['disruption-controller'] })
  const status = () => cluster.transport.peek(PodDisruptionBudget, 'a', 'web')!.status
  const condition = () => status().conditions?.find(({ type }) => type === 'DisruptionAllowed')
  const addPod = (name: string, owner?: [Kind, Owned]) =>
    cluster.client.of(Pod).create('a', {
      metadata: { name, labels, ...(owner ? { ownerReferences: [controllerReference(...owner)] } : {}) },
      spec: template.spec,
    })
  const numbers = () => {
    const { currentHealthy, desiredHealthy, disruptionsAllowed, expectedPods } = status()
    return [currentHealthy, desiredHealthy, disruptionsAllowed, expectedPods]
  }
  return { cluster, status, condition, addPod, numbers }
}

async function deployed(cluster: TestCluster, replicas: number): Promise<[Kind, Owned]> {
  const deployment = await cluster.client
    .of(Deployment)
    .create('a', { metadata: { name: 'web' }, spec: { replicas, selector, template } })
  const set = await cluster.client.of(ReplicaSet).create('a', {
    metadata: { name: 'web-1', ownerReferences: [controllerReference(Deployment as Kind, deployment)] },
    spec: { replicas: 1, selector, template },
  })
  return [ReplicaSet as Kind, set]
}

test('a number counts the pods that match, managed or not', async () => {
  const { cluster, status, condition, addPod, numbers } = await setUp({ minAvailable: 2 })
  await cluster.until('seen', () => condition() !== undefined)
  assert.deepEqual(numbers(), [0, 2, 0, 0])
  assert.equal(condition()?.status, 'False')
  assert.equal(condition()?.reason, 'InsufficientPods')
  for (const name of ['x', 'y', 'z']) await addPod(name)
  await cluster.until('three healthy', () => status().currentHealthy === 3)
  assert.deepEqual(numbers(), [3, 2, 1, 3])
  assert.equal(condition()?.status, 'True')
  assert.equal(condition()?.reason, 'SufficientPods')
  await cluster.stop()
})

test('a share is one of what the controllers want, as the Deployment above a ReplicaSet', async () => {
  const { cluster, addPod, numbers, status } = await setUp({ maxUnavailable: '30%' })
  const owner = await deployed(cluster, 5)
  for (const name of ['x', 'y', 'z']) await addPod(name, owner)
  await cluster.until('three healthy', () => status().currentHealthy === 3)
  // 30 % of 5, rounded up, may be missing: 3 must stay.
  assert.deepEqual(numbers(), [3, 3, 0, 5])
  await cluster.stop()
})

test('pods that are not ready or are going are not healthy', async () => {
  const { cluster, addPod, status, numbers } = await setUp({ minAvailable: '50%' })
  cluster.kubelet = pod =>
    pod.status?.phase === undefined
      ? { phase: 'Running', ...(pod.metadata.name === 'y' ? {} : { conditions: [readyAt(cluster.clock.now())] }) }
      : undefined
  const owner = await deployed(cluster, 3)
  for (const name of ['x', 'y', 'z']) await addPod(name, owner)
  await cluster.until('two healthy', () => status().currentHealthy === 2)
  assert.deepEqual(numbers(), [2, 2, 0, 3])
  await cluster.stop()
})

test('nothing is allowed while a controller has no scale', async () => {
  const { cluster, addPod, condition, status } = await setUp({ maxUnavailable: 1 })
  const job = { apiVersion: 'batch/v1', gvk: { group: 'batch', version: 'v1', kind: 'Job' } } as Kind
  await addPod('x', [job, { metadata: { name: 'j', uid: 'u', resourceVersion: '1' } }])
  await cluster.until('told', () => condition()?.reason === 'SyncFailed')
  assert.equal(condition()?.status, 'False')
  assert.match(condition()?.message ?? '', /jobs.batch does not implement the scale subresource/)
  assert.equal(status().disruptionsAllowed, 0)
  await cluster.stop()
})

test('a granted eviction counts until the pod is gone, or for two minutes', async () => {
  const { cluster, addPod, status, numbers } = await setUp({ minAvailable: 1 })
  for (const name of ['x', 'y', 'z']) await addPod(name)
  await cluster.until('three healthy', () => status().currentHealthy === 3)
  const budget = cluster.transport.peek(PodDisruptionBudget, 'a', 'web')!
  const at = timeOf(cluster.clock.now())
  await cluster.client.of(PodDisruptionBudget).updateStatus({
    ...budget,
    status: { ...budget.status, disruptionsAllowed: 1, disruptedPods: { x: at, y: at, unknown: at } },
  })
  await cluster.until('noted', () => status().currentHealthy === 1)
  assert.deepEqual(status().disruptedPods, { x: at, y: at })
  assert.deepEqual(numbers(), [1, 1, 0, 3])
  await cluster.client.of(Pod).delete('a', 'x', { gracePeriodSeconds: 0 })
  await cluster.until('one less', () => status().expectedPods === 2)
  assert.deepEqual(status().disruptedPods, { y: at })
  await cluster.run(121_000)
  assert.equal(status().disruptedPods, undefined)
  assert.deepEqual(numbers(), [2, 1, 1, 2])
  await cluster.stop()
})

test('a pod that was told of its disruption and spared hears so', async () => {
  const { cluster, addPod } = await setUp({ minAvailable: 1 })
  await addPod('x')
  await cluster.run(200)
  const pod = cluster.transport.peek(Pod, 'a', 'x')!
  const told = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    lastTransitionTime: timeOf(cluster.clock.now()),
  }
  await cluster.client
    .of(Pod)
    .updateStatus({ ...pod, status: { ...pod.status, conditions: [...(pod.status.conditions ?? []), told] } })
  const state = () =>
    cluster.transport.peek(Pod, 'a', 'x')?.status.conditions?.find(({ type }) => type === 'DisruptionTarget')?.status
  await cluster.run(110_000)
  assert.equal(state(), 'True')
  await cluster.until('taken back', () => state() === 'False')
  await cluster.stop()
})
