import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LimitRange } from '../../api/core/v1/limit-range.ts'
import { Namespace } from '../../api/core/v1/namespace.ts'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { ServiceAccount } from '../../api/core/v1/service-account.ts'
import { PriorityClass } from '../../api/scheduling/v1/priority-class.ts'
import { systemClock } from '../../base/clock.ts'
import { mastersAuthorizer } from '../authorization/authorizers.ts'
import { RbacAuthorizer } from '../authorization/rbac-authorizer.ts'
import { MemoryReader } from '../authorization/testing/memory-reader.ts'
import type { AdmissionAttributes } from './admission.ts'
import { defaultAdmissionPlugins } from './default-plugins.ts'
import { attributesOf } from './testing/attributes.ts'

const jane = { username: 'jane', groups: [] }
const kubelet = { username: 'system:node:n1', groups: ['system:nodes'] }

type Changes = Partial<Omit<AdmissionAttributes, 'object'>> & { object?: object | undefined }

const write = (changes: Changes): AdmissionAttributes => attributesOf({ user: jane, ...changes })

function world(options: { enable?: string[]; disable?: string[] } = {}) {
  const reader = new MemoryReader()
  reader.put(Namespace, { metadata: { name: 'web' }, spec: {}, status: { phase: 'Active' } })
  reader.put(ServiceAccount, { metadata: { name: 'default', namespace: 'web', uid: 'u' } })
  const plugins = defaultAdmissionPlugins({
    reader,
    writer: reader,
    clock: systemClock,
    authorizer: mastersAuthorizer,
    rbac: new RbacAuthorizer(reader),
    random: () => 0,
    ...options,
  })
  const run = async (attributes: AdmissionAttributes) => {
    for (const plugin of plugins) await plugin.admit?.(attributes)
    for (const plugin of plugins) await plugin.validate?.(attributes)
    return attributes.object as never
  }
  const only = async (name: string, attributes: AdmissionAttributes) =>
    plugins.find(plugin => plugin.name === name)?.admit?.(attributes)
  return { reader, plugins, run, only }
}

const podOf = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: 'p', namespace: 'web', ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
})

test('the plugins stand in upstream order, and flags switch them', () => {
  assert.deepEqual(
    world().plugins.map(({ name }) => name),
    [
      'NamespaceLifecycle',
      'LimitRanger',
      'ServiceAccount',
      'NodeRestriction',
      'TaintNodesByCondition',
      'PodSecurity',
      'Priority',
      'DefaultTolerationSeconds',
      'DefaultStorageClass',
      'StorageObjectInUseProtection',
      'PersistentVolumeClaimResize',
      'RuntimeClass',
      'CertificateApproval',
      'CertificateSigning',
      'ClusterTrustBundleAttest',
      'CertificateSubjectRestriction',
      'DefaultIngressClass',
      'PodTopologyLabels',
      'NodeDeclaredFeatureValidator',
      'PodResizeValidator',
      'MutatingAdmissionPolicy',
      'MutatingAdmissionWebhook',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionWebhook',
      'RBACEscalationCheck',
      'PodCertificateSigningCheck',
      'DeviceClaimAuthorization',
      'ResourceQuota',
    ],
  )
  const names = world({ enable: ['OwnerReferencesPermissionEnforcement'], disable: ['Priority'] }).plugins.map(
    p => p.name,
  )
  assert.ok(names.includes('OwnerReferencesPermissionEnforcement') && !names.includes('Priority'))
  assert.throws(() => world({ enable: ['Nonsense'] }), /unknown admission plugin "Nonsense"/)
})

test('a pod gets its account, token, priority and tolerations, and its draft stays as it was', async () => {
  const { run } = world()
  const draft = podOf()
  const copy = structuredClone(draft)
  const pod: Pod = await run(write({ object: draft }))
  assert.deepEqual(draft, copy)
  assert.equal(pod.spec.serviceAccountName, 'default')
  assert.equal(pod.spec.serviceAccount, 'default')
  assert.equal(pod.spec.priority, 0)
  assert.equal(pod.spec.preemptionPolicy, 'PreemptLowerPriority')
  assert.deepEqual(pod.spec.containers[0]?.volumeMounts, [
    { name: 'kube-api-access-bbbbb', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
  ])
  assert.deepEqual(pod.spec.volumes, [
    {
      name: 'kube-api-access-bbbbb',
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
        defaultMode: 420,
      },
    },
  ])
  assert.deepEqual(
    pod.spec.tolerations?.map(({ key, effect, tolerationSeconds }) => [key, effect, tolerationSeconds]),
    [
      ['node.kubernetes.io/not-ready', 'NoExecute', 300],
      ['node.kubernetes.io/unreachable', 'NoExecute', 300],
    ],
  )
})

