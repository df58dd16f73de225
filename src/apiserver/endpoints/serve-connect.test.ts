import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forbiddenError } from '../../machinery/api-error.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'
import { send, startTestServer } from '../testing/test-server.ts'
import { respondText } from './respond.ts'

const pod = '/api/v1/namespaces/default/pods/web'

test('admission plugins see connections with their options, and may refuse them', async t => {
  const seen: AdmissionAttributes[] = []
  const plugin: AdmissionPlugin = {
    name: 'DenyInteractive',
    validate: async attributes => {
      if (attributes.operation !== 'CONNECT') return
      seen.push(attributes)
      if (attributes.object?.tty === true) throw forbiddenError('', 'pods', attributes.name, 'no terminals here')
    },
  }
  const reached: string[] = []
  const connect = new Map(
    ['pods/exec', 'pods/portforward', 'pods/log', 'services/proxy', 'nodes/proxy'].map(key => [
      key,
      async () => {
        reached.push(key)
        return respondText(200, 'connected')
      },
    ]),
  )
  const server = await startTestServer({ admissionPlugins: [plugin], handlers: { create: new Map(), connect } })
  t.after(() => server.close())

  const refused = await send(server, 'POST', `${pod}/exec?command=sh&command=-c&stdin=true&tty=true&container=c`)
  assert.equal(refused.status, 403)
  assert.equal(refused.json.message, 'pods "web" is forbidden: no terminals here')
  assert.deepEqual(reached, [])
  assert.deepEqual(seen[0]?.object, {
    kind: 'PodExecOptions',
    apiVersion: 'v1',
    stdin: true,
    tty: true,
    container: 'c',
    command: ['sh', '-c'],
  })
  assert.equal(seen[0]?.resource, 'pods')
  assert.equal(seen[0]?.subresource, 'exec')

  assert.equal((await send(server, 'GET', `${pod}/exec?command=ls&tty=false`)).status, 200)
  await send(server, 'POST', `${pod}/portforward?ports=80&ports=443`)
  assert.deepEqual(seen.at(-1)?.object?.ports, [80, 443])
  await send(server, 'GET', '/api/v1/namespaces/default/services/http:web:80/proxy/a/b?dryRun=x')
  assert.equal(seen.at(-1)?.kind.gvk.kind, 'ServiceProxyOptions')
  assert.equal(seen.at(-1)?.object?.path, '/a/b')
  await send(server, 'GET', '/api/v1/nodes/n/proxy/pods')
  assert.equal(seen.at(-1)?.object?.path, '/pods')
  const before = seen.length
  await send(server, 'GET', `${pod}/log`)
  assert.equal(seen.length, before)
  assert.deepEqual(reached, ['pods/exec', 'pods/portforward', 'services/proxy', 'nodes/proxy', 'pods/log'])
})
