import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deployment } from '../../api/apps/v1/deployment.ts'
import { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import { Event } from '../../api/core/v1/event.ts'
import type { Draft } from '../../schema/message.ts'
import { TestCluster } from '../testing/cluster.ts'

function deployment(replicas: number, image = 'v1', more: Draft<Deployment['spec']> = {}): Draft<Deployment> {
  return {
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
      ...more,
    },
    status: {},
  }
}

async function setUp(first: Draft<Deployment>) {
  const cluster = new TestCluster()
  await cluster.client.of(Deployment).create('a', first)
  cluster.start({ choice: ['deployment-controller', 'replicaset-controller'] })
  const current = () => cluster.transport.peek(Deployment, 'a', 'web')!
  const sets = () => cluster.transport.peekAll(ReplicaSet)
  const change = (spec: Draft<Deployment['spec']>) =>
    cluster.client.of(Deployment).update({ ...current(), spec: { ...current().spec, ...spec } as Deployment['spec'] })
  const setImage = (image: string) =>
    change({
      template: {
        ...current().spec.template,
        spec: { containers: [{ name: 'c', image }] },
      } as Deployment['spec']['template'],
    })
  const complete = () => {
    const { spec, status, metadata } = current()
    return (
      status.observedGeneration === metadata.generation &&
      (status.updatedReplicas ?? 0) === spec.replicas &&
      (status.replicas ?? 0) === spec.replicas &&
      (status.availableReplicas ?? 0) === spec.replicas
    )
  }
  const events = () => cluster.transport.peekAll(Event).map(event => event.message)
  return { cluster, current, sets, change, setImage, complete, events }
}

const condition = (object: Deployment, type: string) => {
  const found = object.status.conditions?.find(one => one.type === type)
  return `${found?.status} ${found?.reason} ${found?.message}`
}

test('Deployment makes its ReplicaSet and pods, and says so', async () => {
  const { cluster, current, sets, complete, events } = await setUp(deployment(3))
  await cluster.until('complete', complete)
  await cluster.run(1000)
  const [set] = sets()
  assert.equal(sets().length, 1)
  assert.equal(cluster.pods().length, 3)
  assert.match(set!.metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]+$/)
  assert.equal(set!.metadata.labels?.['pod-template-hash'], set!.metadata.name.slice(4))
  assert.equal(current().metadata.annotations?.['deployment.kubernetes.io/revision'], '1')
  assert.equal(condition(current(), 'Available'), 'True MinimumReplicasAvailable Deployment has minimum availability.')
  assert.equal(
    condition(current(), 'Progressing'),
    `True NewReplicaSetAvailable ReplicaSet "${set!.metadata.name}" has successfully progressed.`,
  )
  assert.ok(events().includes(`Scaled up replica set ${set!.metadata.name} from 0 to 3`))
  assert.equal(events().filter(message => message?.startsWith('Created pod: ')).length, 3)
  await cluster.stop()
})

test('Deployment rolls to a new template within maxSurge and maxUnavailable', async () => {
  const { cluster, sets, setImage, complete } = await setUp(deployment(3))
  await cluster.until('first complete', complete)
  await setImage('v2')
  let most = 0
  let fewest = 3
  await cluster.until('second complete', () => {
    most = Math.max(most, cluster.pods().length)
    fewest = Math.min(fewest, cluster.pods().filter(pod => pod.status?.phase === 'Running').length)
    return complete()
  })
  assert.equal(most, 4)
  assert.equal(fewest, 3)
  assert.deepEqual(
    sets().map(set => set.spec.replicas),
    [0, 3],
  )
  await cluster.stop()
})

