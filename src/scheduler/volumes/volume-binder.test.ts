/** Pods with claims, scheduled against an API server in memory; the test plays the controller that binds volumes. */
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { Node } from '../../api/core/v1/node.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { StorageClass } from '../../api/storage/v1/storage-class.ts'
import { loggerOf } from '../../base/log.ts'
import { Client } from '../../client/client.ts'
import { InformerFactory } from '../../client/informer-factory.ts'
import { ManualClock, settle } from '../../client/testing/manual-clock.ts'
import { MemoryTransport } from '../../client/testing/memory-transport.ts'
import type { Draft } from '../../schema/message.ts'
import { startScheduler } from '../scheduler.ts'
import { newNode, newPod } from '../testing/small-cluster.ts'

const selectedNode = 'volume.kubernetes.io/selected-node'

async function setUp(t: TestContext) {
  const clock = new ManualClock()
  const transport = new MemoryTransport({ now: () => clock.now() })
  const client = new Client(transport, 'kube-scheduler')
  const user = new Client(transport, 'test')
  const stop = new AbortController()
  const log = loggerOf('test').child({}, { level: 'silent' })
  const informers = new InformerFactory(client, { clock, random: () => 0, log })
  const scheduler = startScheduler({ client, informers, clock, random: () => 0, signal: stop.signal, log })
  informers.start(stop.signal)
  t.after(async () => {
    stop.abort()
    await scheduler.stop()
  })
  for (const name of ['a', 'b']) await user.of(Node).create('', newNode(name))
  const peekClaim = (name: string) => transport.peek(PersistentVolumeClaim, 'default', name)!
  return {
    clock,
    user,
    pod: (name: string, ...claims: string[]) =>
      user.of(Pod).create(
        'default',
        newPod(name, {
          spec: {
            volumes: claims.map(claimName => ({ name: claimName, persistentVolumeClaim: { claimName } })),
          },
        }),
      ),
    claim: (name: string, storageClassName: string, spec: Draft<PersistentVolumeClaim['spec']> = {}) =>
      user.of(PersistentVolumeClaim).create('default', {
        metadata: { name },
        spec: {
          storageClassName,
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
          ...spec,
        },
        status: { phase: 'Pending' },
      }),
    volume: (name: string, storageClassName: string, node: string, size = '1Gi') =>
      user.of(PersistentVolume).create('', {
        metadata: { name },
        spec: {
          storageClassName,
          capacity: { storage: size },
          accessModes: ['ReadWriteOnce'],
          local: { path: '/data' },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
              ],
            },
          },
        },
        status: { phase: 'Available' },
      }),
    storageClass: (name: string, volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer', provisioner: string) =>
      user.of(StorageClass).create('', { metadata: { name }, provisioner, volumeBindingMode }),
    /** As the controller of volumes does once both point at each other. */
    async bound(claimName: string, volumeName: string) {
      const claim = peekClaim(claimName)
      const annotations = { ...claim.metadata.annotations, 'pv.kubernetes.io/bind-completed': 'yes' }
      const status = { ...claim.status, phase: 'Bound' as const }
      const spec = { ...claim.spec, volumeName }
      await user
        .of(PersistentVolumeClaim)
        .update({ ...claim, metadata: { ...claim.metadata, annotations }, spec, status })
    },
    peekClaim,
    peekVolume: (name: string) => transport.peek(PersistentVolume, '', name)!,
    nodeOf: (name: string) => transport.peek(Pod, 'default', name)?.spec.nodeName,
    message: (name: string) =>
      transport.peek(Pod, 'default', name)?.status.conditions?.find(({ type }) => type === 'PodScheduled')?.message ??
      '',
  }
}

it('keeps a pod back until its claim is there and bound, then sends it where the volume is', async t => {
  const cluster = await setUp(t)
  await cluster.pod('p', 'data')
  await settle()
  assert.match(cluster.message('p'), /^0\/2 nodes are available: persistentvolumeclaim "data" not found\./)
  await cluster.claim('data', 'now')
  await cluster.clock.advance(1500)
  assert.match(cluster.message('p'), /nodes are available: pod has unbound immediate PersistentVolumeClaims\./)
  await cluster.volume('v', 'now', 'b')
  await cluster.bound('data', 'v')
  await cluster.clock.advance(3000)
  assert.equal(cluster.nodeOf('p'), 'b')
})

