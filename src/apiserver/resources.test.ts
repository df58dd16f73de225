import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, send, startTestServer, type TestServer } from './testing/test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
  send(server, method, path, body, headers)

const configMaps = '/api/v1/namespaces/default/configmaps'
const pods = '/api/v1/namespaces/default/pods'
const podOf = (name: string, more: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i' }], ...more },
})

test('claim templates of a stored set show their type, which protobuf does not carry', async () => {
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  const spec = { selector: { matchLabels: { a: 'b' } }, template, volumeClaimTemplates: [claim] }
  const path = '/apis/apps/v1/namespaces/default/statefulsets'
  assert.equal((await call('POST', path, { metadata: { name: 'typed' }, spec })).status, 201)
  const { json } = await call('GET', `${path}/typed`)
  const [{ kind, apiVersion }] = json.spec.volumeClaimTemplates
  assert.deepEqual({ kind, apiVersion }, { kind: 'PersistentVolumeClaim', apiVersion: 'v1' })
})

test('create answers 201 with uid, creationTimestamp and resourceVersion, and get the same object', async () => {
  const created = await call('POST', configMaps, { metadata: { name: 'one' }, data: { a: '1' } })
  assert.equal(created.status, 201)
  const { metadata } = created.json
  assert.match(metadata.uid, /^[0-9a-f-]{36}$/)
  assert.match(metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const read = await call('GET', `${configMaps}/one`)
  assert.deepEqual(read.json, created.json)
})

test('amounts may have the names of members that every object has', async () => {
  const odd = ['constructor', 'toString', '__proto__', 'example.com/constructor']
  const asked: [string, object][] = odd.flatMap((name, i) => {
    const amounts = Object.fromEntries([[name, '1']])
    const named = (more: object) => ({ metadata: { name: `odd-${i}` }, ...more })
    const container = (resources: object) => named({ spec: { containers: [{ name: 'c', image: 'i', resources }] } })
    const limits = (item: object) => named({ spec: { limits: [{ type: 'Container', ...item }] } })
    return [
      [pods, container({ requests: amounts })],
      [pods, container({ limits: amounts })],
      [pods, container({ requests: amounts, limits: { cpu: '1' } })],
      [`${pods.replace('pods', 'limitranges')}`, limits({ min: amounts, max: { cpu: '1' } })],
      [`${pods.replace('pods', 'limitranges')}`, limits({ default: amounts })],
      [`${pods.replace('pods', 'limitranges')}`, limits({ maxLimitRequestRatio: amounts })],
      [`${pods.replace('pods', 'resourcequotas')}`, named({ spec: { hard: amounts } })],
      [
        `${pods.replace('pods', 'persistentvolumeclaims')}`,
        named({ spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi', ...amounts } } } }),
      ],
      ['/api/v1/nodes', named({ status: { capacity: amounts, allocatable: amounts } })],
    ] as [string, object][]
  })
  for (const [path, object] of asked) {
    const { status, json } = await call('POST', path, object)
    assert.ok(status < 500, `${path} ${JSON.stringify(object)}: ${json.message}`)
  }
})

test('create of a name that is taken is a conflict AlreadyExists', async () => {
  await call('POST', configMaps, { metadata: { name: 'taken' } })
  const again = await call('POST', configMaps, { metadata: { name: 'taken' } })
  assert.equal(again.status, 409)
  assert.equal(again.json.reason, 'AlreadyExists')
  assert.equal(again.json.message, 'configmaps "taken" already exists')
})

test('create with generateName appends five characters', async () => {
  const { json } = await call('POST', configMaps, { metadata: { generateName: 'gen-' } })
  assert.match(json.metadata.name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
})

test('create without a name is refused as invalid', async () => {
  const answer = await call('POST', configMaps, { data: {} })
  assert.equal(answer.status, 422)
  assert.equal(answer.json.details.causes[0].message, 'Required value: name or generateName is required')
})

test('a strict answer names unknown fields before doubled ones, which a parser of YAML has found before', async () => {
  const path = '/api/v1/namespaces/default/configmaps?fieldValidation=Strict'
  const json = Buffer.from('{"kind":"ConfigMap","apiVersion":"v1","foo":1,"metadata":{"name":"a","name":"b"}}')
  const refused = await send(server, 'POST', path, json, { 'content-type': 'application/json' })
  assert.match(refused.json.message, /strict decoding error: unknown field "foo", duplicate field "metadata.name"$/)
  const yaml = Buffer.from('kind: ConfigMap\napiVersion: v1\nfoo: 1\nmetadata:\n  name: a\n  name: b\n')
  const { json: status } = await send(server, 'POST', path, yaml, { 'content-type': 'application/yaml' })
  assert.match(
    status.message,
    /yaml: unmarshal errors:\n {2}line 6: key "name" already set in map, unknown field "foo"$/,
  )
})

test('unknown fields warn by default and are refused when strict', async () => {
  const body = { metadata: { name: 'strict' }, foo: 1 }
  const strict = await call('POST', `${configMaps}?fieldValidation=Strict`, body)
  assert.equal(strict.status, 400)
  assert.match(strict.json.message, /strict decoding error: unknown field "foo"/)
  const warned = await call('POST', configMaps, body)
  assert.equal(warned.status, 201)
  assert.deepEqual(warned.headers.warning, ['299 - "unknown field \\"foo\\""'])
})

test('an update with an outdated resourceVersion conflicts, one without replaces', async () => {
  const { json } = await call('POST', configMaps, { metadata: { name: 'versions' }, data: { n: '1' } })
  const next = await call('PUT', `${configMaps}/versions`, { ...json, data: { n: '2' } })
  assert.equal(next.status, 200)
  const stale = await call('PUT', `${configMaps}/versions`, { ...json, data: { n: '3' } })
  assert.equal(stale.status, 409)
  assert.match(stale.json.message, /the object has been modified; please apply your changes to the latest version/)
  const unconditional = await call('PUT', `${configMaps}/versions`, {
    metadata: { name: 'versions' },
    data: { n: '4' },
  })
  assert.equal(unconditional.json.data.n, '4')
})

test('an update that changes nothing keeps the resourceVersion', async () => {
  const { json } = await call('POST', configMaps, { metadata: { name: 'same' }, data: { n: '1' } })
  const again = await call('PUT', `${configMaps}/same`, json)
  assert.equal(again.json.metadata.resourceVersion, json.metadata.resourceVersion)
  const patched = await call(
    'PATCH',
    `${configMaps}/same`,
    { data: { n: '1' } },
    { 'content-type': 'application/merge-patch+json' },
  )
  assert.equal(patched.json.metadata.resourceVersion, json.metadata.resourceVersion)
})

test('a patch with a number beyond every integer is refused', async () => {
  await call('POST', configMaps, { metadata: { name: 'numbered' } })
  const type = { 'content-type': 'application/merge-patch+json' }
  const body = Buffer.from('{"metadata":{"generation":10000000000000000000}}')
  const refused = await call('PATCH', `${configMaps}/numbered`, body, type)
  assert.equal(refused.status, 422)
  assert.match(refused.json.message, /number 10000000000000000000 into Go struct field ObjectMeta.metadata.generation/)
})

test('the four patch types change the object', async () => {
  await call('POST', '/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'patched' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'one' }] } },
    },
  })
  const path = '/apis/apps/v1/namespaces/default/deployments/patched'
  const strategic = await call(
    'PATCH',
    path,
    { spec: { template: { spec: { containers: [{ name: 'c', image: 'two' }] } } } },
    { 'content-type': 'application/strategic-merge-patch+json' },
  )
  assert.equal(strategic.json.spec.template.spec.containers[0].image, 'two')
  assert.equal(strategic.json.metadata.generation, 2)
  const json = await call('PATCH', path, [{ op: 'replace', path: '/spec/replicas', value: 3 }], {
    'content-type': 'application/json-patch+json',
  })
  assert.equal(json.json.spec.replicas, 3)
  const merge = await call(
    'PATCH',
    path,
    { metadata: { labels: { x: 'y' } } },
    { 'content-type': 'application/merge-patch+json' },
  )
  assert.equal(merge.json.metadata.labels.x, 'y')
  assert.equal(merge.json.metadata.generation, 3)
  const applied = await call(
    'PATCH',
    `${path}?fieldManager=me&force=true`,
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: patched}\nspec: {replicas: 7}\n',
    { 'content-type': 'application/apply-patch+yaml' },
  )
  assert.equal(applied.status, 200)
  assert.equal(applied.json.spec.replicas, 7)
  const wrong = await call('PATCH', path, {}, { 'content-type': 'application/json' })
  assert.equal(wrong.status, 415)
})

test('apply makes what does not exist, and conflicts with another manager', async () => {
  const apply = (manager: string, value: string) =>
    call(
      'PATCH',
      `${configMaps}/applied?fieldManager=${manager}`,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { k: value } },
      { 'content-type': 'application/apply-patch+yaml' },
    )
  assert.equal((await apply('one', 'a')).status, 201)
  const conflict = await apply('two', 'b')
  assert.equal(conflict.status, 409)
  assert.equal(conflict.json.details.causes[0].reason, 'FieldManagerConflict')
})

