import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../base/clock.ts'
import { forbiddenError } from '../../machinery/api-error.ts'
import { RequestContext } from '../chain/request-context.ts'
import { requestInfoOf } from '../chain/request-info.ts'
import { Auditor } from './auditor.ts'
import { LogFile } from './log-file.ts'
import { parsePolicy, ruleFor } from './policy.ts'

const policy = (rules: string, head = '') =>
  parsePolicy(`apiVersion: audit.k8s.io/v1\nkind: Policy\n${head}\nrules:\n${rules}`)

function contextOf(method: string, url: string, headers = {}) {
  const [path = '', query = ''] = url.split('?')
  const search = new URLSearchParams(query)
  const request = {
    method,
    path,
    query: search,
    headers,
    credentials: {},
    remoteAddress: '192.0.2.1',
    body: { is: 'none' as const },
    signal: new AbortController().signal,
    wantsObjects: false,
  }
  const context = new RequestContext(request, requestInfoOf(method, path, search), Date.parse('2026-01-01T00:00:00Z'))
  context.user = { username: 'jane', groups: ['devs'] }
  return context
}

function recorder(made: ReturnType<typeof policy>) {
  const events: Record<string, never>[] = []
  return {
    events,
    auditor: new Auditor({ policy: made, clock: systemClock, write: line => events.push(JSON.parse(line)) }),
  }
}

test('the first rule that matches decides', () => {
  const made = policy(`
- level: None
  users: [system:kube-proxy]
  verbs: [watch]
- level: Metadata
  resources: [{group: "", resources: [secrets, "pods/*"]}]
  namespaces: [web]
- level: None
  nonResourceURLs: [/healthz*, /version]
- level: Request
  userGroups: [devs]
`)
  const base = {
    username: 'jane',
    groups: ['devs'],
    verb: 'get',
    isResourceRequest: true,
    group: '',
    resource: 'secrets',
    subresource: '',
    namespace: 'web',
    name: 's',
    path: '',
  }
  const level = (changes: object) => ruleFor(made, { ...base, ...changes })?.level
  assert.equal(level({ username: 'system:kube-proxy', verb: 'watch' }), 'None')
  assert.equal(level({}), 'Metadata')
  assert.equal(level({ namespace: 'db' }), 'Request')
  assert.equal(level({ resource: 'pods', subresource: 'log' }), 'Metadata')
  assert.equal(level({ resource: 'pods' }), 'Request')
  assert.equal(level({ isResourceRequest: false, path: '/healthz/ping' }), 'None')
  assert.equal(level({ groups: [], namespace: 'db' }), undefined)
})

test('a policy with a fault is refused with its place', () => {
  assert.throws(() => parsePolicy('a: ['), { name: 'PolicyError' })
  assert.throws(() => parsePolicy('kind: Policy\napiVersion: v1'), /must have apiVersion audit.k8s.io\/v1/)
  assert.throws(() => policy('- level: All'), /rules\[0\].level: Unsupported value: "All"/)
  assert.throws(() => policy('- level: None\n  verb: [get]'), /rules\[0\]: unknown field "verb"/)
  assert.throws(
    () => policy('- level: None\n  namespaces: [a]\n  nonResourceURLs: [/x]'),
    /cannot apply to both regular resources and non-resource URLs/,
  )
  assert.throws(() => policy('- level: None', 'omitStages: [Never]'), /omitStages: Unsupported value: "Never"/)
})

