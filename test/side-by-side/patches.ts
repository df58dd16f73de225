/** Patches of every type: operations of JSON patches, directives of strategic merges, applies by several managers. */
import type { Case, JsonObject, Step } from './case.ts'
import { apply, around, jsonPatch, kindOf, merge, step, strategic } from './steps.ts'

const Pod = kindOf('v1', 'Pod')
const ConfigMap = kindOf('v1', 'ConfigMap')
const Deployment = kindOf('apps/v1', 'Deployment')
const Service = kindOf('v1', 'Service')
const ServiceAccount = kindOf('v1', 'ServiceAccount')

/** One operation each; all are tried on the same object, which stays as it is. */
const operations: readonly unknown[] = [
  { op: 'test', path: '/metadata/name', value: 'other' },
  { op: 'test', path: '/spec/replicas', value: 1 },
  { op: 'test', path: '/spec/replicas', value: '1' },
  { op: 'test', path: '/spec/nothing', value: null },
  { op: 'test', path: '/spec/nothing/deeper', value: 1 },
  { op: 'test', path: '/spec/template/spec/containers/0/name', value: 'main' },
  { op: 'test', path: '/spec/template/spec/containers/7/name', value: 'main' },
  { op: 'test', path: '', value: {} },
  { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
  { op: 'add', path: '/metadata/labels/a', value: 'b' },
  { op: 'add', path: '/metadata/annotations/example.com~1a', value: 'b~c' },
  { op: 'add', path: '/metadata/annotations/example.com~0a', value: 'b' },
  { op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'more', image: 'i' } },
  { op: 'add', path: '/spec/template/spec/containers/0', value: { name: 'more', image: 'i' } },
  { op: 'add', path: '/spec/template/spec/containers/1', value: { name: 'more', image: 'i' } },
  { op: 'add', path: '/spec/template/spec/containers/2', value: { name: 'more', image: 'i' } },
  { op: 'add', path: '/spec/template/spec/containers/-1', value: { name: 'more', image: 'i' } },
  { op: 'add', path: '/spec/template/spec/containers/x', value: { name: 'more', image: 'i' } },
  { op: 'add', path: '/spec/template/spec/containers/01', value: { name: 'more', image: 'i' } },
  { op: 'add', path: '/spec/template/spec/tolerations/-', value: { operator: 'Exists' } },
  { op: 'add', path: 'spec/replicas', value: 2 },
  { op: 'add', path: '/spec/replicas' },
  { op: 'add', path: '', value: { a: 1 } },
  { op: 'add', path: '/', value: 1 },
  { op: 'add', path: '/spec/replicas/deeper', value: 1 },
  { op: 'remove', path: '/spec/replicas' },
  { op: 'remove', path: '/spec/template/spec/containers/0' },
  { op: 'remove', path: '/spec/template/spec/containers/1' },
  { op: 'remove', path: '/spec/template/spec/containers/-' },
  { op: 'remove', path: '/metadata/labels/none' },
  { op: 'remove', path: '/metadata' },
  { op: 'remove', path: '' },
  { op: 'replace', path: '/spec/replicas', value: 4 },
  { op: 'replace', path: '/spec/replicas', value: null },
  { op: 'replace', path: '/spec/nothing', value: 4 },
  { op: 'replace', path: '/metadata/labels/none', value: 'x' },
  { op: 'replace', path: '/metadata/name', value: 'other' },
  { op: 'replace', path: '/metadata/namespace', value: 'other' },
  { op: 'replace', path: '/kind', value: 'Pod' },
  { op: 'replace', path: '/apiVersion', value: 'apps/v2' },
  { op: 'replace', path: '', value: {} },
  { op: 'move', from: '/spec/replicas', path: '/spec/minReadySeconds' },
  { op: 'move', from: '/spec/nothing', path: '/spec/minReadySeconds' },
  { op: 'move', path: '/spec/minReadySeconds' },
  { op: 'copy', from: '/spec/replicas', path: '/spec/minReadySeconds' },
  { op: 'copy', from: '/spec/nothing', path: '/spec/minReadySeconds' },
  { op: 'copy', from: '/metadata/name', path: '/metadata/labels' },
  { op: 'bogus', path: '/spec/replicas', value: 1 },
  { path: '/spec/replicas', value: 1 },
  { op: 'add', value: 1 },
  { op: 'add', path: 5, value: 1 },
  { op: 'ADD', path: '/spec/replicas', value: 3 },
  {},
  null,
  'add',
]

