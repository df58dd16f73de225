import assert from 'node:assert/strict'
import test from 'node:test'
import { Deployment } from '../../api/apps/v1/deployment.ts'
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { ManagedFieldsEntry } from '../../api/meta/v1/object-meta.ts'
import type { Kind } from '../../schema/kind.ts'
import { updateManagedFields } from './managed-fields.ts'

interface Shaped {
  metadata: { managedFields?: ManagedFieldsEntry[]; [name: string]: unknown }
  [name: string]: unknown
}
const update = (
  kind: Kind,
  live: Shaped | undefined,
  updated: object,
  manager: string,
  time = 1,
  subresource = '',
): Shaped =>
  updateManagedFields({
    kind,
    live,
    updated: updated as Shaped,
    manager,
    timeIso: `2026-01-01T00:00:${String(time).padStart(2, '0')}Z`,
    subresource,
    operation: 'Update',
  })
const entriesOf = (object: Shaped): ManagedFieldsEntry[] => object.metadata.managedFields ?? []

// As `kubectl create deployment web --image=nginx` leaves it on a stock server.
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default', uid: 'u', generation: 1, labels: { app: 'web' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [{ name: 'nginx', image: 'nginx', resources: {}, ports: [{ containerPort: 80, protocol: 'TCP' }] }],
        securityContext: {},
        restartPolicy: 'Always',
      },
    },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
  },
  status: {},
}

test('a create owns every field that it sets, in the form of FieldsV1', () => {
  const [entry, ...others] = entriesOf(update(Deployment, undefined, deployment, 'kubectl-create'))
  assert.equal(others.length, 0)
  assert.equal(
    JSON.stringify(entry),
    JSON.stringify({
      manager: 'kubectl-create',
      operation: 'Update',
      apiVersion: 'apps/v1',
      time: '2026-01-01T00:00:01Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} }, 'f:type': {} },
          'f:template': {
            'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"nginx"}': {
                  '.': {},
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    '.': {},
                    'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                  },
                  'f:resources': {},
                },
              },
              'f:restartPolicy': {},
              'f:securityContext': {},
            },
          },
        },
      },
    }),
  )
})

test('an update takes what it changes from its owner, and keeps the rest', () => {
  const live = update(Deployment, undefined, deployment, 'creator')
  const scaled = update(Deployment, live, { ...live, spec: { ...deployment.spec, replicas: 3 } }, 'scaler', 2)
  const [creator, scaler] = entriesOf(scaled)
  assert.deepEqual([creator?.manager, creator?.time], ['creator', '2026-01-01T00:00:01Z'])
  assert.equal(creator?.fieldsV1?.['f:spec'] && 'f:replicas' in (creator.fieldsV1['f:spec'] as object), false)
  assert.deepEqual(scaler?.fieldsV1, { 'f:spec': { 'f:replicas': {} } })
})

test('an update that changes nothing keeps entries and time stamps', () => {
  const live = update(Deployment, undefined, deployment, 'creator')
  assert.equal(update(Deployment, live, structuredClone(live), 'other', 9).metadata.managedFields?.length, 1)
  const again = update(Deployment, live, structuredClone(live), 'creator', 9)
  assert.deepEqual(again, live)
})

test('what is removed has no owner any more', () => {
  const live = update(ConfigMap, undefined, { metadata: { name: 'c' }, data: { a: '1', b: '2' } }, 'one')
  const next = update(ConfigMap, live, { ...live, data: { a: '1' } }, 'two', 2)
  assert.deepEqual(
    entriesOf(next).map(entry => [entry.manager, entry.fieldsV1]),
    [['one', { 'f:data': { '.': {}, 'f:a': {} } }]],
  )
})