test('status is written by the subresource alone, spec by the object alone', async () => {
  await call('POST', pods, { ...podOf('parts'), status: { phase: 'Running' } })
  const read = await call('GET', `${pods}/parts`)
  assert.equal(read.json.status.phase, 'Pending')
  const status = await call('PUT', `${pods}/parts/status`, { ...read.json, status: { phase: 'Running' }, spec: {} })
  assert.equal(status.json.status.phase, 'Running')
  assert.equal(status.json.spec.containers[0].name, 'c')
  const labelled = await call('PUT', `${pods}/parts`, {
    ...status.json,
    metadata: { ...status.json.metadata, labels: { l: '1' } },
    status: {},
  })
  assert.equal(labelled.json.status.phase, 'Running')
})

test('a volume shows when its phase changed', async () => {
  const path = '/api/v1/persistentvolumes'
  const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } }
  const { json } = await call('POST', path, { metadata: { name: 'phased' }, spec })
  const put = (status: object) =>
    call('PUT', `${path}/phased/status`, { ...json, metadata: { name: 'phased' }, status })
  const said = '2020-01-01T00:00:00Z'
  const set = await put({ phase: 'Available', lastPhaseTransitionTime: said })
  assert.equal(set.json.status.lastPhaseTransitionTime, said)
  assert.equal((await put({ phase: 'Available' })).json.status.lastPhaseTransitionTime, said)
  assert.notEqual((await put({ phase: 'Bound' })).json.status.lastPhaseTransitionTime ?? said, said)
})

