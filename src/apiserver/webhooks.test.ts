/** Admission webhooks through the whole chain, over real HTTPS (documentation: "Dynamic Admission Control"). */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { Registry } from 'prom-client'
import { MutatingWebhookConfiguration } from '../api/admissionregistration/v1/mutating-webhook-configuration.ts'
import { ValidatingWebhookConfiguration } from '../api/admissionregistration/v1/validating-webhook-configuration.ts'
import { issueCertificate, makeAuthority, newKey } from '../base/pki/certificate.ts'
import { MutatingWebhooks } from './admission/webhooks/mutating-webhooks.ts'
import { ValidatingWebhooks } from './admission/webhooks/validating-webhooks.ts'
import { WebhookMetrics } from './admission/webhooks/webhook-metrics.ts'
import { type Answer, allowAll, send, startTestServer, type TestServer } from './testing/test-server.ts'
import { WebhookClient } from './webhooks/webhook-client.ts'

// biome-ignore lint/suspicious/noExplicitAny: reviews of every kind come here.
type Review = any
type Handler = (request: Review) => object | 'hang' | 'garbage'

let server: TestServer
let client: WebhookClient
let hooks: Server
let caBundle: string
let ownCertificate: string
const registry = new Registry()
const webhookMetrics = new WebhookMetrics(registry)
let handlers: Record<string, Handler> = {}
const seen: { path: string; request: Review }[] = []

before(async () => {
  const now = Date.now()
  const key = newKey()
  const ca = makeAuthority('hooks', key, now - 1000, now + 3_600_000)
  caBundle = Buffer.from(ca).toString('base64')
  const pair = issueCertificate(
    { certificate: new X509Certificate(ca), key },
    {
      subject: { commonName: 'hook' },
      usages: ['serverAuth'],
      altNames: ['127.0.0.1', 'hook.default.svc'],
      notBeforeMs: now - 1000,
      notAfterMs: now + 3_600_000,
    },
  )
  ownCertificate = pair.certificatePem
  hooks = createServer({ cert: pair.certificatePem, key: pair.privateKeyPem }, (message, response) => {
    let text = ''
    message.on('data', chunk => {
      text += chunk
    })
    message.on('end', () => {
      const path = new URL(message.url ?? '', 'https://x').pathname
      const { request, apiVersion } = JSON.parse(text)
      seen.push({ path, request })
      const answer = handlers[path]?.(request) ?? { allowed: true }
      if (answer === 'hang') return
      if (answer === 'garbage') return response.end('{}')
      response.end(JSON.stringify({ apiVersion, kind: 'AdmissionReview', response: { uid: request.uid, ...answer } }))
    })
  })
  await new Promise<void>(resolve => hooks.listen(0, '127.0.0.1', resolve))
  server = await startTestServer({
    admission: {
      kinds: [MutatingWebhookConfiguration, ValidatingWebhookConfiguration],
      plugins: reader => {
        client = new WebhookClient({ reader, random: () => 0 })
        const equivalents = (group: string, version: string, plural: string) =>
          server.server.registry.table.equivalents(group, version, plural)
        const options = { reader, authorizer: allowAll, client, equivalents, metrics: webhookMetrics }
        return [new MutatingWebhooks(options), new ValidatingWebhooks(options)]
      },
    },
  })
})
after(async () => {
  client.close()
  hooks.closeAllConnections()
  hooks.close()
  await server.close()
})
beforeEach(() => {
  seen.length = 0
  handlers = {}
})

const group = '/apis/admissionregistration.k8s.io/v1'
const configMaps = '/api/v1/namespaces/default/configmaps'
const call = (method: string, path: string, body?: unknown): Promise<Answer> => send(server, method, path, body)
const port = () => (hooks.address() as AddressInfo).port

const hook = (name: string, path: string, more: object = {}) => ({
  name: `${name}.example.com`,
  clientConfig: { url: `https://127.0.0.1:${port()}${path}`, caBundle },
  rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
  objectSelector: { matchLabels: { hook: name } },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...more,
})

async function configure(kind: 'mutating' | 'validating', name: string, ...webhooks: object[]): Promise<void> {
  const made = await call('POST', `${group}/${kind}webhookconfigurations`, { metadata: { name }, webhooks })
  assert.equal(made.status, 201, made.text)
}

const make = (name: string, label: string, data: object = {}, query = '') =>
  call('POST', `${configMaps}${query}`, { metadata: { name, labels: { hook: label } }, data })

const patchOf = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})

