import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DaemonSet } from '../../api/apps/v1/daemon-set.ts'
import { Node } from '../../api/core/v1/node.ts'
import type { Draft } from '../../schema/message.ts'
import { TestCluster } from '../testing/cluster.ts'
import { nodeNameOf } from './placement.ts'

async function setUp(spec: Draft<DaemonSet['spec']> = {}) {
  const cluster = new TestCluster()
  const addNode = (name: string, node: Draft<Node['spec']> = {}) =>
    cluster.client.of(Node).create('', { metadata: { name }, spec: node })
  for (const name of ['one', 'two', 'three']) await addNode(name)
  await cluster.client.of(DaemonSet).create('a', {
    metadata: { name: 'agent' },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
      ...spec,
    },
  })
  cluster.start({ choice: ['daemon-set-controller'] })
  const set = () => cluster.transport.peek(DaemonSet, 'a', 'agent')!
  const nodes = () => cluster.pods().map(nodeNameOf).sort().join()
  const images = () =>
    cluster
      .pods()
      .map(pod => pod.spec.containers[0]?.image)
      .sort()
      .join()
  const setImage = (image: string) =>
    cluster.client
      .of(DaemonSet)
      .patch('a', 'agent', 'merge', { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } })
  return { cluster, addNode, set, nodes, images, setImage }
}

test('DaemonSet runs one pod on each node, also on new ones, not on tainted ones', async () => {
  const { cluster, addNode, set, nodes } = await setUp()
  await cluster.until('three', () => set().status.numberReady === 3)
  assert.equal(nodes(), 'one,three,two')
  await addNode('four')
  await addNode('tainted', { taints: [{ key: 'only', effect: 'NoSchedule' }] })
  await addNode('cordoned', { taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] })
  await cluster.until('five', () => set().status.numberReady === 5)
  assert.equal(nodes(), 'cordoned,four,one,three,two')
  assert.equal(set().status.desiredNumberScheduled, 5)
  await cluster.stop()
})

test('DaemonSet rolls one node at a time', async () => {
  const { cluster, set, images, setImage } = await setUp()
  await cluster.until('three', () => set().status.numberReady === 3)
  const kubelet = cluster.kubelet
  const ageMs = (time: string) => cluster.clock.now() - Date.parse(time)
  cluster.kubelet = pod => (ageMs(pod.metadata.creationTimestamp) < 2000 ? undefined : kubelet(pod))
  await setImage('v2')
  let fewest = 3
  await cluster.until('rolled', () => {
    fewest = Math.min(fewest, cluster.pods().filter(pod => pod.status.phase === 'Running').length)
    return images() === 'v2,v2,v2' && set().status.updatedNumberScheduled === 3
  })
  assert.equal(fewest, 2)
  await cluster.stop()
})

test('DaemonSet with a surge starts the new pod before the old one ends', async () => {
  const { cluster, set, images, setImage } = await setUp({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  })
  await cluster.until('three', () => set().status.numberReady === 3)
  await setImage('v2')
  let most = 3
  await cluster.until('rolled', () => {
    most = Math.max(most, cluster.pods().length)
    assert.ok(cluster.pods().filter(pod => pod.status.phase === 'Running').length >= 3)
    return images() === 'v2,v2,v2'
  })
  assert.equal(most, 4)
  await cluster.stop()
})