test('endpoints own their own part: the object no status, the status no spec', () => {
  const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }] }, status: { phase: 'Pending' } }
  const live = update(Pod, undefined, pod, 'creator')
  assert.equal('f:status' in entriesOf(live)[0]!.fieldsV1!, false)
  const changed = { ...live, spec: { containers: [] }, status: { phase: 'Running' } }
  const entries = entriesOf(update(Pod, live, changed, 'kubelet', 2, 'status'))
  const kubelet = entries.find(entry => entry.manager === 'kubelet')
  assert.deepEqual(kubelet?.fieldsV1, { 'f:status': { 'f:phase': {} } })
  assert.equal(kubelet?.subresource, 'status')
  assert.deepEqual(entries.find(entry => entry.manager === 'creator')?.fieldsV1, entriesOf(live)[0]!.fieldsV1)
})

test('sets and lists by key name their items', () => {
  const metadata = {
    name: 'c',
    finalizers: ['x/y'],
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' }],
  }
  assert.deepEqual(entriesOf(update(ConfigMap, undefined, { metadata }, 'm'))[0]?.fieldsV1, {
    'f:metadata': {
      'f:finalizers': { '.': {}, 'v:"x/y"': {} },
      'f:ownerReferences': { '.': {}, 'k:{"uid":"u"}': {} },
    },
  })
})

test('a member declared granular is merged by member, although its message is atomic elsewhere', () => {
  const spec = { claimRef: { name: 'c', namespace: 'd' } }
  const entries = entriesOf(update(PersistentVolume, undefined, { metadata: { name: 'v' }, spec }, 'm'))
  assert.deepEqual(entries[0]?.fieldsV1, {
    'f:spec': { 'f:claimRef': { '.': {}, 'f:name': {}, 'f:namespace': {} } },
  })
})

test('a client may reset managedFields, or send others, but not garbage', () => {
  const live = update(ConfigMap, undefined, { metadata: { name: 'c' }, data: { a: '1' } }, 'one')
  const send = (managedFields: unknown): ManagedFieldsEntry[] =>
    entriesOf(update(ConfigMap, live, { ...live, metadata: { ...live.metadata, managedFields } }, 'two', 2))
  assert.deepEqual(send([]), [])
  assert.deepEqual(send([{}]), [])
  assert.deepEqual(send(undefined), entriesOf(live))
  assert.deepEqual(send([{ manager: 'x', operation: 'Nothing' }]), entriesOf(live))
  const garbage = { manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { a: 'b' } }
  assert.deepEqual(send([garbage]), entriesOf(live))
  const other = { ...garbage, operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } } }
  assert.deepEqual(send([other]), [other])
})

test('the oldest of more than ten updaters become ancient-changes', () => {
  let live = update(ConfigMap, undefined, { metadata: { name: 'c' }, data: { k0: '' } }, 'm0', 0)
  for (let i = 1; i < 14; i++) {
    live = update(ConfigMap, live, { ...live, data: { ...(live.data as object), [`k${i}`]: '' } }, `m${i}`, i)
  }
  const entries = entriesOf(live)
  assert.equal(entries.length, 10)
  assert.equal(entries[0]?.manager, 'ancient-changes')
  assert.deepEqual(Object.keys(entries[0]?.fieldsV1?.['f:data'] as object), [
    '.',
    'f:k0',
    'f:k1',
    'f:k2',
    'f:k3',
    'f:k4',
  ])
  assert.equal(entries[0]?.time, '2026-01-01T00:00:04Z')
  assert.deepEqual(
    entries.slice(1).map(entry => entry.manager),
    ['m5', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11', 'm12', 'm13'],
  )
})

test('an object whose fields nobody owns stays so when it is updated', () => {
  const live = { metadata: { name: 'w', uid: 'u' }, spec: { replicas: 1 } }
  const updated = updateManagedFields({
    kind: Deployment,
    live,
    updated: { ...live, spec: { replicas: 2 } },
    manager: 'one',
    timeIso: '2026-01-02T03:04:05Z',
    subresource: '',
    operation: 'Update',
  })
  assert.equal('managedFields' in updated.metadata, false)
})