test('a validating webhook sees the request, refuses in its own words, and warns', async () => {
  await configure('validating', 'a-deny', hook('deny', '/deny'))
  handlers['/deny'] = ({ object }) =>
    object.data?.bad
      ? { allowed: false, status: { code: 403, message: 'no bad data', reason: 'Forbidden' } }
      : { allowed: true, warnings: ['be careful'] }
  const refused = await make('bad', 'deny', { bad: 'x' })
  assert.equal(refused.status, 403)
  assert.equal(refused.json.message, 'admission webhook "deny.example.com" denied the request: no bad data')
  const allowed = await make('good', 'deny')
  assert.equal(allowed.status, 201)
  assert.match(String(allowed.headers.warning), /be careful/)
  const { request } = seen[0] as { request: Review }
  assert.deepEqual(request.kind, { group: '', version: 'v1', kind: 'ConfigMap' })
  assert.deepEqual(request.resource, { group: '', version: 'v1', resource: 'configmaps' })
  assert.deepEqual([request.operation, request.name, request.namespace], ['CREATE', 'bad', 'default'])
  assert.deepEqual([request.object.kind, request.object.apiVersion, request.oldObject], ['ConfigMap', 'v1', null])
  assert.equal(request.options.kind, 'CreateOptions')
  assert.equal(request.userInfo.username, 'admin')
  await make('other', 'none')
  assert.equal(seen.length, 2)
  const calls = (labels: string) =>
    `apiserver_admission_webhook_request_total{name="deny.example.com",type="validating",operation="CREATE",${labels}} 1\n`
  const text = await registry.metrics()
  for (const labels of ['rejected="true",code="403"', 'rejected="false",code="200"'])
    assert.ok(text.includes(calls(labels)), text)
})

test('mutating webhooks run one after the other; the willing one runs again after a later change', async () => {
  await configure('mutating', 'b-chain', hook('chain', '/first', { reinvocationPolicy: 'IfNeeded' }), {
    ...hook('chain', '/second'),
    name: 'second.example.com',
  })
  handlers['/first'] = ({ object }) =>
    object.data?.second
      ? patchOf({ op: 'add', path: '/data/again', value: 'yes' })
      : patchOf({ op: 'add', path: '/data/first', value: 'yes' })
  handlers['/second'] = ({ object }) => {
    assert.equal(object.data.first, 'yes')
    return patchOf({ op: 'add', path: '/data/second', value: 'yes' })
  }
  const made = await make('m', 'chain', { own: 'x' })
  assert.equal(made.status, 201, made.text)
  assert.deepEqual(made.json.data, { own: 'x', first: 'yes', second: 'yes', again: 'yes' })
  assert.deepEqual(
    seen.map(({ path }) => path),
    ['/first', '/second', '/first'],
  )
})

test('a webhook that cannot be called fails the request, unless it is to be ignored', async () => {
  await configure(
    'validating',
    'c-fail',
    hook('slow', '/slow', { timeoutSeconds: 1 }),
    hook('garbage', '/garbage'),
    hook('ignored', '/garbage', { failurePolicy: 'Ignore' }),
  )
  handlers['/slow'] = () => 'hang'
  handlers['/garbage'] = () => 'garbage'
  const slow = await make('slow', 'slow')
  assert.equal(slow.status, 500)
  assert.match(
    slow.json.message,
    /^Internal error occurred: failed calling webhook "slow.example.com": failed to call webhook: Post "https:\/\/127.0.0.1:\d+\/slow\?timeout=1s": context deadline exceeded$/,
  )
  const garbage = await make('garbage', 'garbage')
  assert.match(garbage.json.message, /received invalid webhook response: webhook response was absent/)
  assert.equal((await make('ignored', 'ignored')).status, 201)
})

test('a certificate of another authority is not trusted', async () => {
  const clientConfig = { url: `https://127.0.0.1:${port()}/x` }
  await configure('validating', 'd-tls', hook('tls', '/x', { clientConfig }))
  const refused = await make('tls', 'tls')
  assert.equal(refused.status, 500)
  assert.match(refused.json.message, /x509: certificate signed by unknown authority$/)
  assert.equal(seen.length, 0)
})

test('the path of a webhook’s URL is cleaned, as client-go does it', async () => {
  const clientConfig = { url: `https://127.0.0.1:${port()}//a//./b/`, caBundle }
  await configure('validating', 'd-path', hook('path', '', { clientConfig }))
  assert.equal((await make('path', 'path')).status, 201)
  assert.deepEqual(
    seen.map(({ path }) => path),
    ['/a/b'],
  )
})