it('refuses nodes that do not reach the volume of a bound claim', async t => {
  const cluster = await setUp(t)
  await cluster.claim('data', 'now')
  await cluster.volume('v', 'now', 'elsewhere')
  await cluster.bound('data', 'v')
  await cluster.pod('p', 'data')
  await settle()
  assert.match(cluster.message('p'), /: 2 node\(s\) didn't match PersistentVolume's node affinity\./)
})

it('reserves a free volume on the chosen node and binds the pod once the claim is bound', async t => {
  const cluster = await setUp(t)
  await cluster.storageClass('local', 'WaitForFirstConsumer', 'kubernetes.io/no-provisioner')
  await cluster.claim('one', 'local')
  await cluster.claim('two', 'local')
  await cluster.volume('large', 'local', 'b', '5Gi')
  await cluster.volume('small', 'local', 'b', '2Gi')
  await cluster.pod('p', 'one')
  await settle()
  assert.equal(cluster.peekVolume('small').spec.claimRef?.name, 'one')
  assert.equal(cluster.nodeOf('p'), undefined, 'its claim is not bound yet')
  await cluster.pod('q', 'two')
  await settle()
  assert.equal(cluster.peekVolume('large').spec.claimRef?.name, 'two', 'a volume is given once')
  await cluster.bound('one', 'small')
  await settle()
  assert.equal(cluster.nodeOf('p'), 'b')
  assert.equal(cluster.nodeOf('q'), undefined)
})

it('says that no volume suits where none can be made', async t => {
  const cluster = await setUp(t)
  await cluster.storageClass('local', 'WaitForFirstConsumer', 'kubernetes.io/no-provisioner')
  await cluster.claim('data', 'local', { resources: { requests: { storage: '9Gi' } } })
  await cluster.volume('small', 'local', 'b')
  await cluster.pod('p', 'data')
  await settle()
  assert.match(cluster.message('p'), /: 2 node\(s\) didn't find available persistent volumes to bind\./)
  await cluster.volume('large', 'local', 'a', '10Gi')
  await cluster.clock.advance(1500)
  assert.equal(cluster.peekVolume('large').spec.claimRef?.name, 'data')
})

it('asks a driver for a volume on the chosen node, and chooses anew where the driver gives up', async t => {
  const cluster = await setUp(t)
  await cluster.storageClass('made', 'WaitForFirstConsumer', 'driver.example.com')
  await cluster.claim('data', 'made')
  await cluster.pod('p', 'data')
  await settle()
  const claim = cluster.peekClaim('data')
  const first = claim.metadata.annotations?.[selectedNode]
  assert.ok(first === 'a' || first === 'b')
  const { [selectedNode]: _, ...annotations } = claim.metadata.annotations ?? {}
  await cluster.user.of(PersistentVolumeClaim).update({ ...claim, metadata: { ...claim.metadata, annotations } })
  await settle()
  assert.match(cluster.message('p'), /running PreBind plugin "VolumeBinding": provisioning failed for PVC "data"/)
  await cluster.clock.advance(1500)
  const second = cluster.peekClaim('data').metadata.annotations?.[selectedNode]
  assert.ok(second)
  await cluster.volume('made-v', 'made', second)
  await cluster.bound('data', 'made-v')
  await settle()
  assert.equal(cluster.nodeOf('p'), second)
})

it('binds the pod also where it hears of the claim before its volume', async t => {
  const cluster = await setUp(t)
  await cluster.storageClass('made', 'WaitForFirstConsumer', 'driver.example.com')
  await cluster.claim('data', 'made')
  await cluster.pod('p', 'data')
  await settle()
  const node = cluster.peekClaim('data').metadata.annotations?.[selectedNode]
  assert.ok(node)
  await cluster.bound('data', 'made-v')
  await settle()
  assert.equal(cluster.nodeOf('p'), undefined, 'whether the node reaches the volume is not known yet')
  await cluster.volume('made-v', 'made', node)
  await settle()
  assert.equal(cluster.nodeOf('p'), node)
})

it('lets one pod alone use a claim for one pod', async t => {
  const cluster = await setUp(t)
  await cluster.claim('data', 'now', { accessModes: ['ReadWriteOncePod'] })
  await cluster.volume('v', 'now', 'a')
  await cluster.bound('data', 'v')
  await cluster.pod('p', 'data')
  await settle()
  assert.equal(cluster.nodeOf('p'), 'a')
  await cluster.pod('q', 'data')
  await settle()
  assert.match(
    cluster.message('q'),
    /PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod/,
  )
  await cluster.user.of(Pod).delete('default', 'p', { gracePeriodSeconds: 0 })
  await cluster.clock.advance(1500)
  assert.equal(cluster.nodeOf('q'), 'a')
})