test('Deployment that gets an old template back reuses its ReplicaSet with a new revision', async () => {
  const { cluster, current, sets, setImage, complete } = await setUp(deployment(2))
  await cluster.until('v1', complete)
  await setImage('v2')
  await cluster.until('v2', complete)
  await setImage('v1')
  await cluster.until('v1 again', complete)
  await cluster.run(500)
  assert.equal(sets().length, 2)
  const [first, second] = sets()
  assert.equal(first!.spec.replicas, 2)
  assert.equal(second!.spec.replicas, 0)
  assert.equal(first!.metadata.annotations?.['deployment.kubernetes.io/revision'], '3')
  assert.equal(first!.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1')
  assert.equal(current().metadata.annotations?.['deployment.kubernetes.io/revision'], '3')
  await cluster.stop()
})

test('Deployment keeps no more old ReplicaSets than its history limit', async () => {
  const { cluster, sets, setImage, complete } = await setUp(deployment(1, 'v0', { revisionHistoryLimit: 1 }))
  for (const image of ['v1', 'v2', 'v3']) {
    await cluster.until('complete', complete)
    await setImage(image)
  }
  await cluster.until('complete', complete)
  await cluster.until('history cut', () => sets().length === 2)
  await cluster.stop()
})

test('Deployment that is paused scales but does not roll, and rolls when resumed', async () => {
  const { cluster, current, sets, change, setImage, complete } = await setUp(deployment(2))
  await cluster.until('complete', complete)
  await change({ paused: true })
  await cluster.until('paused', () => condition(current(), 'Progressing').startsWith('Unknown DeploymentPaused'))
  await setImage('v2')
  await change({ replicas: 4 })
  await cluster.until('scaled', () => cluster.pods().length === 4)
  assert.equal(sets().length, 1)
  await change({ paused: false })
  await cluster.until('rolled', complete)
  assert.deepEqual(
    sets().map(set => set.spec.replicas),
    [0, 4],
  )
  await cluster.stop()
})

test('Deployment that does not progress says so after its deadline', async () => {
  const { cluster, current, setImage, complete } = await setUp(deployment(2, 'v1', { progressDeadlineSeconds: 10 }))
  await cluster.until('complete', complete)
  cluster.kubelet = () => undefined
  await setImage('v2')
  await cluster.until(
    'exceeded',
    () => condition(current(), 'Progressing').startsWith('False ProgressDeadlineExceeded'),
    20_000,
  )
  await cluster.stop()
})

test('Deployment scaled in the middle of a rollout gives each ReplicaSet its share', async () => {
  const rolling = { strategy: { type: 'RollingUpdate' as const, rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }
  const { cluster, sets, change, setImage, complete } = await setUp(deployment(10, 'v1', rolling))
  await cluster.until('complete', complete)
  cluster.kubelet = () => undefined
  await setImage('v2')
  await cluster.until(
    'blocked',
    () => sets().length === 2 && sets()[0]!.spec.replicas === 8 && sets()[1]!.spec.replicas === 5,
  )
  await change({ replicas: 15 })
  await cluster.until('shared out', () => sets()[0]!.spec.replicas === 11 && sets()[1]!.spec.replicas === 7)
  await cluster.stop()
})

test('Deployment that recreates makes no new pod before the last old one is gone', async () => {
  const { cluster, setImage, complete } = await setUp(deployment(2, 'v1', { strategy: { type: 'Recreate' } }))
  await cluster.until('complete', complete)
  await setImage('v2')
  await cluster.until('complete', () => {
    const images = new Set(cluster.pods().map(pod => pod.spec.containers[0]?.image))
    assert.ok(images.size <= 1)
    return complete() && images.has('v2')
  })
  await cluster.stop()
})

test('Deployment counts revisions exactly, beyond what a double holds', async () => {
  const { cluster, current, sets, complete } = await setUp(deployment(1))
  await cluster.client.of(ReplicaSet).create('a', {
    metadata: {
      name: 'adopted',
      labels: { app: 'web' },
      annotations: { 'deployment.kubernetes.io/revision': '3546343826724305832' },
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'v0' }] } },
    },
  })
  await cluster.until('adopted', () =>
    sets().some(({ metadata }) => metadata.ownerReferences && metadata.name === 'adopted'),
  )
  const revision = () => current().metadata.annotations?.['deployment.kubernetes.io/revision']
  await cluster.until('complete', () => complete() && revision() === '3546343826724305833')
  await cluster.stop()
})