test('the token is left out where pod or account say so, and where something else is mounted', async () => {
  const { reader, run } = world()
  reader.put(ServiceAccount, {
    metadata: { name: 'quiet', namespace: 'web', uid: 'q' },
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: 'pull' }],
  })
  const quiet: Pod = await run(write({ object: podOf({ serviceAccountName: 'quiet' }) }))
  assert.equal(quiet.spec.volumes, undefined)
  assert.deepEqual(quiet.spec.imagePullSecrets, [{ name: 'pull' }])
  const loud: Pod = await run(
    write({ object: podOf({ serviceAccountName: 'quiet', automountServiceAccountToken: true }) }),
  )
  assert.equal(loud.spec.volumes?.length, 1)
  const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
  const own: Pod = await run(
    write({ object: podOf({ containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath }] }] }) }),
  )
  assert.equal(own.spec.volumes, undefined)
  await assert.rejects(run(write({ object: podOf({ serviceAccountName: 'gone' }) })), {
    message: 'pods "p" is forbidden: error looking up service account web/gone: serviceaccount "gone" not found',
  })
})

test('nothing is made in a namespace that is missing or terminating, and system namespaces stay', async () => {
  const { reader, run } = world()
  await assert.rejects(run(write({ namespace: 'gone', object: podOf() })), {
    code: 404,
    message: 'namespaces "gone" not found',
  })
  reader.put(Namespace, { metadata: { name: 'web' }, spec: {}, status: { phase: 'Terminating' } })
  await assert.rejects(run(write({ object: podOf() })), error => {
    const { status, message } = error as { status: { details: { causes: { reason: string }[] } }; message: string }
    assert.equal(status.details.causes[0]?.reason, 'NamespaceTerminating')
    assert.match(message, /unable to create new content in namespace web because it is being terminated/)
    return true
  })
  await run(write({ operation: 'DELETE', name: 'p' }))
  const deletion = (name: string) =>
    run(write({ operation: 'DELETE', resource: 'namespaces', namespace: name, name, kind: Namespace }))
  await assert.rejects(deletion('kube-system'), /this namespace may not be deleted/)
  await deletion('web')
})

test('a PriorityClass becomes a number that clients may not choose', async () => {
  const { reader, run } = world()
  reader.put(PriorityClass, { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' })
  const high: Pod = await run(write({ object: podOf({ priorityClassName: 'high' }) }))
  assert.deepEqual([high.spec.priority, high.spec.preemptionPolicy], [1000, 'Never'])
  const critical: Pod = await run(write({ object: podOf({ priorityClassName: 'system-node-critical' }) }))
  assert.equal(critical.spec.priority, 2_000_001_000)
  await assert.rejects(
    run(write({ object: podOf({ priorityClassName: 'gone' }) })),
    /no PriorityClass with name gone was found/,
  )
  await assert.rejects(
    run(write({ object: podOf({ priority: 7 }) })),
    /integer value of priority \(7\) must not be provided/,
  )
  reader.put(PriorityClass, { metadata: { name: 'usual' }, value: 5, globalDefault: true })
  const usual: Pod = await run(write({ object: podOf() }))
  assert.deepEqual([usual.spec.priorityClassName, usual.spec.priority], ['usual', 5])
  const second = { metadata: { name: 'second' }, value: 6, globalDefault: true }
  await assert.rejects(
    run(write({ group: 'scheduling.k8s.io', resource: 'priorityclasses', namespace: '', object: second })),
    /usual is already marked as default/,
  )
})

test('a toleration of the client replaces the default one', async () => {
  const { run } = world()
  const tolerations = [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }]
  const pod: Pod = await run(write({ object: podOf({ tolerations }) }))
  assert.deepEqual(
    pod.spec.tolerations?.map(t => t.key),
    ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'],
  )
  const all: Pod = await run(write({ object: podOf({ tolerations: [{ operator: 'Exists' }] }) }))
  assert.equal(all.spec.tolerations?.length, 1)
})

test('a new node is tainted as not ready', async () => {
  const { run } = world()
  const node = await run(write({ resource: 'nodes', namespace: '', object: { metadata: { name: 'n1' }, spec: {} } }))
  assert.deepEqual((node as { spec: object }).spec, {
    taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }],
  })
})