test('the webhook’s own certificate is trusted where the bundle holds just that', async () => {
  const clientConfig = {
    url: `https://127.0.0.1:${port()}/own`,
    caBundle: Buffer.from(ownCertificate).toString('base64'),
  }
  await configure('validating', 'd-own', hook('own', '/own', { clientConfig }))
  handlers['/own'] = () => ({ allowed: false, status: { message: 'reached' } })
  assert.match((await make('own', 'own')).json.message, /denied the request: reached$/)
})

test('match conditions keep requests from the webhook; their failure counts as the policy says', async () => {
  const condition = (expression: string) => ({ matchConditions: [{ name: 'c', expression }] })
  await configure(
    'validating',
    'e-conditions',
    hook('cond', '/cond', condition("object.metadata.name != 'skipped'")),
    hook('broken', '/cond', condition("object.data.missing == 'x'")),
  )
  handlers['/cond'] = () => ({ allowed: false })
  assert.equal((await make('skipped', 'cond')).status, 201)
  const refused = await make('asked', 'cond')
  assert.equal(refused.json.message, 'admission webhook "cond.example.com" denied the request without explanation')
  const broken = await make('broken', 'broken')
  assert.equal(broken.status, 403, broken.text)
  const invalid = await call('POST', `${group}/validatingwebhookconfigurations`, {
    metadata: { name: 'invalid' },
    webhooks: [hook('invalid', '/x', condition('nothing ==='))],
  })
  assert.equal(invalid.status, 422)
  assert.match(invalid.json.message, /matchConditions\[0\].expression: Invalid value: .*compilation failed/)
})

test('a dry run asks only those who stand it; webhooks never judge what configures them', async () => {
  await configure('validating', 'f-dry', hook('dry', '/dry'))
  assert.equal((await make('dry', 'dry', {}, '?dryRun=All')).status, 201)
  assert.equal(seen[0]?.request.dryRun, true)
  assert.deepEqual(seen[0]?.request.options.dryRun, ['All'])
  const rules = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }]
  await configure('validating', 'g-all', hook('all', '/all', { rules, objectSelector: {} }))
  handlers['/all'] = () => ({ allowed: false })
  const refused = await make('x', 'none')
  assert.equal(refused.status, 400)
  assert.equal((await call('DELETE', `${group}/validatingwebhookconfigurations/g-all`)).status, 200)
  assert.equal((await make('x', 'none')).status, 201)
})

test('the webhook is asked in the version of its rules', async () => {
  const rules = [{ operations: ['CREATE'], apiGroups: ['autoscaling'], apiVersions: ['v2'], resources: ['*'] }]
  await configure('validating', 'h-version', hook('version', '/version', { rules, objectSelector: {} }))
  const made = await call('POST', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers', {
    metadata: { name: 'h' },
    spec: {
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 50,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
    },
  })
  assert.equal(made.status, 201, made.text)
  const { request } = seen[0] as { request: Review }
  assert.equal(request.object.apiVersion, 'autoscaling/v2')
  assert.equal(request.object.spec.metrics[0].resource.target.averageUtilization, 50)
  assert.deepEqual(request.requestKind, { group: 'autoscaling', version: 'v1', kind: 'HorizontalPodAutoscaler' })
})

test('a webhook behind a Service is found by its endpoints', async () => {
  const service = { metadata: { name: 'hook' }, spec: { ports: [{ port: 443, targetPort: 8443 }] } }
  assert.equal((await call('POST', '/api/v1/namespaces/default/services', service)).status, 201)
  const clientConfig = { service: { namespace: 'default', name: 'hook', path: '/svc' }, caBundle }
  await configure('validating', 'i-service', hook('svc', '/svc', { clientConfig }))
  const without = await make('svc', 'svc')
  assert.match(
    without.json.message,
    /Post "https:\/\/hook.default.svc:443\/svc\?timeout=10s": no endpoints available for service "hook"/,
  )
  const { body } = await storeSlice()
  assert.equal(body.succeeded, true)
  handlers['/svc'] = () => ({ allowed: false, status: { message: 'reached' } })
  let answer = await make('svc', 'svc')
  while (answer.status === 500) answer = await make('svc', 'svc')
  assert.match(answer.json.message, /reached/)
})

/** Past validation, which refuses loopback addresses. */
async function storeSlice() {
  const slice = {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: { name: 'hook-1', namespace: 'default', uid: 'u', labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: '', port: port(), protocol: 'TCP' }],
  }
  const key = '/registry/endpointslices/default/hook-1'
  const body = await server.store.transact({
    compare: [],
    success: [{ put: key, value: Buffer.from(JSON.stringify(slice)) }],
    failure: [],
  } as never)
  return { body }
}
