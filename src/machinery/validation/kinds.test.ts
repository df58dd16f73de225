import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customKind } from '../custom/custom-kind.ts'
import { errorsOf } from './testing/errors-of.ts'
import { validateObject } from './validate.ts'

const template = (labels: object, more: object = {}) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image: 'i' }], ...more },
})

const deployment = (selector: object, labels: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  spec: { selector: { matchLabels: selector }, template: template(labels) },
})

test('the selector of a deployment matches its template and never changes', () => {
  assert.deepEqual(errorsOf(deployment({ a: 'b' }, { a: 'b' })), [])
  assert.deepEqual(errorsOf(deployment({ a: 'b' }, { a: 'c' })), [
    'spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`',
  ])
  assert.deepEqual(errorsOf(deployment({ a: 'c' }, { a: 'c' }), deployment({ a: 'b' }, { a: 'b' })), [
    'spec.selector: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable',
  ])
})

test('a daemon set and a stateful set', () => {
  const set = (kind: string, more: object = {}) => ({
    apiVersion: 'apps/v1',
    kind,
    spec: { selector: { matchLabels: { a: 'b' } }, template: template({ a: 'b' }), ...more },
  })
  assert.deepEqual(errorsOf(set('DaemonSet')), [])
  assert.deepEqual(errorsOf(set('StatefulSet')), [])
  const selector = { matchExpressions: [{ key: 'a', operator: 'In' }] }
  assert.deepEqual(errorsOf(set('DaemonSet', { selector })), [
    "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
  ])
  assert.deepEqual(errorsOf(set('StatefulSet', { serviceName: 's' }), set('StatefulSet')), [
    'spec.serviceName: Invalid value: "s": field is immutable',
  ])
  assert.deepEqual(errorsOf(set('StatefulSet', { updateStrategy: { type: 'Recreate' } })), [
    `spec.updateStrategy: Invalid value: {"type":"Recreate"}: must be 'RollingUpdate' or 'OnDelete'`,
  ])
})

test('a service needs ports, and names for several', () => {
  const service = (spec: object) => ({ apiVersion: 'v1', kind: 'Service', spec })
  assert.deepEqual(errorsOf(service({ ports: [{ port: 80 }] })), [])
  assert.deepEqual(errorsOf(service({})), ['spec.ports: Required value'])
  assert.deepEqual(errorsOf(service({ ports: [{ port: 80 }, { port: 0, name: 'b' }] })), [
    'spec.ports[0].name: Required value',
    'spec.ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.ports[1].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
  ])
  assert.deepEqual(errorsOf(service({ ports: [{ port: 80 }], clusterIPs: ['None'] })), [
    'spec.clusterIPs: Invalid value: ["None"]: must be empty when `clusterIP` is not specified',
  ])
  const at = (clusterIP: string) => service({ ports: [{ port: 80 }], clusterIP, clusterIPs: [clusterIP] })
  assert.deepEqual(errorsOf(at('10.0.0.2'), at('10.0.0.1')), [
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ])
})