function* jsonPatches(): Generator<Case> {
  yield around('patch operations', Deployment, ({ path }) => [
    ...operations.map(operation =>
      step(JSON.stringify(operation), 'PATCH', `${path}?dryRun=All`, [operation], jsonPatch),
    ),
    step('several', 'PATCH', `${path}?dryRun=All`, [operations[25], operations[24], operations[41]], jsonPatch),
    step('none', 'PATCH', path, [], jsonPatch),
    step('null', 'PATCH', path, 'null', jsonPatch),
    step('a text', 'PATCH', path, '"x"', jsonPatch),
    step('nothing', 'PATCH', path, '', jsonPatch),
    step('unmake', 'DELETE', path),
  ])
}

const container = (name: string, more: JsonObject = {}): JsonObject => ({ name, image: `i-${name}`, ...more })
const template = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } })

const directives: readonly JsonObject[] = [
  template({ containers: [{ name: 'two', $patch: 'delete' }] }),
  template({ containers: [{ name: 'none', $patch: 'delete' }] }),
  template({ containers: [container('new'), { $patch: 'replace' }] }),
  template({ containers: [{ $patch: 'replace' }] }),
  template({ containers: [{ name: 'two', image: 'x', $patch: 'replace' }] }),
  template({ containers: [{ name: 'two', image: 'x', $patch: 'merge' }] }),
  template({ containers: [{ name: 'two', image: 'x', $patch: 'bogus' }] }),
  template({ containers: [{ name: 'two', $patch: 5 }] }),
  template({ containers: [{ image: 'x' }] }),
  template({ containers: [null] }),
  template({ containers: ['x'] }),
  template({ containers: null }),
  template({ containers: 'x' }),
  template({ $setElementOrder: 1 }),
  template({ '$setElementOrder/containers': [{ name: 'two' }, { name: 'main' }] }),
  template({ '$setElementOrder/containers': [{ name: 'two' }, { name: 'main' }], containers: [container('main')] }),
  template({ '$setElementOrder/containers': [{ name: 'two' }], containers: [container('main')] }),
  template({ '$setElementOrder/containers': ['two'], containers: [container('main')] }),
  template({
    '$setElementOrder/containers': [{ name: 'new' }, { name: 'two' }, { name: 'main' }],
    containers: [container('new')],
  }),
  template({ volumes: [{ name: 'v', emptyDir: null, hostPath: { path: '/x' } }] }),
  template({ volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] }),
  template({ volumes: [{ name: 'v', $retainKeys: ['name'], hostPath: { path: '/x' } }] }),
  template({ volumes: [{ name: 'v', $retainKeys: 'name', hostPath: { path: '/x' } }] }),
  template({ tolerations: [{ operator: 'Exists', key: 'k' }] }),
  template({ imagePullSecrets: [{ name: 'a' }] }),
  template({ imagePullSecrets: [{ name: 'one', $patch: 'delete' }] }),
  template({ hostAliases: [{ ip: '10.0.0.1', hostnames: ['b'] }] }),
  template({ nodeSelector: { a: null, b: 'c' } }),
  template({ nodeSelector: { $patch: 'replace', z: 'y' } }),
  template({ nodeSelector: { $patch: 'delete' } }),
  template({ securityContext: { $patch: 'replace', runAsUser: 5 } }),
  template({ securityContext: { $patch: 'delete' } }),
  template({ securityContext: { $patch: 'bogus' } }),
  template({ containers: [container('main', { env: [{ name: 'A', value: '2' }] })] }),
  template({ containers: [container('main', { env: [{ name: 'A', $patch: 'delete' }] })] }),
  template({ containers: [container('main', { env: [{ name: 'B', valueFrom: { fieldRef: { fieldPath: 'x' } } }] })] }),
  template({ containers: [container('main', { ports: [{ containerPort: 80, protocol: 'UDP' }] })] }),
  template({ containers: [container('main', { ports: [{ containerPort: 80, name: 'web' }] })] }),
  template({ containers: [container('main', { ports: [{ containerPort: 80, $patch: 'delete' }] })] }),
  template({ containers: [container('main', { ports: [{ name: 'x' }] })] }),
  template({ containers: [container('main', { volumeMounts: [{ mountPath: '/v', name: 'other' }] })] }),
  template({ containers: [container('main', { command: ['x'], args: null })] }),
  template({ containers: [container('main', { resources: { limits: { cpu: '2', memory: null } } })] }),
  { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
  { spec: { strategy: { type: 'Recreate' } } },
  { spec: { strategy: { $patch: 'replace', type: 'Recreate' } } },
  { spec: { selector: { matchLabels: { more: 'x' } } } },
  { metadata: { labels: { a: null, b: 'c' } } },
  { metadata: { labels: { $patch: 'replace', b: 'c' } } },
  { metadata: { labels: null } },
  { metadata: { finalizers: ['example.com/b'] } },
  { metadata: { finalizers: ['example.com/a', 'example.com/b'] } },
  { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a'] } },
  { metadata: { '$deleteFromPrimitiveList/finalizers': 'example.com/a' } },
  { metadata: { '$setElementOrder/finalizers': ['example.com/b', 'example.com/a'], finalizers: ['example.com/b'] } },
  { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: '22222222-2' }] } },
  { metadata: { ownerReferences: [{ uid: '22222222-2', $patch: 'delete' }] } },
  { metadata: { name: 'other' } },
  { metadata: { namespace: 'other' } },
  { metadata: { uid: '22222222-2222-2222-2222-222222222222' } },
  { metadata: { resourceVersion: '1' } },
  { metadata: { resourceVersion: '' } },
  { metadata: { generation: 99 } },
  { metadata: { creationTimestamp: '2020-01-01T00:00:00Z' } },
  { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } },
  { metadata: { managedFields: [] } },
  { metadata: { managedFields: [{}] } },
  { metadata: { managedFields: null } },
  { metadata: { managedFields: [{ manager: 'x', operation: 'Bogus' }] } },
  { metadata: { managedFields: [{ manager: 'x', operation: 'Update', apiVersion: 'v1' }] } },
  { kind: 'Pod' },
  { apiVersion: 'apps/v2' },
  { spec: null },
  { spec: { template: null } },
  { metadata: null },
  { status: { replicas: 5 } },
  { bogus: 1 },
  { $patch: 'replace' },
  { $patch: 'delete' },
  { $patch: 'bogus' },
  {},
]