test('a service account names its secrets, and says nothing else of them', async () => {
  const secrets = [{ name: 'one', namespace: 'elsewhere', uid: '1' }]
  const path = '/api/v1/namespaces/default/serviceaccounts'
  const { json } = await call('POST', path, { metadata: { name: 'holder' }, secrets })
  assert.deepEqual(json.secrets, [{ name: 'one' }])
})

test('ConfigMaps and Secrets are not made by PUT, Endpoints are', async () => {
  const put = async (resource: string): Promise<number> =>
    (await call('PUT', `/api/v1/namespaces/default/${resource}/new`, { metadata: { name: 'new' } })).status
  assert.deepEqual([await put('configmaps'), await put('secrets'), await put('endpoints')], [404, 404, 201])
})

test('a bound pod ends gracefully, and with grace period 0 at once', async () => {
  await call('POST', pods, podOf('graceful'))
  const target = { metadata: { name: 'graceful' }, target: { kind: 'Node', name: 'n1' } }
  assert.equal((await call('POST', `${pods}/graceful/binding`, target)).status, 201)
  const again = await call('POST', `${pods}/graceful/binding`, target)
  assert.equal(again.status, 409)
  const ending = await call('DELETE', `${pods}/graceful`)
  assert.equal(ending.status, 200)
  assert.equal(ending.json.metadata.deletionGracePeriodSeconds, 30)
  assert.equal((await call('GET', `${pods}/graceful`)).status, 200)
  await call('DELETE', `${pods}/graceful`, { gracePeriodSeconds: 0 })
  assert.equal((await call('GET', `${pods}/graceful`)).status, 404)
})

