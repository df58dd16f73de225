/** Claims on a node with real containers. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Event } from '../../api/core/v1/event.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { Draft } from '../../schema/message.ts'
import { NodeHarness, script } from '../testing/node-harness.ts'

const node = new NodeHarness()
const data = mkdtempSync(join(tmpdir(), 'clipper-volumes-'))
before(() => node.start())
after(async () => {
  await node.close()
  rmSync(data, { recursive: true })
})

/** A claim and its volume, bound as the controller binds them. */
async function boundPair(name: string, spec: Draft<PersistentVolume['spec']>): Promise<void> {
  const claim = await node.client.of(PersistentVolumeClaim).create('default', {
    metadata: { name, annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    spec: { volumeName: `pv-${name}`, resources: {} },
    status: { phase: 'Bound' },
  })
  await node.client.of(PersistentVolume).create('', {
    metadata: { name: `pv-${name}` },
    spec: { ...spec, claimRef: { namespace: 'default', name, uid: claim.metadata.uid } },
    status: { phase: 'Bound' },
  })
}

const volumeOf = (claimName: string, readOnly = false) => [
  { name: 'data', persistentVolumeClaim: { claimName, readOnly } },
]
const mounted = (text: string) => ({ ...script('main', text), volumeMounts: [{ name: 'data', mountPath: '/data' }] })
const succeeded = (pod: Pod) => pod.status.phase === 'Succeeded'
const messages = () => node.transport.peekAll(Event).map(({ message }) => message ?? '')

async function remove(name: string): Promise<void> {
  await node.client.of(Pod).delete('default', name, { gracePeriodSeconds: 0 })
  await node.untilGone(name)
}

test('a claim of a directory keeps its files when the pod goes, and gives them to the fsGroup', async () => {
  const path = join(data, 'local')
  mkdirSync(path)
  writeFileSync(join(path, 'before'), 'here', { mode: 0o600 })
  await boundPair('local', { local: { path } })
  await node.createPod('writer', {
    restartPolicy: 'Never',
    securityContext: { runAsUser: 1001, fsGroup: 4321 },
    containers: [mounted('cat /data/before && echo written > /data/after')],
    volumes: volumeOf('local'),
  })
  await node.until('writer', succeeded)
  const { uid } = node.pod('writer')!.metadata
  await remove('writer')
  while (existsSync(join(node.directory, 'kubelet', 'pods', uid))) await new Promise(resolve => setTimeout(resolve, 20))
  assert.equal(readFileSync(join(path, 'after'), 'utf8'), 'written\n')
  assert.equal(statSync(join(path, 'after')).gid, 4321)
})

test('a claim that the pod takes read-only cannot be written to', async () => {
  const path = join(data, 'read-only')
  mkdirSync(path)
  await boundPair('read-only', { hostPath: { path } })
  await node.createPod('reader', {
    restartPolicy: 'Never',
    containers: [mounted('! touch /data/file')],
    volumes: volumeOf('read-only', true),
  })
  await node.until('reader', succeeded)
  await remove('reader')
})

test('a pod waits for its claim to be bound, and says so', async () => {
  await node.client.of(PersistentVolumeClaim).create('default', {
    metadata: { name: 'free' },
    spec: { resources: {} },
    status: { phase: 'Pending' },
  })
  await node.createPod('waiting', {
    restartPolicy: 'Never',
    containers: [mounted('test -d /data')],
    volumes: volumeOf('free'),
  })
  while (!messages().some(text => text.includes('error processing PVC default/free: PVC is not bound')))
    await new Promise(resolve => setTimeout(resolve, 20))
  await node.client.of(PersistentVolumeClaim).delete('default', 'free')
  const path = join(data, 'free')
  mkdirSync(path)
  await boundPair('free', { local: { path } })
  await node.until('waiting', succeeded)
  await remove('waiting')
})

test('a volume that another has to mount is named in an event', async () => {
  await boundPair('foreign', { iscsi: { targetPortal: '127.0.0.1', iqn: 'iqn.2026-01.com.example:disk', lun: 0 } })
  await node.createPod('foreign', { containers: [mounted('true')], volumes: volumeOf('foreign') })
  while (!messages().some(text => text.includes('persistent volumes of type iscsi are not supported by this node')))
    await new Promise(resolve => setTimeout(resolve, 20))
  await remove('foreign')
})