const rich: JsonObject = {
  replicas: 1,
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
  selector: { matchLabels: { app: 'web' } },
  template: {
    metadata: { labels: { app: 'web' } },
    spec: {
      containers: [
        container('main', {
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          ports: [{ containerPort: 80 }],
          args: ['y'],
          resources: { limits: { cpu: '1', memory: '1Gi' } },
          volumeMounts: [{ name: 'v', mountPath: '/v' }],
        }),
        container('two'),
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
      tolerations: [{ operator: 'Exists', key: 'z' }],
      imagePullSecrets: [{ name: 'one' }],
      hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
      nodeSelector: { a: 'b' },
      securityContext: { runAsUser: 1, runAsGroup: 2 },
    },
  },
}

function* merges(): Generator<Case> {
  for (const type of ['strategic', 'merge'] as const)
    yield around(`patch ${type}`, Deployment, ({ path }) => [
      step(
        'fill',
        'PATCH',
        path,
        { spec: rich, metadata: { labels: { a: 'b' }, finalizers: ['example.com/a'] } },
        merge,
      ),
      ...directives.map(patch =>
        step(JSON.stringify(patch), 'PATCH', `${path}?dryRun=All`, patch, type === 'merge' ? merge : strategic),
      ),
      step('let go', 'PATCH', path, { metadata: { finalizers: null } }, merge),
      step('unmake', 'DELETE', path),
    ])
  yield around('patch strategic Service', Service, ({ path }) => {
    const ports = (...list: JsonObject[]) => ({ spec: { ports: list } })
    const of = (patch: JsonObject) => step(JSON.stringify(patch), 'PATCH', `${path}?dryRun=All`, patch, strategic)
    return [
      of(ports({ port: 80, targetPort: 1 })),
      of(ports({ port: 80, protocol: 'UDP', name: 'u' })),
      of(ports({ port: 443, name: 's' })),
      of(ports({ port: 443 })),
      of(ports({ port: 80, $patch: 'delete' })),
      of(ports({ name: 'x' })),
      of({ spec: { '$setElementOrder/ports': [{ port: 443 }, { port: 80 }], ports: [{ port: 443, name: 's' }] } }),
      of({ spec: { selector: { a: 'b' } } }),
      of({ spec: { selector: null } }),
      of({ spec: { type: 'ExternalName', externalName: 'a.example.com' } }),
      of({ spec: { type: 'NodePort' } }),
      of({ spec: { clusterIP: null } }),
      of({ spec: { clusterIP: '10.96.0.99' } }),
      step('unmake', 'DELETE', path),
    ]
  })
  yield around('patch strategic ServiceAccount', ServiceAccount, ({ path }) => [
    step('secrets', 'PATCH', path, { secrets: [{ name: 'a' }, { name: 'b' }] }, strategic),
    step('one more', 'PATCH', path, { secrets: [{ name: 'c' }] }, strategic),
    step('one less', 'PATCH', path, { secrets: [{ name: 'a', $patch: 'delete' }] }, strategic),
    step('pull', 'PATCH', path, { imagePullSecrets: [{ name: 'p' }] }, strategic),
    step('unmake', 'DELETE', path),
  ])
}

/** What two managers and a controller do to one object, each step kept. */
function* applies(): Generator<Case> {
  yield around('patch apply managers', ConfigMap, ({ name, path }) => {
    const map = (data: JsonObject, metadata: JsonObject = {}): JsonObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, ...metadata },
      data,
    })
    const as = (label: string, manager: string, body: unknown, more = ''): Step =>
      step(label, 'PATCH', `${path}?fieldManager=${manager}${more}`, body, apply)
    return [
      as('one', 'one', map({ a: '1', b: '1' })),
      as('two, the same value', 'two', map({ a: '1', c: '2' })),
      as('two, another value', 'two', map({ a: '2', c: '2' })),
      as('two with force', 'two', map({ a: '2', c: '2' }), '&force=true'),
      as('force that is no boolean', 'two', map({ a: '2' }), '&force=maybe'),
      as('one again', 'one', map({ a: '1', b: '1' })),
      as('one gives up', 'one', map({ b: '1' })),
      step('a third by merge', 'PATCH', `${path}?fieldManager=three`, { data: { b: '3', d: '4' } }, merge),
      as('conflict with an update', 'one', map({ b: '1' })),
      as('the name of the agent', 'side-by-side', map({ b: '3' })),
      as('null', 'one', map({ b: null })),
      as('labels', 'one', map({}, { labels: { x: 'y' }, annotations: { k: 'v' } })),
      as('an owner', 'one', map({}, { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: '3-3' }] })),
      as('owners twice', 'one', map({}, { finalizers: ['example.com/a', 'example.com/a'] })),
      as('a version', 'one', map({}, { resourceVersion: '1' })),
      as('a uid', 'one', map({}, { uid: '22222222-2222-2222-2222-222222222222' })),
      as('managed fields', 'one', map({}, { managedFields: [{ manager: 'x' }] })),
      as('no managed fields', 'one', map({}, { managedFields: [] })),
      as('another namespace', 'one', map({}, { namespace: 'other' })),
      as('a generated name', 'one', map({}, { generateName: 'x-' })),
      as('another kind', 'one', { apiVersion: 'v1', kind: 'Secret', metadata: { name } }),
      as('no version', 'one', { kind: 'ConfigMap', metadata: { name } }),
      as('an unknown field', 'one', { ...map({}), bogus: 1 }),
      as('an unknown field, strictly', 'one', { ...map({}), bogus: 1 }, '&fieldValidation=Strict'),
      as('an unknown field, whatever', 'one', { ...map({}), bogus: 1 }, '&fieldValidation=Ignore'),
      as('a number for a text', 'one', map({ a: 5 })),
      as('YAML', 'one', `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  y: "yes"\n  n: no\n`),
      as('YAML twice', 'one', `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {y: "1", y: "2"}\n`),
      as('broken YAML', 'one', 'a: [b'),
      as('two documents', 'one', `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n---\na: 1\n`),
      as('a list', 'one', '[]'),
      as('a text', 'one', 'x'),
      as('nothing', 'one', ''),
      as('dry run', 'one', map({ z: '1' }), '&dryRun=All'),
      step('get', 'GET', path),
      step('replace', 'PUT', path, { metadata: { name }, data: { e: '5' } }),
      as('after a replace', 'one', map({ e: '6' })),
      step('unmake', 'DELETE', path),
    ]
  })
  yield around('patch apply lists', Pod, ({ name, path }) => {
    const pod = (spec: JsonObject): JsonObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec })
    const as = (label: string, spec: JsonObject, more = ''): Step =>
      step(label, 'PATCH', `${path}?dryRun=All&fieldManager=one${more}`, pod(spec), apply)
    return [
      as('a container', { containers: [{ name: 'main', image: 'i' }] }),
      as('a container with force', { containers: [{ name: 'main', image: 'i' }] }, '&force=true'),
      as('twice', { containers: [{ name: 'main' }, { name: 'main' }] }),
      as('without its key', { containers: [{ image: 'i' }] }),
      as('null', { containers: [null] }),
      as('ports', { containers: [{ name: 'main', ports: [{ containerPort: 80 }, { containerPort: 80 }] }] }),
      as('port protocols', { containers: [{ name: 'main', ports: [{ containerPort: 80, protocol: 'UDP' }] }] }),
      as('atomic', { tolerations: [{ operator: 'Exists' }] }),
      as('a map', { nodeSelector: { a: 'b' } }),
      as('a text for a list', { containers: 'x' }),
      as('a list for a map', { nodeSelector: [] }),
      as('a fraction', { terminationGracePeriodSeconds: 1.5 }),
      as('a text for a number', { terminationGracePeriodSeconds: '5' }),
      step('unmake', 'DELETE', path),
    ]
  })
}

export function* patchCases(): Generator<Case> {
  yield* jsonPatches()
  yield* merges()
  yield* applies()
}