test('an object with finalizers stays until the last one is removed', async () => {
  await call('POST', configMaps, { metadata: { name: 'held', finalizers: ['example.com/hold'] } })
  const ending = await call('DELETE', `${configMaps}/held`)
  assert.ok(ending.json.metadata.deletionTimestamp)
  await call(
    'PATCH',
    `${configMaps}/held`,
    { metadata: { finalizers: null } },
    { 'content-type': 'application/merge-patch+json' },
  )
  assert.equal((await call('GET', `${configMaps}/held`)).status, 404)
})

test('propagation policies leave the finalizers of the garbage collector', async () => {
  await call('POST', configMaps, { metadata: { name: 'fore' } })
  const fore = await call('DELETE', `${configMaps}/fore?propagationPolicy=Foreground`)
  assert.deepEqual(fore.json.metadata.finalizers, ['foregroundDeletion'])
  await call('POST', configMaps, { metadata: { name: 'orphan' } })
  const orphan = await call('DELETE', `${configMaps}/orphan`, { propagationPolicy: 'Orphan' })
  assert.deepEqual(orphan.json.metadata.finalizers, ['orphan'])
})

test('deletion preconditions are held to', async () => {
  const { json } = await call('POST', configMaps, { metadata: { name: 'pre' } })
  const wrong = await call('DELETE', `${configMaps}/pre`, { preconditions: { uid: 'other' } })
  assert.equal(wrong.status, 409)
  const right = await call('DELETE', `${configMaps}/pre`, { preconditions: { uid: json.metadata.uid } })
  assert.equal(right.status, 200)
  assert.equal(right.json.status, 'Success')
})

test('a namespace stays Terminating until it is finalized', async () => {
  await call('POST', '/api/v1/namespaces', { metadata: { name: 'gone' } })
  const ending = await call('DELETE', '/api/v1/namespaces/gone')
  assert.equal(ending.json.status.phase, 'Terminating')
  assert.equal((await call('DELETE', '/api/v1/namespaces/gone')).json.metadata.deletionGracePeriodSeconds, undefined)
  const finalized = await call('PUT', '/api/v1/namespaces/gone/finalize', { ...ending.json, spec: { finalizers: [] } })
  assert.equal(finalized.status, 200)
  assert.equal((await call('GET', '/api/v1/namespaces/gone')).status, 404)
})

test('deletecollection removes what the selector names', async () => {
  for (const [name, color] of [
    ['c1', 'red'],
    ['c2', 'red'],
    ['c3', 'blue'],
  ]) {
    await call('POST', configMaps, { metadata: { name, labels: { color } } })
  }
  const answer = await call('DELETE', `${configMaps}?labelSelector=color%3Dred`)
  assert.deepEqual(
    answer.json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['c1', 'c2'],
  )
  assert.equal((await call('GET', `${configMaps}/c1`)).status, 404)
  assert.equal((await call('GET', `${configMaps}/c3`)).status, 200)
})

test('a dry run changes nothing and shows what would be', async () => {
  const created = await call('POST', `${configMaps}?dryRun=All`, { metadata: { name: 'dry' } })
  assert.equal(created.status, 201)
  assert.equal(created.json.metadata.resourceVersion, undefined)
  assert.equal((await call('GET', `${configMaps}/dry`)).status, 404)
})

