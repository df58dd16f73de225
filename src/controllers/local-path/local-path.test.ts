import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../api/core/v1/node.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { StorageClass } from '../../api/storage/v1/storage-class.ts'
import { localPathProvisioner, localPathVolumeName, volumesDirectoryAnnotation } from '../../machinery/local-path.ts'
import { TestCluster } from '../testing/cluster.ts'

const selectedNode = 'volume.kubernetes.io/selected-node'

async function started(t: { after(end: () => Promise<void>): void }) {
  const cluster = new TestCluster()
  t.after(() => cluster.stop())
  cluster.start({ choice: ['persistent-volume-binder', 'local-path-provisioner'] })
  const { client, transport } = cluster
  await client.of(StorageClass).create('', {
    metadata: { name: 'local-path' },
    provisioner: localPathProvisioner,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  })
  const addNode = (name: string, directory?: string) =>
    client.of(Node).create('', {
      metadata: {
        name,
        labels: { 'kubernetes.io/hostname': name },
        annotations: directory === undefined ? {} : { [volumesDirectoryAnnotation]: directory },
      },
    })
  await addNode('a', '/data/volumes')
  await addNode('stock')
  return {
    cluster,
    claim: (name: string, node: string, spec: object = {}) =>
      client.of(PersistentVolumeClaim).create('web', {
        metadata: { name, annotations: { [selectedNode]: node } },
        spec: {
          storageClassName: 'local-path',
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
          ...spec,
        },
      }),
    peek: (name: string) => transport.peek(PersistentVolumeClaim, 'web', name),
    volumes: () => transport.peekAll(PersistentVolume),
    async report(volumesInUse: string[]) {
      const node = await client.of(Node).get('', 'a')
      await client.of(Node).updateStatus({ ...node, status: { ...node.status, volumesInUse } })
    },
  }
}

test('a claim gets a directory of the node that its pod goes to, and is bound to it', async t => {
  const { cluster, claim, peek, volumes } = await started(t)
  await claim('c', 'a')
  await cluster.until('it is bound', () => peek('c')?.status?.phase === 'Bound')
  const [volume] = volumes()
  const name = `pvc-${peek('c')?.metadata.uid}`
  assert.equal(volume?.metadata.name, name)
  assert.equal(volume?.spec.local?.path, `/data/volumes/${name}`)
  assert.equal(volume?.spec.persistentVolumeReclaimPolicy, 'Delete')
  assert.deepEqual(volume?.spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values, ['a'])
})

test('a volume goes with its claim once the node has deleted the directory', async t => {
  const { cluster, claim, peek, volumes, report } = await started(t)
  await claim('c', 'a')
  await cluster.until('it is bound', () => peek('c')?.status?.phase === 'Bound')
  const name = volumes()[0]!.metadata.name
  await report([localPathVolumeName(name)])
  await cluster.client.of(PersistentVolumeClaim).delete('web', 'c')
  await cluster.until('it is released', () => volumes()[0]?.status.phase === 'Released')
  await cluster.run(1_000)
  assert.equal(volumes().length, 1, 'the directory is there still')
  await report([])
  await cluster.until('it is gone', () => volumes().length === 0)
})

test('a node without such directories is not for these claims, and neither are devices nor shared volumes', async t => {
  const { cluster, claim, peek, volumes } = await started(t)
  await claim('elsewhere', 'stock')
  await cluster.until('another node may be chosen', () => !peek('elsewhere')?.metadata.annotations?.[selectedNode])
  await claim('block', 'a', { volumeMode: 'Block' })
  await claim('shared', 'a', { accessModes: ['ReadWriteMany'] })
  await cluster.run(1_000)
  assert.deepEqual(volumes(), [])
})
