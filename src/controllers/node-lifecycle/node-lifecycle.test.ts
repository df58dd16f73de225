import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lease } from '../../api/coordination/v1/lease.ts'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { microTimeOf } from '../../client/timestamps.ts'
import { planRanges } from '../node-ipam/controller.ts'
import { readyAt, TestCluster } from '../testing/cluster.ts'

async function setUp() {
  const cluster = new TestCluster()
  const made = await cluster.client.of(Node).create('', { metadata: { name: 'one' } })
  const conditions = [readyAt(cluster.clock.now())]
  await cluster.client.of(Node).updateStatus({ ...made, status: { ...made.status, conditions } })
  await cluster.client.of(Lease).create('kube-node-lease', { metadata: { name: 'one' } })
  const beat = () =>
    cluster.client
      .of(Lease)
      .patch('kube-node-lease', 'one', 'merge', { spec: { renewTime: microTimeOf(cluster.clock.now()) } })
  const addPod = (name: string, seconds?: number) =>
    cluster.client.of(Pod).create('a', {
      metadata: { name },
      spec: {
        nodeName: 'one',
        containers: [{ name: 'c' }],
        tolerations:
          seconds === undefined ? [] : [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds }],
      },
    })
  const node = () => cluster.transport.peek(Node, '', 'one')!
  cluster.start({ choice: ['node-controller', 'pod-garbage-collector'], clusterCidr: '10.244.0.0/16' })
  return { cluster, beat, addPod, node, ready: () => node().status.conditions?.find(({ type }) => type === 'Ready') }
}

test('Node that falls silent becomes unknown, is tainted, and loses its pods when their toleration ends', async () => {
  const { cluster, beat, addPod, node, ready } = await setUp()
  await addPod('patient', 30)
  for (let count = 0; count < 12; count++) {
    await cluster.run(10_000)
    await beat()
  }
  assert.equal(ready()?.status, 'True')
  assert.equal(node().spec.podCIDR, '10.244.0.0/24')
  await cluster.run(39_000)
  assert.equal(ready()?.status, 'True')
  await cluster.run(3_000)
  assert.equal(ready()?.status, 'Unknown')
  assert.equal(ready()?.reason, 'NodeStatusUnknown')
  assert.deepEqual(
    node().spec.taints?.map(({ key, effect }) => `${key}:${effect}`),
    ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'],
  )
  assert.equal(cluster.pods()[0]!.status.conditions?.[0]?.status, 'False')
  await cluster.run(25_000)
  assert.equal(cluster.pods().length, 1)
  await cluster.run(10_000)
  assert.equal(cluster.pods().length, 0)
  await cluster.stop()
})

test('Node that is cordoned has its taint until it is not', async () => {
  const { cluster, node } = await setUp()
  const cordon = (unschedulable: boolean | null) =>
    cluster.client.of(Node).patch('', 'one', 'merge', { spec: { unschedulable } })
  await cordon(true)
  await cluster.until('tainted', () => node().spec.taints?.[0]?.key === 'node.kubernetes.io/unschedulable')
  await cordon(null)
  await cluster.until('clean', () => (node().spec.taints ?? []).length === 0)
  await cluster.stop()
})

test('Pods of a node that is gone are removed after 40 s', async () => {
  const { cluster, addPod } = await setUp()
  await addPod('left')
  await cluster.client.of(Node).delete('', 'one')
  await cluster.run(30_000)
  assert.equal(cluster.pods().length, 1)
  await cluster.until('removed', () => cluster.pods().length === 0, 60_000)
  await cluster.stop()
})

test('planRanges gives each node the next free range, and says when there is none', () => {
  const node = (name: string, podCIDR?: string) =>
    ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, uid: name },
      spec: podCIDR ? { podCIDR, podCIDRs: [podCIDR] } : {},
    }) as unknown as Node
  const ranges = (clusterCidr: string, ...nodes: Node[]) =>
    planRanges(nodes, { clusterCidr }).map(action =>
      action.do === 'patch' ? (action.patch as { spec: { podCIDR: string } }).spec.podCIDR : action.do,
    )
  assert.deepEqual(ranges('10.0.0.0/22', node('a'), node('b', '10.0.1.0/24'), node('c')), [
    '10.0.0.0/24',
    '10.0.2.0/24',
  ])
  assert.deepEqual(ranges('10.0.0.0/24', node('a', '10.0.0.0/24'), node('b')), ['event'])
  assert.deepEqual(ranges('fd00:1::/56', node('a'), node('b')), ['fd00:1::/64', 'fd00:1:0:1::/64'])
})
