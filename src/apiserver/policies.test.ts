/** Admission policies in CEL (KEP-3488, KEP-3962) through the whole chain of the server. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MutatingAdmissionPolicy } from '../api/admissionregistration/v1/mutating-admission-policy.ts'
import { MutatingAdmissionPolicyBinding } from '../api/admissionregistration/v1/mutating-admission-policy-binding.ts'
import { ValidatingAdmissionPolicy } from '../api/admissionregistration/v1/validating-admission-policy.ts'
import { ValidatingAdmissionPolicyBinding } from '../api/admissionregistration/v1/validating-admission-policy-binding.ts'
import type { FindEquivalents } from './admission/equivalent.ts'
import { MutatingPolicies } from './admission/policies/mutating-policies.ts'
import { ValidatingPolicies } from './admission/policies/validating-policies.ts'
import { type Answer, allowAll, send, startTestServer, type TestServer } from './testing/test-server.ts'

let server: TestServer
const equivalents: FindEquivalents = (group, version, resource) =>
  server.server.registry.table.equivalents(group, version, resource)
before(async () => {
  server = await startTestServer({
    admission: {
      kinds: [
        MutatingAdmissionPolicy,
        MutatingAdmissionPolicyBinding,
        ValidatingAdmissionPolicy,
        ValidatingAdmissionPolicyBinding,
      ],
      plugins: reader => [
        new MutatingPolicies(reader, allowAll, equivalents),
        new ValidatingPolicies(reader, allowAll, equivalents),
      ],
    },
  })
})
after(() => server.close())

const group = '/apis/admissionregistration.k8s.io/v1'
const configMaps = '/api/v1/namespaces/default/configmaps'
const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
  send(server, method, path, body, headers)

const matching = (resources: string[], more: object = {}) => ({
  resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources, ...more }],
})
const only = (policy: string) => ({ objectSelector: { matchLabels: { policy } } })

async function validating(name: string, spec: object, binding: object = {}): Promise<void> {
  const policy = { metadata: { name }, spec: { matchConstraints: matching(['configmaps']), ...spec } }
  const made = await call('POST', `${group}/validatingadmissionpolicies`, policy)
  assert.equal(made.status, 201, made.text)
  const bound = await call('POST', `${group}/validatingadmissionpolicybindings`, {
    metadata: { name: `${name}-binding` },
    spec: { policyName: name, validationActions: ['Deny'], matchResources: only(name), ...binding },
  })
  assert.equal(bound.status, 201, bound.text)
}

async function mutating(name: string, spec: object): Promise<void> {
  const policy = {
    metadata: { name },
    spec: { matchConstraints: matching(['configmaps']), reinvocationPolicy: 'Never', failurePolicy: 'Fail', ...spec },
  }
  const made = await call('POST', `${group}/mutatingadmissionpolicies`, policy)
  assert.equal(made.status, 201, made.text)
  const bound = await call('POST', `${group}/mutatingadmissionpolicybindings`, {
    metadata: { name: `${name}-binding` },
    spec: { policyName: name, matchResources: only(name) },
  })
  assert.equal(bound.status, 201, bound.text)
}

const configMap = (policy: string, name: string, data: Record<string, string>) => ({
  metadata: { name, labels: { policy } },
  data,
})

test('a validating policy refuses with its message, reason and cause', async () => {
  await validating('size', {
    variables: [{ name: 'n', expression: "int(object.data['n'])" }],
    validations: [
      { expression: 'variables.n > 1', messageExpression: "'wants more than 1, got ' + string(variables.n)" },
      { expression: "object.metadata.name != 'bad'", reason: 'Forbidden', message: 'no such name' },
    ],
  })
  assert.equal((await call('POST', configMaps, configMap('size', 'good', { n: '2' }))).status, 201)
  const small = await call('POST', configMaps, configMap('size', 'small', { n: '1' }))
  assert.equal(small.status, 422)
  const text = "ValidatingAdmissionPolicy 'size' with binding 'size-binding' denied request: wants more than 1, got 1"
  assert.equal(small.json.message, `configmaps "small" is forbidden: ${text}`)
  assert.equal(small.json.reason, 'Invalid')
  assert.deepEqual(small.json.details.causes, [{ message: text }])
  const named = await call('POST', configMaps, configMap('size', 'bad', { n: '3' }))
  assert.deepEqual([named.status, named.json.reason], [403, 'Forbidden'])
  const broken = await call('POST', configMaps, configMap('size', 'broken', {}))
  assert.match(
    broken.json.message,
    /expression 'variables\.n > 1' resulted in error: composited variable "n" fails to evaluate: no such key: data/,
  )
})

test('a policy warns, looks at parameters and asks the authorizer', async () => {
  const limit = { metadata: { name: 'limit' }, data: { max: '5' } }
  assert.equal((await call('POST', configMaps, limit)).status, 201)
  await validating(
    'limits',
    {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConditions: [{ name: 'has-n', expression: "'n' in object.data" }],
      validations: [
        { expression: "int(object.data.n) <= int(params.data.max) && request.operation == 'CREATE'" },
        { expression: "authorizer.group('').resource('pods').namespace('default').check('create').allowed()" },
        { expression: "namespaceObject.metadata.name == 'default'" },
      ],
    },
    {
      validationActions: ['Warn', 'Audit'],
      paramRef: { name: 'limit', namespace: 'default', parameterNotFoundAction: 'Deny' },
    },
  )
  const fine = await call('POST', configMaps, configMap('limits', 'five', { n: '5' }))
  assert.deepEqual([fine.status, fine.headers.warning], [201, undefined])
  const above = await call('POST', configMaps, configMap('limits', 'six', { n: '6' }))
  assert.equal(above.status, 201)
  assert.match(
    String(above.headers.warning),
    /Validation failed for ValidatingAdmissionPolicy 'limits' with binding 'limits-binding': failed expression/,
  )
  const skipped = await call('POST', configMaps, configMap('limits', 'none', { m: '6' }))
  assert.deepEqual([skipped.status, skipped.headers.warning], [201, undefined])
})

test('a binding whose parameters are missing refuses', async () => {
  await validating(
    'lost',
    { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'true' }] },
    { paramRef: { name: 'gone', namespace: 'default', parameterNotFoundAction: 'Deny' } },
  )
  const refused = await call('POST', configMaps, configMap('lost', 'x', {}))
  assert.match(
    refused.json.message,
    /failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction/,
  )
})

test('mutating policies apply configurations and patches, one after the other', async () => {
  await mutating('stamp', {
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: {
          expression:
            "Object{metadata: Object.metadata{annotations: {'stamped': 'yes'}}, data: {'a': object.data.a + 'z'}}",
        },
      },
      {
        patchType: 'JSONPatch',
        jsonPatch: {
          expression: `[JSONPatch{op: 'test', path: '/data/a', value: 'xz'},
            JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('example.com/b'), value: object.data.a}]`,
        },
      },
    ],
  })
  const made = await call('POST', configMaps, configMap('stamp', 'stamped', { a: 'x', b: 'y' }))
  assert.equal(made.status, 201, made.text)
  assert.deepEqual(made.json.data, { a: 'xz', b: 'y' })
  assert.deepEqual(made.json.metadata.annotations, { stamped: 'yes' })
  assert.deepEqual(made.json.metadata.labels, { policy: 'stamp', 'example.com/b': 'xz' })
})

test('an object under a wrong type name is refused', async () => {
  await mutating('wrong', {
    mutations: [
      { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{metadata: Object.spec{}}' } },
    ],
  })
  const refused = await call('POST', configMaps, configMap('wrong', 'x', {}))
  assert.equal(refused.status, 403)
  assert.match(
    refused.json.message,
    /policy 'wrong' with binding 'wrong-binding' denied request: type mismatch: unexpected type name "Object.spec"/,
  )
})

test('expressions are compiled when the policy is written', async () => {
  const policy = (validation: object, more: object = {}) => ({
    metadata: { name: 'never' },
    spec: { matchConstraints: matching(['configmaps']), validations: [validation], ...more },
  })
  const messageOf = async (body: object) => {
    const answer = await call('POST', `${group}/validatingadmissionpolicies`, body)
    assert.equal(answer.status, 422, answer.text)
    return answer.json.message as string
  }
  assert.match(
    await messageOf(policy({ expression: 'nope > 1' })),
    /spec\.validations\[0\]\.expression: Invalid value: "nope > 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'nope'/,
  )
  assert.match(await messageOf(policy({ expression: '1 + 1' })), /must evaluate to bool but got int/)
  assert.match(
    await messageOf(policy({ expression: 'true' }, { variables: [{ name: 'v', expression: "'a' + 1" }] })),
    /spec\.variables\[0\]\.expression: .*no matching overload for '_\+_' applied to '\(string, int\)'/,
  )
})

const autoscalers = (version: string) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`
const autoscaler = (policy: string, name: string, more: object) => ({
  metadata: { name, labels: { policy } },
  spec: { maxReplicas: 9, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, ...more },
})
/** Rules for version v2 of autoscalers alone. */
const secondVersion = (more: object = {}) => ({
  ...matching(['horizontalpodautoscalers'], { apiGroups: ['autoscaling'], apiVersions: ['v2'] }),
  ...more,
})