test('a node writes its own Node and no reserved labels', async () => {
  const { only } = world()
  const node = (name: string, labels = {}, spec: object = {}) => ({ metadata: { name, labels }, spec })
  const restrict = (changes: Changes) =>
    only('NodeRestriction', write({ user: kubelet, resource: 'nodes', namespace: '', ...changes }))
  await restrict({ object: node('n1', { 'kubernetes.io/hostname': 'n1', mine: 'x' }) })
  await assert.rejects(async () => restrict({ object: node('n2') }), /node "n1" is not allowed to modify node "n2"/)
  await assert.rejects(
    async () => restrict({ object: node('n1', { 'node-restriction.kubernetes.io/team': 'x' }) }),
    /not allowed to set the following labels: node-restriction.kubernetes.io\/team/,
  )
  const update = (object: object) => restrict({ operation: 'UPDATE', name: 'n1', object, oldObject: node('n1') })
  await update(node('n1', { mine: 'x' }))
  await assert.rejects(
    async () => update(node('n1', { 'node-role.kubernetes.io/control-plane': '' })),
    /is not allowed to modify labels/,
  )
  await assert.rejects(async () => update(node('n1', {}, { taints: [{ key: 'a' }] })), /not allowed to modify taints/)
})

test('a node deletes, updates and takes tokens for its own pods only', async () => {
  const { reader, only } = world()
  const pod = (name: string, nodeName: string) => ({
    metadata: { name, namespace: 'web', uid: `uid-${name}` },
    spec: { nodeName, containers: [] },
  })
  reader.put(Pod, pod('mine', 'n1'))
  reader.put(Pod, pod('other', 'n2'))
  const restrict = (changes: Changes) => only('NodeRestriction', write({ user: kubelet, ...changes }))
  await restrict({ operation: 'DELETE', name: 'mine' })
  await assert.rejects(
    async () => restrict({ operation: 'DELETE', name: 'other' }),
    /can only delete pods with spec.nodeName/,
  )
  await restrict({ subresource: 'eviction', name: 'mine', object: {} })
  const token = (boundObjectRef?: object) =>
    restrict({
      resource: 'serviceaccounts',
      subresource: 'token',
      name: 'default',
      object: { spec: { boundObjectRef } },
    })
  await token({ apiVersion: 'v1', kind: 'Pod', name: 'mine', uid: 'uid-mine' })
  await assert.rejects(async () => token(), /token not bound to a pod/)
  await assert.rejects(
    async () => token({ apiVersion: 'v1', kind: 'Pod', name: 'other', uid: 'uid-other' }),
    /different node/,
  )
  const update = (oldObject: object, labels = {}) =>
    restrict({ operation: 'UPDATE', subresource: 'status', object: { metadata: { labels } }, oldObject } as Changes)
  await update(pod('mine', 'n1'))
  await assert.rejects(async () => update(pod('other', 'n2')), /can only update pod status/)
  await assert.rejects(async () => update(pod('mine', 'n1'), { a: 'b' }), /cannot update labels through pod status/)
})

test('a node makes mirror pods that refer to nothing', async () => {
  const { only } = world()
  const restrict = (object: object) => only('NodeRestriction', write({ user: kubelet, object }))
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u', controller: true }
  const metadata = { annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [owner] }
  await restrict(podOf({ nodeName: 'n1' }, metadata))
  await assert.rejects(async () => restrict(podOf({ nodeName: 'n1' })), /can only create mirror pods/)
  await assert.rejects(async () => restrict(podOf({ nodeName: 'n2' }, metadata)), /spec.nodeName set to itself/)
  await assert.rejects(
    async () => restrict(podOf({ nodeName: 'n1', volumes: [{ name: 'v', secret: { secretName: 's' } }] }, metadata)),
    /can not create pods that reference secrets/,
  )
})

