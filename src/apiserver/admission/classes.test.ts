import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { RuntimeClass } from '../../api/node/v1/runtime-class.ts'
import { StorageClass } from '../../api/storage/v1/storage-class.ts'
import { MemoryReader } from '../authorization/testing/memory-reader.ts'
import type { AdmissionAttributes } from './admission.ts'
import { PersistentVolumeClaimResize } from './claim-resize.ts'
import { DefaultStorageClass } from './default-classes.ts'
import { RuntimeClassAdmission } from './runtime-class.ts'
import { attributesOf } from './testing/attributes.ts'

const write = (resource: string, object: object, oldObject?: object): AdmissionAttributes =>
  attributesOf({
    operation: oldObject ? 'UPDATE' : 'CREATE',
    kind: resource === 'pods' ? Pod : PersistentVolumeClaim,
    resource,
    name: 'x',
    object,
    oldObject,
  })

test('a pod gets overhead, labels and tolerations of its runtime class', async () => {
  const reader = new MemoryReader()
  reader.put(RuntimeClass, {
    metadata: { name: 'vm' },
    handler: 'vm',
    overhead: { podFixed: { cpu: '250m' } },
    scheduling: { nodeSelector: { vm: 'yes' }, tolerations: [{ key: 'vm', operator: 'Exists' }] },
  })
  const plugin = new RuntimeClassAdmission(reader)
  const attributes = write('pods', {
    spec: { containers: [], runtimeClassName: 'vm', nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'vm' }] },
  })
  await plugin.admit(attributes)
  await plugin.validate(attributes)
  assert.deepEqual(attributes.object?.spec, {
    containers: [],
    runtimeClassName: 'vm',
    overhead: { cpu: '250m' },
    nodeSelector: { disk: 'ssd', vm: 'yes' },
    tolerations: [{ key: 'vm', operator: 'Exists' }],
  })
})

test('a pod is refused without its runtime class, or with an overhead of its own', async () => {
  const plugin = new RuntimeClassAdmission(new MemoryReader())
  await assert.rejects(plugin.admit(write('pods', { spec: { runtimeClassName: 'gone' } })), {
    message: 'pods "x" is forbidden: pod rejected: RuntimeClass "gone" not found',
  })
  await assert.rejects(plugin.validate(write('pods', { spec: { overhead: { cpu: '1' } } })), {
    message:
      'pods "x" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
  })
})

test('a claim without a class gets the youngest default', async () => {
  const reader = new MemoryReader()
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  reader.put(StorageClass, { metadata: { name: 'old', creationTimestamp: '2026-01-01T00:00:00Z', annotations } })
  reader.put(StorageClass, { metadata: { name: 'new', creationTimestamp: '2026-01-02T00:00:00Z', annotations } })
  reader.put(StorageClass, { metadata: { name: 'other', creationTimestamp: '2026-01-03T00:00:00Z' } })
  const plugin = new DefaultStorageClass(reader)
  const classOf = async (spec: object): Promise<unknown> => {
    const attributes = write('persistentvolumeclaims', { metadata: {}, spec })
    await plugin.admit(attributes)
    const { spec: made } = attributes.object as { spec: { storageClassName?: string } }
    return made.storageClassName
  }
  assert.equal(await classOf({}), 'new')
  assert.equal(await classOf({ storageClassName: '' }), '')
})

test('a claim grows where it is bound and its class allows it', async () => {
  const reader = new MemoryReader()
  reader.put(StorageClass, { metadata: { name: 'grows' }, allowVolumeExpansion: true })
  reader.put(StorageClass, { metadata: { name: 'stays' } })
  const plugin = new PersistentVolumeClaimResize(reader)
  const claim = (storageClassName: string, storage: string, phase = 'Bound') => ({
    metadata: {},
    spec: { storageClassName, resources: { requests: { storage } } },
    status: { phase },
  })
  const grow = async (storageClassName: string, phase?: string) =>
    plugin.validate(
      write('persistentvolumeclaims', claim(storageClassName, '2Gi'), claim(storageClassName, '1Gi', phase)),
    )
  await grow('grows')
  await assert.rejects(grow('grows', 'Pending'), /Only bound persistent volume claims can be expanded/)
  await assert.rejects(grow('stays'), /only dynamically provisioned pvc can be resized/)
})