test('scale shows and sets replicas of a workload', async () => {
  const sets = '/apis/apps/v1/namespaces/default/replicasets'
  await call('POST', sets, {
    metadata: { name: 'scaled' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { s: 't' } },
      template: { metadata: { labels: { s: 't' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  })
  const scale = await call('GET', `${sets}/scaled/scale`)
  assert.equal(scale.json.kind, 'Scale')
  assert.equal(scale.json.spec.replicas, 2)
  assert.equal(scale.json.status.selector, 's=t')
  const set = await call('PUT', `${sets}/scaled/scale`, { ...scale.json, spec: { replicas: 5 } })
  assert.equal(set.json.spec.replicas, 5)
  const scaled = (await call('GET', `${sets}/scaled`)).json
  assert.equal(scaled.spec.replicas, 5)
  const entry = scaled.metadata.managedFields.find((one: { subresource?: string }) => one.subresource === 'scale')
  assert.equal(entry.operation, 'Update')
  assert.equal(entry.apiVersion, 'apps/v1')
  assert.deepEqual(entry.fieldsV1, { 'f:spec': { 'f:replicas': {} } })
  const table = await call('GET', `${sets}/scaled/scale`, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  })
  assert.deepEqual(
    table.json.columnDefinitions.map((column: { name: string }) => column.name),
    ['Name', 'Desired', 'Available', 'Age'],
  )
  assert.deepEqual(table.json.rows[0].cells.slice(0, 3), ['scaled', 5, 0])
})

test('label keys of affinity and spread become expressions with the values of the new pod', async () => {
  const term = (keys: object) => ({
    topologyKey: 'kubernetes.io/hostname',
    labelSelector: { matchLabels: { app: 'web' } },
    ...keys,
  })
  const made = await call('POST', pods, {
    metadata: { name: 'keys', labels: { app: 'web', version: '2', team: 'a' } },
    spec: {
      ...podOf('keys').spec,
      schedulingGates: [{ name: 'example.com/wait' }],
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [term({ matchLabelKeys: ['version', 'missing'] })],
        },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: term({ mismatchLabelKeys: ['team'] }) },
          ],
        },
      },
      topologySpreadConstraints: [
        { ...term({ matchLabelKeys: ['version'] }), maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' },
      ],
    },
  })
  assert.equal(made.status, 201, made.text)
  const { affinity, topologySpreadConstraints } = made.json.spec
  const version = { key: 'version', operator: 'In', values: ['2'] }
  assert.deepEqual(
    affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions,
    [version],
  )
  assert.deepEqual(
    affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector
      .matchExpressions,
    [{ key: 'team', operator: 'NotIn', values: ['a'] }],
  )
  assert.deepEqual(topologySpreadConstraints[0].labelSelector.matchExpressions, [version])
  const [condition] = made.json.status.conditions
  assert.deepEqual([condition.type, condition.status, condition.reason], ['PodScheduled', 'False', 'SchedulingGated'])
})

test('an applied scale conflicts with who else has set the replicas', async () => {
  const sets = '/apis/apps/v1/namespaces/default/replicasets'
  const apply = (query: string, replicas: number) =>
    call(
      'PATCH',
      `${sets}/scaled/scale?fieldManager=hpa${query}`,
      { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'scaled' }, spec: { replicas } },
      { 'content-type': 'application/apply-patch+yaml' },
    )
  assert.equal((await apply('', 7)).status, 409)
  const forced = await apply('&force=true', 7)
  assert.equal(forced.json.spec.replicas, 7)
  const { managedFields } = (await call('GET', `${sets}/scaled`)).json.metadata
  const entries = managedFields.filter((one: { subresource?: string }) => one.subresource === 'scale')
  assert.deepEqual(
    entries.map((one: { manager: string; operation: string }) => [one.manager, one.operation]),
    [['hpa', 'Apply']],
  )
})

test('eviction spends a disruption budget and is refused when none is left', async () => {
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
  await call('POST', budgets, {
    metadata: { name: 'budget' },
    spec: { maxUnavailable: 1, selector: { matchLabels: { e: 'v' } } },
  })
  const setAllowed = (disruptionsAllowed: number) =>
    call(
      'PATCH',
      `${budgets}/budget/status`,
      { status: { observedGeneration: 1, disruptionsAllowed, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 } },
      { 'content-type': 'application/merge-patch+json' },
    )
  for (const name of ['e1', 'e2']) {
    await call('POST', pods, { ...podOf(name), metadata: { name, labels: { e: 'v' } } })
    await call('POST', `${pods}/${name}/binding`, { metadata: { name }, target: { name: 'n1' } })
    const conditions = [{ type: 'Ready', status: 'True' }]
    await call(
      'PATCH',
      `${pods}/${name}/status`,
      { status: { phase: 'Running', conditions } },
      { 'content-type': 'application/merge-patch+json' },
    )
  }
  assert.equal((await setAllowed(1)).status, 200)
  const evict = (name: string) =>
    call('POST', `${pods}/${name}/eviction`, { kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name } })
  assert.equal((await evict('e1')).status, 201)
  const refused = await evict('e2')
  assert.equal(refused.status, 429)
  assert.equal(refused.json.details.causes[0].reason, 'DisruptionBudget')
  const evicted = (await call('GET', `${pods}/e1`)).json
  assert.ok(evicted.metadata.deletionTimestamp)
  const told = evicted.status.conditions.find((condition: { type: string }) => condition.type === 'DisruptionTarget')
  assert.equal(told.status, 'True')
  assert.equal(told.reason, 'EvictionByEvictionAPI')
})

