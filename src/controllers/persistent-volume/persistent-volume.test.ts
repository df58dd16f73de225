import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { TestCluster } from '../testing/cluster.ts'

const storage = (size: string) => ({ storage: size })

async function started() {
  const cluster = new TestCluster()
  cluster.start({ choice: ['persistent-volume-binder', 'pvc-protection-controller', 'pv-protection-controller'] })
  const volumes = cluster.client.of(PersistentVolume)
  const claims = cluster.client.of(PersistentVolumeClaim)
  const addVolume = (name: string, size: string, spec: object = {}) =>
    volumes.create('', {
      metadata: { name },
      spec: { capacity: storage(size), accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' }, ...spec },
    })
  const addClaim = (name: string, size: string, spec: object = {}) =>
    claims.create('web', {
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: storage(size) }, ...spec },
    })
  const volume = (name: string) =>
    cluster.transport.peekAll(PersistentVolume).find(({ metadata }) => metadata.name === name)
  const claim = (name: string) =>
    cluster.transport.peekAll(PersistentVolumeClaim).find(({ metadata }) => metadata.name === name)
  return { cluster, volumes, claims, addVolume, addClaim, volume, claim }
}

test('a claim gets the smallest volume that suits, and both say so', async () => {
  const { cluster, addVolume, addClaim, volume, claim } = await started()
  await addVolume('large', '5Gi')
  await addVolume('small', '1Gi')
  await addVolume('middle', '2Gi')
  await addClaim('c', '2Gi')
  await cluster.until(
    'both are bound',
    () => claim('c')?.status?.phase === 'Bound' && volume('middle')?.status?.phase === 'Bound',
  )
  assert.equal(claim('c')?.spec.volumeName, 'middle')
  assert.deepEqual(claim('c')?.status.capacity, storage('2Gi'))
  assert.equal(volume('middle')?.spec.claimRef?.name, 'c')
  await cluster.until('the others are free', () => volume('large')?.status?.phase === 'Available')
  await cluster.stop()
})

test('a claim waits until a volume comes', async () => {
  const { cluster, addVolume, addClaim, claim } = await started()
  await addClaim('c', '1Gi', { selector: { matchLabels: { disk: 'fast' } } })
  await cluster.until('it waits', () => claim('c')?.status?.phase === 'Pending')
  await addVolume('slow', '1Gi')
  await cluster.run(2000)
  assert.equal(claim('c')?.status.phase, 'Pending')
  await cluster.client.of(PersistentVolume).create('', {
    metadata: { name: 'fast', labels: { disk: 'fast' } },
    spec: { capacity: storage('1Gi'), accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } },
  })
  await cluster.until('it is bound', () => claim('c')?.status?.phase === 'Bound')
  assert.equal(claim('c')?.spec.volumeName, 'fast')
  await cluster.stop()
})

test('two claims never get one volume', async () => {
  const { cluster, addVolume, addClaim, claim } = await started()
  await addClaim('a', '1Gi')
  await addClaim('b', '1Gi')
  await addVolume('v', '1Gi')
  const phases = () => [claim('a')?.status?.phase, claim('b')?.status?.phase].sort()
  await cluster.until('one is bound', () => phases().includes('Bound'))
  await cluster.run(3000)
  assert.deepEqual(phases(), ['Bound', 'Pending'])
  await cluster.stop()
})

test('a volume is released when its claim goes, and goes itself only then', async () => {
  const { cluster, volumes, claims, addVolume, addClaim, volume, claim } = await started()
  await addVolume('v', '1Gi')
  await addClaim('c', '1Gi')
  await cluster.until(
    'both are bound',
    () => claim('c')?.status?.phase === 'Bound' && volume('v')?.status?.phase === 'Bound',
  )
  await cluster.until('both are protected', () =>
    Boolean(claim('c')?.metadata.finalizers && volume('v')?.metadata.finalizers),
  )
  await volumes.delete('', 'v')
  await cluster.run(2000)
  assert.ok(volume('v')?.metadata.deletionTimestamp)
  await claims.delete('web', 'c')
  await cluster.until('both are gone', () => claim('c') === undefined && volume('v') === undefined)
  await cluster.stop()
})

test('a claim stays while a pod on a node uses it', async () => {
  const { cluster, claims, addVolume, addClaim, claim } = await started()
  await addVolume('v', '1Gi')
  await addClaim('c', '1Gi')
  const claimVolume = { name: 'd', persistentVolumeClaim: { claimName: 'c' } }
  await cluster.client.of(Pod).create('web', {
    metadata: { name: 'p' },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }], volumes: [claimVolume] },
  })
  await cluster.until('it is bound', () => claim('c')?.status?.phase === 'Bound')
  await cluster.until('it is in use', () => claim('c')?.status?.conditions?.[0]?.status === 'False')
  await claims.delete('web', 'c')
  await cluster.run(2000)
  assert.ok(claim('c')?.metadata.deletionTimestamp)
  await cluster.client.of(Pod).delete('web', 'p', { gracePeriodSeconds: 0 })
  await cluster.until('it is gone', () => claim('c') === undefined)
  await cluster.stop()
})