test('config maps and secrets: keys, size and immutability', () => {
  const map = (more: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', ...more })
  assert.deepEqual(errorsOf(map({ data: { 'a/b': '' } })), [
    `data[a/b]: Invalid value: "a/b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
  ])
  assert.deepEqual(errorsOf(map({ immutable: true, data: { a: '2' } }), map({ immutable: true, data: { a: '1' } })), [
    'data: Forbidden: field is immutable when `immutable` is set',
  ])
  const secret = (type: string) => ({ apiVersion: 'v1', kind: 'Secret', type })
  assert.deepEqual(errorsOf(secret('kubernetes.io/tls')), [
    'data[tls.crt]: Required value',
    'data[tls.key]: Required value',
  ])
  assert.deepEqual(errorsOf(secret('a'), secret('b')), ['type: Invalid value: "a": field is immutable'])
})

test('jobs end, and cron jobs have a schedule', () => {
  const cron = (spec: object) => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    spec: { jobTemplate: { spec: { template: template({}, { restartPolicy: 'Never' }) } }, ...spec },
  })
  assert.deepEqual(errorsOf(cron({ schedule: '*/5 0-6 1,15 jan-mar MON' })), [])
  assert.deepEqual(errorsOf(cron({ schedule: '@every 1h30m', timeZone: 'Europe/Berlin' })), [])
  assert.deepEqual(errorsOf(cron({ schedule: 'soon', timeZone: 'Mars/Base' })), [
    'spec.schedule: Invalid value: "soon": expected exactly 5 fields, found 1: [soon]',
    'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base',
  ])
  const always = cron({ schedule: '@daily', jobTemplate: { spec: { template: template({}) } } })
  assert.deepEqual(errorsOf(always), [
    'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ])
  const selected = { spec: { selector: {}, template: template({}, { restartPolicy: 'Never' }) } }
  assert.deepEqual(errorsOf(cron({ schedule: '@daily', jobTemplate: selected })), [
    'spec.jobTemplate.spec.selector: Invalid value: {}: `selector` will be auto-generated',
  ])
})

test('the swap of a node', () => {
  const node = { apiVersion: 'v1', kind: 'Node', status: { nodeInfo: { swap: { capacity: -1 } } } }
  assert.deepEqual(errorsOf(node), ['metadata.nodeSwapStatus.capacity: Invalid value: -1: must be greater than zero'])
})

test('roles and bindings', () => {
  const binding = (name: string) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    roleRef: { kind: 'Role', name },
    subjects: [{ kind: 'User', name: 'u' }],
  })
  assert.deepEqual(errorsOf(binding('a')), [])
  assert.deepEqual(errorsOf(binding('b'), binding('a')), [
    'roleRef: Invalid value: {"kind":"Role","name":"b","apiGroup":"rbac.authorization.k8s.io"}: field is immutable',
  ])
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', rules: [{ verbs: [] }] }
  assert.deepEqual(errorsOf(role), [
    'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    'rules[0].resources: Required value: resource rules must supply at least one resource',
    'rules[0].verbs: Required value',
  ])
})

test('claims need an access mode and a size, and hardly change', () => {
  const claim = (spec: object) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec })
  const good = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  assert.deepEqual(errorsOf(claim(good)), [])
  assert.deepEqual(errorsOf(claim({})), [
    'spec.accessModes: Required value: at least 1 access mode is required',
    'spec.resources[storage]: Required value',
  ])
  assert.deepEqual(errorsOf(claim({ ...good, volumeName: 'v' }), claim(good)), [])
  // A class may be named once (KEP-3333).
  assert.deepEqual(errorsOf(claim({ ...good, storageClassName: 's' }), claim(good)), [])
  const classed = claim({ ...good, storageClassName: 's' })
  assert.equal(errorsOf(claim({ ...good, storageClassName: 't' }), classed).length, 1)
})

test('network policies, ingresses, disruption budgets, priorities and autoscalers', () => {
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    spec: { podSelector: {}, ingress: [{ from: [{}], ports: [{ port: 80, endPort: 70 }] }] },
  }
  assert.deepEqual(errorsOf(policy), [
    'spec.ingress[0].ports[0].endPort: Invalid value: 70: must be greater than or equal to `port`',
    'spec.ingress[0].from[0]: Required value: must specify a peer',
  ])
  const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', spec: {} }
  assert.deepEqual(errorsOf(ingress), [
    'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
  ])
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', spec: { minAvailable: '50', selector: {} } }
  assert.match(errorsOf(budget)[0]!, /^spec.minAvailable: Invalid value: "50": a valid percent string must be/)
  const priority = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', value: 2_000_000_000 }
  assert.deepEqual(errorsOf(priority), [
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ])
  const scaler = {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    spec: { minReplicas: 3, maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } },
  }
  assert.deepEqual(errorsOf(scaler), [
    'spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`',
  ])
})

test('the controller of an ingress class is a path below a domain', () => {
  const classOf = (controller: string) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    spec: { controller },
  })
  assert.deepEqual(errorsOf(classOf('example.com/a')), [])
  assert.deepEqual(errorsOf(classOf('example.com/a b')), [
    `spec.controller: Invalid value: "a b": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')`,
  ])
})

test('metadata: labels, annotations, owners and finalizers', () => {
  const map = (metadata: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata })
  const errors = errorsOf(map({ labels: { a: '-' }, finalizers: ['mine'], annotations: { big: 'x'.repeat(262144) } }))
  assert.equal(errors.length, 3)
  assert.match(errors[0]!, /^metadata.labels: Invalid value: "-": a valid label must be an empty string or/)
  assert.equal(errors[1], 'metadata.annotations: Too long: may not be more than 262144 bytes')
  assert.equal(
    errors[2],
    'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  )
  assert.deepEqual(errorsOf(map({ name: '' })), ['metadata.name: Required value: name or generateName is required'])
})

test('nodes and namespaces', () => {
  const node = (spec: object) => ({ apiVersion: 'v1', kind: 'Node', spec })
  assert.deepEqual(errorsOf(node({ taints: [{ key: 'a', effect: 'NoSchedule' }] })), [])
  assert.deepEqual(errorsOf(node({ podCIDRs: ['10.1.0.0/24'] }), node({ podCIDRs: ['10.0.0.0/24'] })), [
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  ])
  assert.deepEqual(errorsOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }), [])
})

test('metadata: an update looks at the prefix of names where upstream judges the whole object again', () => {
  const objectOf = (kind: string, apiVersion: string, generateName: string, rest: object = {}) => ({
    apiVersion,
    kind,
    metadata: { generateName },
    ...rest,
  })
  const map = errorsOf(objectOf('ConfigMap', 'v1', 'a/b'), objectOf('ConfigMap', 'v1', 'a'))
  assert.equal(map.length, 2)
  assert.equal(map[0], 'metadata.generateName: Invalid value: "a/b": may not contain \'/\'')
  assert.match(map[1]!, /^metadata.generateName: Invalid value: "a\/b": a lowercase RFC 1123 subdomain/)
  assert.deepEqual(
    errorsOf(objectOf('Lease', 'coordination.k8s.io/v1', 'B'), objectOf('Lease', 'coordination.k8s.io/v1', 'a')),
    [],
  )
})

test('a custom resource that is called like a kind of upstream keeps the rules of custom resources', () => {
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }
  const names = { plural: 'nodes', kind: 'Node' }
  const definition = { spec: { group: 'example.com', scope: 'Cluster', names, versions: [version] }, status: {} }
  const kind = customKind(definition as never, version as never)
  const named = (generateName: string) => ({ metadata: { name: 'x', generateName } })
  assert.deepEqual(validateObject(kind, named('B'), named('a'), ''), [])
})
