/** Volumes of a CSI driver on a node with real containers; the driver is in this process. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Node } from '../../api/core/v1/node.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { CSIDriver } from '../../api/storage/v1/csi-driver.ts'
import { CSINode } from '../../api/storage/v1/csi-node.ts'
import { VolumeAttachment } from '../../api/storage/v1/volume-attachment.ts'
import { attachmentName, uniqueVolumeName } from '../../machinery/volume-attachments.ts'
import { NodeHarness, script, testNodeName } from '../testing/node-harness.ts'
import { FakeDriver, fakeDriverName } from './testing/fake-driver.ts'

const node = new NodeHarness()
const data = mkdtempSync(join(tmpdir(), 'clipper-csi-'))
let driver: FakeDriver

const until = async (what: () => unknown): Promise<void> => {
  while (!what()) await new Promise(resolve => setTimeout(resolve, 20))
}

before(async () => {
  await node.start()
  driver = new FakeDriver(join(node.directory, 'kubelet', 'plugins_registry'), data)
  await driver.start()
  await until(() => driver.registered)
})
after(async () => {
  await driver.stop()
  await node.close()
  rmSync(data, { recursive: true })
})

const mounted = (text: string) => ({ ...script('main', text), volumeMounts: [{ name: 'data', mountPath: '/data' }] })
const succeeded = (pod: Pod) => pod.status.phase === 'Succeeded'

test('a driver that registers is told of in the CSINode and the labels of the node', () => {
  assert.deepEqual(node.transport.peek(CSINode, '', testNodeName)?.spec.drivers, [
    { name: fakeDriverName, nodeID: 'fake-id', topologyKeys: ['example.com/zone'], allocatable: { count: 7 } },
  ])
  assert.equal(node.transport.peek(Node, '', testNodeName)?.metadata.labels?.['example.com/zone'], 'z')
})

test('a claim is staged and published once attached, and taken back when the pod goes', async () => {
  const claim = await node.client.of(PersistentVolumeClaim).create('default', {
    metadata: { name: 'claim' },
    spec: { volumeName: 'pv', resources: {} },
    status: { phase: 'Bound' },
  })
  await node.client.of(PersistentVolume).create('', {
    metadata: { name: 'pv' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      csi: { driver: fakeDriverName, volumeHandle: 'v1', fsType: 'ext4', volumeAttributes: { colour: 'red' } },
      claimRef: { namespace: 'default', name: 'claim', uid: claim.metadata.uid },
    },
    status: { phase: 'Bound' },
  })
  let inUse: readonly string[] = []
  driver.onPublish = () => {
    inUse = node.transport.peek(Node, '', testNodeName)?.status.volumesInUse ?? []
  }
  await node.createPod('writer', {
    restartPolicy: 'Never',
    securityContext: { runAsUser: 1001, fsGroup: 4321 },
    containers: [mounted('echo written > /data/file')],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'claim' } }],
  })
  await node.client.of(VolumeAttachment).create('', {
    metadata: { name: attachmentName('v1', fakeDriverName, testNodeName) },
    spec: { attacher: fakeDriverName, nodeName: testNodeName, source: { persistentVolumeName: 'pv' } },
    status: { attached: true, attachmentMetadata: { device: '/dev/x' } },
  })
  await node.until('writer', succeeded)
  assert.equal(readFileSync(join(data, 'v1', 'file'), 'utf8'), 'written\n')
  const { uid } = node.pod('writer')!.metadata
  await node.client.of(Pod).delete('default', 'writer', { gracePeriodSeconds: 0 })
  await until(() => !existsSync(join(node.directory, 'kubelet', 'pods', uid)))
  assert.deepEqual(driver.calls.splice(0), ['stage v1 {"device":"/dev/x"}', 'publish v1', 'unpublish v1', 'unstage v1'])
  const [published] = driver.published.splice(0)
  assert.deepEqual(inUse, [uniqueVolumeName(fakeDriverName, 'v1')], 'what the node does not name may be detached')
  assert.deepEqual(published?.volumeContext, { colour: 'red' })
  assert.deepEqual(published?.volumeCapability, { accessMode: { mode: 1 }, mount: { fsType: 'ext4' } })
  assert.ok(existsSync(join(data, 'v1', 'file')))
})

test('a volume of the pod itself is published with what the driver wants to know of the pod', async () => {
  await node.client.of(CSIDriver).create('', {
    metadata: { name: fakeDriverName },
    spec: { podInfoOnMount: true, volumeLifecycleModes: ['Ephemeral', 'Persistent'] },
  })
  await node.createPod('inline', {
    restartPolicy: 'Never',
    containers: [mounted('touch /data/file')],
    volumes: [{ name: 'data', csi: { driver: fakeDriverName } }],
  })
  await node.until('inline', succeeded)
  const { uid } = node.pod('inline')!.metadata
  await node.client.of(Pod).delete('default', 'inline', { gracePeriodSeconds: 0 })
  await until(() => !existsSync(join(node.directory, 'kubelet', 'pods', uid)))
  const context = driver.published.at(-1)?.volumeContext as Record<string, string>
  assert.equal(context['csi.storage.k8s.io/pod.name'], 'inline')
  assert.equal(context['csi.storage.k8s.io/ephemeral'], 'true')
  assert.ok(!driver.calls.some(call => call.startsWith('stage')))
})