test('limit ranges fill in what is missing and refuse what is too much', async () => {
  const { reader, run } = world()
  reader.put(LimitRange, {
    metadata: { name: 'l', namespace: 'web' },
    spec: {
      limits: [
        { type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '100m' }, max: { cpu: '1' } },
        { type: 'Pod', max: { cpu: '1500m' } },
      ],
    },
  })
  const pod: Pod = await run(write({ object: podOf() }))
  assert.deepEqual(pod.spec.containers[0]?.resources, { limits: { cpu: '500m' }, requests: { cpu: '100m' } })
  assert.equal(
    pod.metadata.annotations?.['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
  )
  const container = (cpu: string, name = 'c') => ({ name, image: 'i', resources: { limits: { cpu } } })
  await assert.rejects(
    run(write({ object: podOf({ containers: [container('2')] }) })),
    /maximum cpu usage per Container is 1, but limit is 2/,
  )
  await assert.rejects(
    run(write({ object: podOf({ containers: [container('1'), container('1', 'd')] }) })),
    /maximum cpu usage per Pod is 1500m, but limit is 2/,
  )
  const sidecar = { ...container('1', 's'), restartPolicy: 'Always' }
  await assert.rejects(
    run(write({ object: podOf({ containers: [container('1')], initContainers: [sidecar] }) })),
    /maximum cpu usage per Pod is 1500m, but limit is 2/,
  )
  await assert.rejects(
    run(write({ object: podOf({ containers: [container('1')], resources: { limits: { cpu: '3' } } }) })),
    /maximum cpu usage per Pod is 1500m, but limit is 3/,
  )
  const resized = podOf({ containers: [container('2')] })
  await assert.rejects(
    run(write({ operation: 'UPDATE', subresource: 'resize', name: 'p', object: resized, oldObject: podOf() as never })),
    /maximum cpu usage per Container is 1, but limit is 2/,
  )
})

test('volumes and claims get their protecting finalizer once', async () => {
  const { run } = world()
  const claim = { metadata: { name: 'c', finalizers: ['kubernetes.io/pvc-protection'] }, spec: {} }
  const made = (await run(write({ resource: 'persistentvolumeclaims', object: claim }))) as typeof claim
  assert.deepEqual(made.metadata.finalizers, ['kubernetes.io/pvc-protection'])
  const volume = { metadata: { name: 'v' }, spec: {} }
  const kept = (await run(write({ resource: 'persistentvolumes', namespace: '', object: volume }))) as typeof claim
  assert.deepEqual(kept.metadata.finalizers, ['kubernetes.io/pv-protection'])
})

test('a node asks for certificates of the pods it runs, and as nobody else', async () => {
  const { reader, only } = world()
  reader.put(Node, { metadata: { name: 'n1', uid: 'node-uid' } })
  const sources = [{ podCertificate: { signerName: 'example.com/s', keyType: 'ED25519' } }]
  const spec = {
    nodeName: 'n1',
    containers: [],
    serviceAccountName: 'default',
    volumes: [{ name: 'v', projected: { sources } }],
  }
  reader.put(Pod, { metadata: { name: 'p', namespace: 'web', uid: 'pod-uid' }, spec })
  const asked = {
    signerName: 'example.com/s',
    podName: 'p',
    podUID: 'pod-uid',
    serviceAccountName: 'default',
    serviceAccountUID: 'u',
    nodeName: 'n1',
    nodeUID: 'node-uid',
  }
  const request = async (changes: object) =>
    only(
      'NodeRestriction',
      write({
        user: kubelet,
        group: 'certificates.k8s.io',
        resource: 'podcertificaterequests',
        object: { metadata: {}, spec: { ...asked, ...changes } },
      }),
    )
  await request({})
  await assert.rejects(request({ nodeName: 'n2' }), /which is not the requesting node "n1"/)
  await assert.rejects(request({ nodeUID: 'x' }), /inconsistent with the running node/)
  await assert.rejects(request({ podName: 'q' }), /pod not found/)
  await assert.rejects(request({ podUID: 'x' }), /differs from running pod/)
  await assert.rejects(request({ serviceAccountName: 'x' }), /contains serviceAccountName \("x"\) that differs/)
  await assert.rejects(request({ serviceAccountUID: 'x' }), /differs from the running service account/)
  await assert.rejects(request({ signerName: 'example.com/t' }), /does not mount a podCertificate projected volume/)
})