test('a request is recorded at its stages with who asked for what', () => {
  const { events, auditor } = recorder(policy('- level: Metadata'))
  const context = contextOf('GET', '/apis/apps/v1/namespaces/web/deployments/d/status?pretty=true', {
    'user-agent': 'kubectl',
    'audit-id': 'id-1',
  })
  auditor.requestReceived(context)
  context.impersonator = context.user
  context.user = { username: 'bob', groups: [] }
  context.audit.annotations.set('authorization.k8s.io/decision', 'forbid')
  auditor.responseComplete(context, 403, forbiddenError('apps', 'deployments', 'd', 'no').status)
  assert.deepEqual(
    events.map(event => event.stage),
    ['RequestReceived', 'ResponseComplete'],
  )
  const { stageTimestamp, ...last } = events[1] as Record<string, unknown>
  assert.match(stageTimestamp as string, /^\d{4}-.*\.\d{6}Z$/)
  assert.deepEqual(last, {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: 'id-1',
    stage: 'ResponseComplete',
    requestURI: '/apis/apps/v1/namespaces/web/deployments/d/status?pretty=true',
    verb: 'get',
    user: { username: 'jane', groups: ['devs'] },
    impersonatedUser: { username: 'bob', groups: [] },
    sourceIPs: ['192.0.2.1'],
    userAgent: 'kubectl',
    objectRef: {
      resource: 'deployments',
      namespace: 'web',
      name: 'd',
      apiGroup: 'apps',
      apiVersion: 'v1',
      subresource: 'status',
    },
    responseStatus: {
      metadata: {},
      status: 'Failure',
      message: 'deployments.apps "d" is forbidden: no',
      reason: 'Forbidden',
      details: { name: 'd', group: 'apps', kind: 'deployments' },
      code: 403,
    },
    requestReceivedTimestamp: '2026-01-01T00:00:00.000000Z',
    annotations: { 'authorization.k8s.io/decision': 'forbid' },
  })
})

test('bodies are recorded as far as the level says, those of secrets never', () => {
  const bodies = (level: string, url: string, head = '') => {
    const { events, auditor } = recorder(policy(`- level: ${level}`, head))
    const context = contextOf('POST', url)
    context.requestObject = { metadata: { name: 'x', managedFields: [1] } }
    context.responseObject = () => ({ metadata: { name: 'x', uid: 'u' } })
    auditor.responseComplete(context, 201)
    return [events[0]?.requestObject, events[0]?.responseObject]
  }
  const pods = '/api/v1/namespaces/web/pods'
  const request = { metadata: { name: 'x', managedFields: [1] } }
  const response = { metadata: { name: 'x', uid: 'u' } }
  assert.deepEqual(bodies('Metadata', pods), [undefined, undefined])
  assert.deepEqual(bodies('Request', pods), [request, undefined])
  assert.deepEqual(bodies('RequestResponse', pods), [request, response])
  assert.deepEqual(bodies('Request', pods, 'omitManagedFields: true'), [{ metadata: { name: 'x' } }, undefined])
  assert.deepEqual(bodies('RequestResponse', '/api/v1/namespaces/web/secrets'), [undefined, undefined])
  assert.deepEqual(bodies('RequestResponse', '/api/v1/namespaces/web/serviceaccounts/a/token'), [undefined, undefined])
})

test('omitted stages and unmatched requests leave nothing', () => {
  const { events, auditor } = recorder(policy('- level: Metadata\n  verbs: [get]', 'omitStages: [RequestReceived]'))
  const context = contextOf('GET', '/api/v1/pods/x')
  auditor.requestReceived(context)
  auditor.responseStarted(context, 200)
  auditor.responseComplete(contextOf('DELETE', '/api/v1/namespaces/a/pods/x'), 200)
  assert.deepEqual(
    events.map(event => event.stage),
    ['ResponseStarted'],
  )
})

test('the log keeps its size by turning files over, readable by the owner alone', t => {
  const folder = mkdtempSync(join(tmpdir(), 'clipper-audit-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'audit.log')
  const log = new LogFile({ path, maxBytes: 100, maxFiles: 2 })
  for (let n = 0; n < 6; n++) {
    log.write(`${n}`.repeat(60))
    log.flush()
  }
  log.close()
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.match(readFileSync(path, 'utf8'), /^5{60}\n$/)
  assert.match(readFileSync(`${path}.2`, 'utf8'), /^3{60}\n$/)
  assert.ok(!existsSync(`${path}.3`))
})

test('lines that the buffer cannot hold are dropped and counted', t => {
  const folder = mkdtempSync(join(tmpdir(), 'clipper-audit-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const log = new LogFile({ path: join(folder, 'audit.log') })
  const line = 'x'.repeat(1024 * 1024)
  for (let n = 0; n < 10; n++) log.write(line)
  assert.equal(log.dropped, 3)
  log.close()
})
