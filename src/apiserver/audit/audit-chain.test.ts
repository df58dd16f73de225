/** What the chain tells audit (Kubernetes documentation, "Auditing"). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../base/clock.ts'
import type { AdmissionPlugin } from '../admission/admission.ts'
import { send, startTestServer } from '../testing/test-server.ts'
import { Auditor } from './auditor.ts'
import { parsePolicy } from './policy.ts'

interface AuditEvent {
  readonly stage: string
  readonly verb: string
  readonly requestURI: string
  readonly requestObject?: { metadata: object; data?: object; preconditions?: object }
  readonly responseObject?: {
    kind: string
    reason?: string
    metadata: { uid?: string }
    items?: unknown[]
    spec?: { replicas: number }
  }
  readonly responseStatus?: { code: number; reason?: string; message?: string }
}

const policy = parsePolicy(`
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: RequestResponse
`)

async function start(admissionPlugins: AdmissionPlugin[] = []) {
  const events: AuditEvent[] = []
  const auditor = new Auditor({ policy, clock: systemClock, write: line => events.push(JSON.parse(line)) })
  const server = await startTestServer({ audit: auditor, admissionPlugins })
  events.length = 0
  return { server, events }
}

const maps = '/api/v1/namespaces/default/configmaps'

test('an event holds the request as it was sent and the object as it was stored', async t => {
  const marking: AdmissionPlugin = {
    name: 'Marking',
    admit: async ({ object }) => {
      if (object) Object.assign(object, { data: { admitted: 'yes' } })
    },
  }
  const { server, events } = await start([marking])
  t.after(() => server.close())
  const made = await send(server, 'POST', maps, { metadata: { name: 'a' }, data: { a: '1' } })
  assert.equal(events[0]?.stage, 'ResponseComplete')
  assert.deepEqual(events[0]?.requestObject?.data, { a: '1' })
  assert.deepEqual(events[0]?.responseObject, made.json)
  await send(server, 'GET', `${maps}/a`)
  assert.deepEqual(events[1]?.responseObject, made.json)
  const patch = { data: { b: '2' } }
  const patched = await send(server, 'PATCH', `${maps}/a`, patch, { 'content-type': 'application/merge-patch+json' })
  assert.deepEqual(events[2]?.requestObject, patch)
  assert.deepEqual(events[2]?.responseObject, patched.json)
  const list = await send(server, 'GET', maps)
  assert.equal(events[3]?.verb, 'list')
  assert.equal(events[3]?.responseObject?.items?.length, list.json.items.length)
  await send(server, 'DELETE', `${maps}/a`, { preconditions: { uid: made.json.metadata.uid } })
  assert.deepEqual(events[4]?.requestObject?.preconditions, { uid: made.json.metadata.uid })
  assert.equal(events[4]?.responseObject?.kind, 'Status', JSON.stringify(events[4]))
  assert.equal(events.length, 5)
})

test('a refused request is recorded with its Status', async t => {
  const { server, events } = await start()
  t.after(() => server.close())
  await send(server, 'GET', `${maps}/missing`)
  assert.equal(events[0]?.responseStatus?.code, 404)
  assert.equal(events[0]?.responseStatus?.reason, 'NotFound')
  assert.equal(events[0]?.responseObject?.reason, 'NotFound')
})

test('a fault of the server is recorded at the stage Panic', async t => {
  const broken: AdmissionPlugin = {
    name: 'Broken',
    validate: async ({ name }) => {
      if (name === 'fatal') throw new TypeError('something is undefined')
    },
  }
  const { server, events } = await start([broken])
  t.after(() => server.close())
  const answer = await send(server, 'POST', maps, { metadata: { name: 'fatal' } })
  assert.equal(answer.status, 500)
  assert.deepEqual(
    events.map(({ stage, responseStatus }) => [stage, responseStatus?.code]),
    [['Panic', 500]],
  )
  assert.match(events[0]?.responseStatus?.message ?? '', /something is undefined/)
})
