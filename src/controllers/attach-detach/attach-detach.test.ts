import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../api/core/v1/node.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { VolumeAttachment } from '../../api/storage/v1/volume-attachment.ts'
import { attachmentName, uniqueVolumeName } from '../../machinery/volume-attachments.ts'
import { TestCluster } from '../testing/cluster.ts'
import { type NodeAttachments, planNode } from './plan.ts'

const driver = 'd.example.com'
const nowMs = Date.parse('2026-01-01T01:00:00Z')

const volume = (name: string, accessModes = ['ReadWriteOnce']) =>
  ({
    metadata: { name },
    spec: { accessModes, csi: { driver, volumeHandle: `h-${name}` } },
  }) as unknown as PersistentVolume

const pod = (name: string, phase = 'Running') => ({ metadata: { name }, status: { phase } }) as unknown as Pod

const attachment = (name: string, node = 'a') =>
  ({
    metadata: { name: attachmentName(`h-${name}`, driver, node), uid: `uid-${name}` },
    spec: { attacher: driver, nodeName: node, source: { persistentVolumeName: name } },
  }) as unknown as VolumeAttachment

const node = (ready: string, inUse: readonly string[] = [], since = '2026-01-01T00:59:00Z') =>
  ({
    metadata: { name: 'a' },
    status: {
      volumesInUse: inUse.map(name => uniqueVolumeName(driver, `h-${name}`)),
      conditions: [{ type: 'Ready', status: ready, lastTransitionTime: since }],
    },
  }) as unknown as Node

function planned(state: Partial<NodeAttachments>): string[] {
  const plan = planNode({
    nodeName: 'a',
    node: node('True'),
    users: [],
    attachments: [],
    isElsewhere: () => false,
    isOwn: () => true,
    handleOf: name => `h-${name}`,
    nowMs,
    ...state,
  })
  return plan.steps.flat().map(action => {
    if (action.do === 'create') return `create ${(action.object as VolumeAttachment).spec.source.persistentVolumeName}`
    return action.do === 'event' ? action.message : `${action.do} ${'name' in action ? action.name : ''}`
  })
}

test('volumes of pods on the node are attached, once', () => {
  const users = [
    { pod: pod('p'), volumes: [volume('v')] },
    { pod: pod('q'), volumes: [volume('v'), volume('w')] },
    { pod: pod('over', 'Succeeded'), volumes: [volume('x')] },
  ]
  assert.deepEqual(planned({ users }), ['create v', 'create w'])
  assert.deepEqual(planned({ users, attachments: [attachment('v')] }), ['create w'])
  assert.deepEqual(planned({ users, node: undefined }), [])
})

test('a volume for one node is not attached to a second one', () => {
  const isElsewhere = () => true
  assert.deepEqual(planned({ users: [{ pod: pod('p'), volumes: [volume('v')] }], isElsewhere }), [
    'Multi-Attach error for volume "v" Volume is already exclusively attached to one node and can\'t be attached to another',
  ])
  const shared = [{ pod: pod('p'), volumes: [volume('v', ['ReadWriteMany'])] }]
  assert.deepEqual(planned({ users: shared, isElsewhere }), ['create v'])
})

test('what no pod uses is detached once the node has let go of it, or has been silent for long', () => {
  const attachments = [attachment('v')]
  const gone = `delete ${attachmentName('h-v', driver, 'a')}`
  assert.deepEqual(planned({ attachments }), [gone])
  assert.deepEqual(planned({ attachments, node: node('True', ['v']) }), [])
  assert.deepEqual(planned({ attachments, node: node('Unknown', ['v']) }), [])
  assert.deepEqual(planned({ attachments, node: node('Unknown', ['v'], '2026-01-01T00:50:00Z') }), [gone])
  assert.deepEqual(planned({ attachments, node: undefined }), [gone])
})

test('attachments that somebody else made are left alone', () => {
  assert.deepEqual(planned({ attachments: [attachment('v')], isOwn: () => false }), [])
})

test('a volume is attached also where its claim is seen bound after the pod has its node', async t => {
  const cluster = new TestCluster()
  t.after(() => cluster.stop())
  cluster.start({ choice: ['attachdetach-controller'] })
  const { client, transport } = cluster
  await client.of(Node).create('', { metadata: { name: 'a' } })
  await client.of(PersistentVolume).create('', {
    metadata: { name: 'v' },
    spec: { accessModes: ['ReadWriteOnce'], csi: { driver, volumeHandle: 'h-v' } },
  })
  const claims = client.of(PersistentVolumeClaim)
  const claim = await claims.create('web', {
    metadata: { name: 'c' },
    spec: { volumeName: 'v', resources: {} },
    status: { phase: 'Pending' },
  })
  cluster.kubelet = () => undefined
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }]
  const containers = [{ name: 'c', image: 'i' }]
  await client.of(Pod).create('web', { metadata: { name: 'p' }, spec: { nodeName: 'a', containers, volumes } })
  await cluster.run(1_000)
  assert.deepEqual(transport.peekAll(VolumeAttachment), [])
  await claims.updateStatus({ ...claim, status: { ...claim.status, phase: 'Bound' } })
  await cluster.until('it is attached', () => transport.peekAll(VolumeAttachment).length === 1)
  assert.equal(transport.peekAll(VolumeAttachment)[0]?.metadata.name, attachmentName('h-v', driver, 'a'))
})
