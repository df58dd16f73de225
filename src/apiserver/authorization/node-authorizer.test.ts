import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { Attributes } from './authorizer.ts'
import { NodeAuthorizer } from './node-authorizer.ts'
import { MemoryReader } from './testing/memory-reader.ts'

const user = (node: string) => ({ username: `system:node:${node}`, groups: ['system:nodes'] })

const ask = (
  node: string,
  verb: string,
  resource: string,
  name: string,
  rest: Partial<Attributes> = {},
): Attributes => ({
  user: user(node),
  verb,
  resourceRequest: true,
  group: '',
  version: 'v1',
  resource,
  subresource: '',
  namespace: 'web',
  name,
  path: '',
  ...rest,
})

const pod = (name: string, nodeName: string | undefined, annotations = {}) => ({
  metadata: { name, namespace: 'web', uid: `uid-${name}`, annotations },
  spec: {
    ...(nodeName === undefined ? {} : { nodeName }),
    serviceAccountName: 'bot',
    imagePullSecrets: [{ name: 'pull' }],
    containers: [
      {
        name: 'c',
        env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'env-secret', key: 'k' } } }],
        envFrom: [{ configMapRef: { name: 'env-map' } }],
      },
    ],
    initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 'init-secret' } }] }],
    volumes: [
      { name: 's', secret: { secretName: 'volume-secret' } },
      { name: 'd', persistentVolumeClaim: { claimName: 'claim' } },
      { name: 'e', ephemeral: {} },
      {
        name: 'p',
        projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }, { secret: { name: 'projected' } }] },
      },
    ],
  },
  status: {},
})

function world() {
  const reader = new MemoryReader()
  const nodes = new NodeAuthorizer(reader, [
    { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['services'] },
  ])
  const allows = async (attributes: Attributes) => (await nodes.authorize(attributes)).decision === 'allow'
  return { reader, nodes, allows }
}

test('a node reads what its pods refer to, and nothing else', async () => {
  const { reader, nodes, allows } = world()
  reader.put(Pod, pod('a', 'n1'))
  for (const name of ['pull', 'env-secret', 'init-secret', 'volume-secret', 'projected'])
    assert.ok(await allows(ask('n1', 'get', 'secrets', name)), name)
  for (const name of ['env-map', 'kube-root-ca.crt'])
    assert.ok(await allows(ask('n1', 'watch', 'configmaps', name)), name)
  assert.ok(await allows(ask('n1', 'get', 'persistentvolumeclaims', 'claim')))
  assert.ok(await allows(ask('n1', 'get', 'persistentvolumeclaims', 'a-e')))
  assert.ok(await allows(ask('n1', 'create', 'serviceaccounts', 'bot', { subresource: 'token' })))
  assert.ok(await allows(ask('n1', 'get', 'pods', 'a')))
  assert.ok(!(await allows(ask('n1', 'get', 'secrets', 'other'))))
  assert.ok(!(await allows(ask('n1', 'get', 'secrets', 'pull', { namespace: 'db' }))))
  assert.ok(!(await allows(ask('n1', 'update', 'secrets', 'pull'))))
  assert.ok(!(await allows(ask('n1', 'list', 'secrets', ''))))
  assert.deepEqual(await nodes.authorize(ask('n2', 'get', 'secrets', 'pull')), {
    decision: 'noOpinion',
    reason: "node: no relationship found between node 'n2' and this object",
  })
})

test('the relation lasts as long as one pod on the node has it', async () => {
  const { reader, allows } = world()
  const secret = ask('n1', 'get', 'secrets', 'pull')
  reader.put(Pod, pod('a', undefined))
  assert.ok(!(await allows(secret)))
  reader.put(Pod, pod('a', 'n1'))
  reader.put(Pod, pod('b', 'n1'))
  reader.put(Pod, pod('b', 'n1'))
  reader.delete(Pod, 'web', 'a')
  assert.ok(await allows(secret))
  reader.delete(Pod, 'web', 'b')
  assert.ok(!(await allows(secret)))
})

test('a mirror pod grants its node nothing', async () => {
  const { reader, allows } = world()
  reader.put(Pod, pod('static', 'n1', { 'kubernetes.io/config.mirror': 'x' }))
  assert.ok(!(await allows(ask('n1', 'get', 'secrets', 'pull'))))
  assert.ok(await allows(ask('n1', 'get', 'pods', 'static')))
})

test('a volume and its secrets are reached through the claim of a pod', async () => {
  const { reader, allows } = world()
  reader.put(Pod, pod('a', 'n1'))
  reader.put(PersistentVolume, {
    metadata: { name: 'pv' },
    spec: {
      claimRef: { namespace: 'web', name: 'claim' },
      csi: { nodeStageSecretRef: { name: 'stage', namespace: 'csi' } },
    },
  })
  assert.ok(await allows(ask('n1', 'get', 'persistentvolumes', 'pv', { namespace: '' })))
  assert.ok(await allows(ask('n1', 'get', 'secrets', 'stage', { namespace: 'csi' })))
  assert.ok(!(await allows(ask('n2', 'get', 'persistentvolumes', 'pv', { namespace: '' }))))
  reader.delete(PersistentVolume, '', 'pv')
  assert.ok(!(await allows(ask('n1', 'get', 'secrets', 'stage', { namespace: 'csi' }))))
})

test('a node reads its own Node and Lease only', async () => {
  const { nodes, allows } = world()
  const cluster = { namespace: '' }
  assert.ok(await allows(ask('n1', 'get', 'nodes', 'n1', cluster)))
  assert.ok(await allows(ask('n1', 'create', 'nodes', '', cluster)))
  assert.ok(await allows(ask('n1', 'patch', 'nodes', 'n1', { ...cluster, subresource: 'status' })))
  assert.equal(
    (await nodes.authorize(ask('n1', 'get', 'nodes', 'n2', cluster))).reason,
    "node: node 'n1' cannot read 'n2', only its own Node object",
  )
  const lease = { group: 'coordination.k8s.io', namespace: 'kube-node-lease' }
  assert.ok(await allows(ask('n1', 'update', 'leases', 'n1', lease)))
  assert.ok(!(await allows(ask('n1', 'update', 'leases', 'n2', lease))))
  assert.ok(!(await allows(ask('n1', 'get', 'leases', 'n1', { ...lease, namespace: 'kube-system' }))))
})

test('pods are listed by node alone', async () => {
  const { nodes, allows } = world()
  const fieldSelector = [{ key: 'spec.nodeName', operator: '=', values: ['n1'] }]
  assert.ok(await allows(ask('n1', 'list', 'pods', '', { namespace: '', fieldSelector })))
  assert.ok(!(await allows(ask('n2', 'list', 'pods', '', { namespace: '', fieldSelector }))))
  assert.equal(
    (await nodes.authorize(ask('n1', 'watch', 'pods', '', { namespace: '' }))).reason,
    'node: can only list/watch pods with spec.nodeName field selector',
  )
})

test('what is not divided by node follows the static rules; others than nodes get no opinion', async () => {
  const { nodes, allows } = world()
  assert.ok(await allows(ask('n1', 'list', 'services', '')))
  assert.ok(!(await allows(ask('n1', 'delete', 'services', 'x'))))
  const someone = { username: 'system:node:n1', groups: [] }
  assert.deepEqual(await nodes.authorize({ ...ask('n1', 'list', 'services', ''), user: someone }), {
    decision: 'noOpinion',
    reason: '',
  })
})