test('an eviction goes by its preconditions, and lets unready pods go as the budget says', async () => {
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
  const merge = { 'content-type': 'application/merge-patch+json' }
  const selector = { matchLabels: { e: 'unready' } }
  await call('POST', budgets, { metadata: { name: 'unready' }, spec: { minAvailable: 2, selector } })
  const labels = { e: 'unready' }
  for (const name of ['u1', 'u2']) {
    await call('POST', pods, { ...podOf(name), metadata: { name, labels } })
    await call('PATCH', `${pods}/${name}/status`, { status: { phase: 'Running' } }, merge)
  }
  const setHealthy = (currentHealthy: number) =>
    call(
      'PATCH',
      `${budgets}/unready/status`,
      { status: { observedGeneration: 2, currentHealthy, desiredHealthy: 2 } },
      merge,
    )
  await setHealthy(1)
  const evict = (name: string, preconditions?: object) =>
    call('POST', `${pods}/${name}/eviction`, {
      kind: 'Eviction',
      apiVersion: 'policy/v1',
      metadata: { name },
      ...(preconditions ? { deleteOptions: { preconditions } } : {}),
    })
  assert.equal((await evict('u1', { uid: 'another' })).status, 409)
  const version = (await call('GET', `${pods}/u1`)).json.metadata.resourceVersion
  assert.equal((await evict('u1')).status, 429)
  await setHealthy(2)
  assert.equal((await evict('u1', { resourceVersion: '1' })).status, 409)
  assert.equal((await evict('u1', { resourceVersion: version })).status, 201)
  await setHealthy(0)
  assert.equal((await evict('u2')).status, 429)
  await call('PATCH', `${budgets}/unready`, { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } }, merge)
  assert.equal((await evict('u2')).status, 201)
})

test('core and events.k8s.io events are the same objects', async () => {
  const now = '2030-01-01T00:00:00.000000Z'
  const created = await call('POST', '/apis/events.k8s.io/v1/namespaces/default/events', {
    metadata: { name: 'ev' },
    eventTime: now,
    reportingController: 'test.example/c',
    reportingInstance: 'i',
    action: 'Did',
    reason: 'Because',
    type: 'Normal',
    regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
    note: 'hello',
  })
  assert.equal(created.status, 201, created.text)
  const core = await call('GET', '/api/v1/namespaces/default/events/ev')
  assert.equal(core.json.message, 'hello')
  assert.equal(core.json.involvedObject.name, 'p')
  const back = await call('GET', '/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector=regarding.name%3Dp')
  assert.equal(back.json.items[0].note, 'hello')
  const [kv] = (await server.store.range({ start: '/registry/events/default/ev' })).kvs
  assert.ok((kv?.lease ?? 0) > 0)
})

test('what is not served is not found, and what a resource cannot do is not allowed', async () => {
  assert.equal((await call('GET', '/api/v1/nothings')).status, 404)
  const missing = await call('GET', `${pods}/missing`)
  assert.equal(missing.json.message, 'pods "missing" not found')
  assert.equal((await call('POST', '/api/v1/componentstatuses', {})).status, 405)
  assert.equal((await call('GET', '/nowhere')).status, 404)
})

test('malformed bodies are bad requests', async () => {
  assert.equal((await call('POST', configMaps, '{"metadata":')).status, 400)
  assert.equal((await call('POST', configMaps, { kind: 'Pod', apiVersion: 'v1' })).status, 400)
  assert.equal((await call('POST', configMaps, { metadata: { name: 5 } })).status, 400)
  const other = await call('POST', configMaps, { metadata: { name: 'x', namespace: 'kube-system' } })
  assert.equal(
    other.json.message,
    'the namespace of the provided object does not match the namespace sent on the request',
  )
})