test('a policy judges a write in the version that its rules name, unless they match exactly (matchPolicy)', async () => {
  const requestOf = "request.kind.version + ' ' + request.resource.version + ' ' + request.requestKind.version"
  const spec = {
    matchConditions: [{ name: 'as-sent', expression: 'request.resource.version == request.requestResource.version' }],
    validations: [
      {
        expression: 'object.spec.metrics[0].resource.target.averageUtilization < 90',
        messageExpression: `${requestOf} + ' ' + request.requestResource.version`,
      },
    ],
  }
  await validating('equivalent', { matchConstraints: secondVersion(), ...spec })
  await validating('exact', { matchConstraints: secondVersion({ matchPolicy: 'Exact' }), ...spec })
  const busy = { targetCPUUtilizationPercentage: 95 }
  const refused = await call('POST', autoscalers('v1'), autoscaler('equivalent', 'busy', busy))
  assert.equal(refused.status, 422)
  assert.match(refused.json.message, /denied request: v2 v2 v1 v1$/)
  const calm = autoscaler('equivalent', 'calm', { targetCPUUtilizationPercentage: 50 })
  assert.equal((await call('POST', autoscalers('v1'), calm)).status, 201)
  const other = await call('POST', autoscalers('v1'), autoscaler('exact', 'other', busy))
  assert.equal(other.status, 201, other.text)
})

test('what a binding excludes in one version is excluded in the others', async () => {
  const matchResources = { ...only('excluded'), excludeResourceRules: secondVersion().resourceRules }
  const spec = {
    matchConstraints: matching(['horizontalpodautoscalers']),
    validations: [{ expression: 'false' }],
  }
  await validating('excluded', spec, { matchResources })
  assert.equal((await call('POST', autoscalers('v1'), autoscaler('excluded', 'excluded', {}))).status, 201)
})

test('a policy changes a write in the version that its rules name', async () => {
  const expression = `Object{spec: Object.spec{metrics: [Object.spec.metrics{type: 'Resource', resource:
    Object.spec.metrics.resource{name: 'cpu', target: Object.spec.metrics.resource.target{type: 'Utilization', averageUtilization: 33}}}]}}`
  await mutating('older', {
    matchConstraints: secondVersion(),
    mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
  })
  const made = await call('POST', autoscalers('v1'), autoscaler('older', 'older', {}))
  assert.equal(made.status, 201, made.text)
  assert.equal(made.json.apiVersion, 'autoscaling/v1')
  assert.equal(made.json.spec.targetCPUUtilizationPercentage, 33)
})

test('policies do not judge policies', async () => {
  await validating(
    'everything',
    { matchConstraints: matching(['*']), validations: [{ expression: 'false' }] },
    { matchResources: {} },
  )
  assert.equal((await call('POST', configMaps, configMap('x', 'refused', {}))).status, 422)
  assert.equal((await call('DELETE', `${group}/validatingadmissionpolicies/everything`)).status, 200)
  assert.equal((await call('POST', configMaps, configMap('x', 'accepted', {}))).status, 201)
})
