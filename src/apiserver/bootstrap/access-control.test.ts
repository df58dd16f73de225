/** Access control in the real chain: over TLS, with the embedded store behind. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '../../base/clock.ts'
import type { KeyPair } from '../../base/pki/certificate.ts'
import { ApiError } from '../../machinery/api-error.ts'
import { openEmbeddedStore } from '../../store/embedded/embedded-store.ts'
import { type ApiServer, createApiServer, openRegistry } from '../api-server.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import { componentUser, controllerUser, nodeUser } from '../authentication/component-users.ts'
import { type RunningHttpServer, startHttpServer } from '../http/http-server.ts'
import { ensurePki, type Pki } from '../pki/pki.ts'
import { type AccessControl, accessControlKinds, createAccessControl } from './access-control.ts'
import { bootstrap } from './bootstrap.ts'
import { apiserverUser, BootstrapApi, type BootstrapRequest } from './bootstrap-api.ts'
import { KubernetesService } from './kubernetes-service.ts'
import { masterLeasesPrefix, StoredMasterLeases } from './master-leases.ts'

const issuer = 'https://kubernetes.default.svc.cluster.local'
const directory = mkdtempSync(join(tmpdir(), 'clipper-access-'))
const cleanUp: (() => unknown)[] = [() => rmSync(directory, { recursive: true })]

let pki: Pki
let server: ApiServer
let http: RunningHttpServer
let access: AccessControl
let api: BootstrapApi

interface Answer {
  readonly status: number
  readonly body: { message?: string; metadata?: Record<string, string>; [other: string]: unknown }
}

interface Ask {
  readonly method?: string
  readonly body?: object
  readonly as?: KeyPair
  readonly token?: string
  readonly headers?: Record<string, string>
}

function ask(path: string, { method = 'GET', body, as, token, headers = {} }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      {
        host: '127.0.0.1',
        port: http.port,
        path,
        method,
        ca: pki.caPem,
        agent: false,
        ...(as ? { cert: as.certificatePem, key: as.privateKeyPem } : {}),
        headers: {
          ...headers,
          ...(body ? { 'content-type': 'application/json' } : {}),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
      response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const json = response.headers['content-type']?.includes('json')
          resolve({ status: response.statusCode ?? 0, body: json ? JSON.parse(text) : { message: text } })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body ? JSON.stringify(body) : undefined)
  })
}

/** A request through the chain without TLS, as the server makes them to itself. */
async function request({ method, path, query = {}, body }: BootstrapRequest): Promise<unknown> {
  const response = await server.handle({
    method,
    path,
    query: new URLSearchParams(query),
    headers: {},
    credentials: {},
    user: apiserverUser,
    remoteAddress: '',
    body: body === undefined ? { is: 'none' } : { is: 'object', value: body },
    signal: new AbortController().signal,
    wantsObjects: true,
  })
  assert.equal(response.body.is, 'object')
  const { object } = response.body as { object: Record<string, never> & { message: string; reason: string } }
  if (response.status >= 400) throw new ApiError(response.status, object.reason, object.message)
  return object
}

before(async () => {
  const clock = systemClock
  pki = ensurePki({
    directory: join(directory, 'pki'),
    nodeName: 'n1',
    altNames: [],
    serviceAddresses: ['10.96.0.1'],
    clock,
  })
  const store = await openEmbeddedStore({ directory: join(directory, 'store') })
  cleanUp.unshift(() => store.close())
  const registry = await openRegistry({ store, serviceCidrs: ['10.96.0.0/16'] })
  await registry.reader.start(accessControlKinds)
  access = createAccessControl({
    reader: registry.reader,
    writer: registry.writer,
    clock,
    random: Math.random,
    serviceAccountKey: pki.serviceAccountKey,
    issuer,
    serverAddress: () => `127.0.0.1:${http.port}`,
  })
  cleanUp.unshift(() => access.close())
  server = createApiServer({
    registry,
    authenticator: access.authenticator,
    authorizer: access.authorizer,
    admissionPlugins: access.admissionPlugins,
    handlers: { create: access.createHandlers, connect: new Map() },
    identity: access.identity,
  })
  cleanUp.unshift(() => server.close())
  api = new BootstrapApi({ request })
  await bootstrap({
    api,
    clock,
    serviceCidrs: ['10.96.0.0/16'],
    clientCaPem: pki.caPem,
    frontProxyCaPem: pki.frontProxyCaPem,
  })
  http = await startHttpServer(server, {
    host: '127.0.0.1',
    port: 0,
    certificate: pki.serving.certificatePem,
    key: pki.serving.privateKeyPem,
    clientCa: pki.caPem,
  })
  cleanUp.unshift(() => http.close(100))
  const admin = pki.identity('admin')
  await ask('/api/v1/namespaces', { method: 'POST', as: admin, body: { metadata: { name: 'web' } } })
  await ask('/api/v1/namespaces/web/serviceaccounts', {
    method: 'POST',
    as: admin,
    body: { metadata: { name: 'default' } },
  })
})

after(async () => {
  for (const step of cleanUp) await step()
})

const pods = '/api/v1/namespaces/web/pods'
const pod = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
})

test('the admin certificate may do everything', async () => {
  const answer = await ask('/api/v1/namespaces', { as: pki.identity('admin') })
  assert.equal(answer.status, 200)
  const names = (answer.body as unknown as { items: { metadata: { name: string } }[] }).items.map(i => i.metadata.name)
  assert.ok(names.includes('kube-node-lease'))
})

test('a certificate of another authority is nobody, whatever it says', async () => {
  const foreign = ensurePki({
    directory: join(directory, 'foreign'),
    nodeName: 'n1',
    altNames: [],
    serviceAddresses: [],
    clock: systemClock,
  })
  const answer = await ask('/api/v1/namespaces', { as: foreign.identity('admin') })
  assert.equal(answer.status, 403)
})

test('anonymous requests reach version and health, and are told what they may not', async () => {
  assert.equal((await ask('/version')).status, 200)
  assert.equal((await ask('/readyz')).status, 200)
  const refused = await ask('/api/v1/nodes')
  assert.equal(refused.status, 403)
  assert.equal(
    refused.body.message,
    'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope',
  )
  assert.equal((await ask('/metrics')).body.message, 'forbidden: User "system:anonymous" cannot get path "/metrics"')
})

test('a service-account token is issued, works within its roles, and is refused when altered', async () => {
  const admin = pki.identity('admin')
  const made = await ask('/api/v1/namespaces/web/serviceaccounts/default/token', {
    method: 'POST',
    as: admin,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  })
  assert.equal(made.status, 201, made.body.message ?? '')
  const { token } = (made.body as unknown as { status: { token: string } }).status
  const refused = await ask(pods, { token })
  assert.equal(
    refused.body.message,
    'pods is forbidden: User "system:serviceaccount:web:default" cannot list resource "pods" in API group "" in the namespace "web"',
  )
  const binding = {
    metadata: { name: 'viewers' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:aggregate-to-view' },
    subjects: [{ kind: 'ServiceAccount', name: 'default' }],
  }
  const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/web/rolebindings'
  binding.subjects[0] = { ...binding.subjects[0], namespace: 'web' } as never
  assert.equal((await ask(path, { method: 'POST', as: admin, body: binding })).status, 201)
  assert.equal((await ask(pods, { token })).status, 200)
  assert.equal((await ask(`${path}/viewers`, { method: 'DELETE', as: admin })).status, 200)
  assert.equal((await ask(pods, { token })).status, 403)
  assert.equal((await ask(pods, { token: `${token.slice(0, -4)}AAAA` })).status, 401)
  const self = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    method: 'POST',
    token,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  })
  assert.equal(self.status, 201, self.body.message ?? '')
  const { userInfo } = (self.body as unknown as { status: { userInfo: { username: string } } }).status
  assert.equal(userInfo.username, 'system:serviceaccount:web:default')
})

test('a pod is admitted with its token volume and tolerations', async () => {
  const made = await ask(pods, { method: 'POST', as: pki.identity('admin'), body: pod('admitted') })
  assert.equal(made.status, 201, made.body.message ?? '')
  const { spec } = made.body as unknown as {
    spec: { volumes: { name: string }[]; tolerations: object[]; priority: number }
  }
  assert.match(spec.volumes[0]?.name ?? '', /^kube-api-access-[a-z0-9]{5}$/)
  assert.equal(spec.tolerations.length, 2)
  assert.equal(spec.priority, 0)
})

test('a node sees the secrets of its pods, its own Node, and no others', async () => {
  const admin = pki.identity('admin')
  const node = pki.nodeClient('n1')
  const secrets = '/api/v1/namespaces/web/secrets'
  for (const name of ['used', 'unused'])
    assert.equal((await ask(secrets, { method: 'POST', as: admin, body: { metadata: { name } } })).status, 201)
  assert.equal((await ask(`${secrets}/used`, { as: node })).status, 403)
  const volumes = [{ name: 'v', secret: { secretName: 'used' } }]
  const made = await ask(pods, { method: 'POST', as: admin, body: pod('reader', { nodeName: 'n1', volumes }) })
  assert.equal(made.status, 201, made.body.message ?? '')
  assert.equal((await ask(`${secrets}/used`, { as: node })).status, 200)
  const refused = await ask(`${secrets}/unused`, { as: node })
  assert.match(refused.body.message ?? '', /no relationship found between node 'n1' and this object$/)
  assert.equal(
    (await ask('/api/v1/nodes', { method: 'POST', as: node, body: { metadata: { name: 'n1' } } })).status,
    201,
  )
  const other = await ask('/api/v1/nodes', { method: 'POST', as: node, body: { metadata: { name: 'n2' } } })
  assert.equal(other.body.message, 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"')
  assert.equal((await ask('/api/v1/nodes/n1', { as: node })).status, 200)
  assert.equal((await ask('/api/v1/pods?fieldSelector=spec.nodeName%3Dn1', { as: node })).status, 200)
  assert.equal((await ask('/api/v1/pods', { as: node })).status, 403)
})

test('a node gets tokens for its pods only', async () => {
  const node = pki.nodeClient('n1')
  const token = (boundObjectRef?: object) =>
    ask('/api/v1/namespaces/web/serviceaccounts/default/token', {
      method: 'POST',
      as: node,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { boundObjectRef } },
    })
  const running = await ask(`${pods}/reader`, { as: node })
  const uid = running.body.metadata?.uid
  assert.equal((await token({ apiVersion: 'v1', kind: 'Pod', name: 'reader', uid })).status, 201)
  assert.match((await token()).body.message ?? '', /node requested token not bound to a pod/)
})

test('a component stops with 403 once its binding is deleted, until the next start brings it back', async () => {
  const scheduler = pki.identity('scheduler')
  assert.equal((await ask('/api/v1/pods', { as: scheduler })).status, 200)
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:kube-scheduler'
  assert.equal((await ask(path, { method: 'DELETE', as: pki.identity('admin') })).status, 200)
  assert.equal((await ask('/api/v1/pods', { as: scheduler })).status, 403)
  await bootstrap({
    api,
    clock: systemClock,
    serviceCidrs: ['10.96.0.0/16'],
    clientCaPem: pki.caPem,
    frontProxyCaPem: pki.frontProxyCaPem,
  })
  assert.equal((await ask('/api/v1/pods', { as: scheduler })).status, 200)
})

test('impersonation takes permission, and then acts with the permissions of the other', async () => {
  const headers = { 'Impersonate-User': 'jane', 'Impersonate-Group': 'devs' }
  const asJane = await ask(pods, { as: pki.identity('admin'), headers })
  assert.match(asJane.body.message ?? '', /User "jane" cannot list resource "pods"/)
  const refused = await ask(pods, { as: pki.identity('scheduler'), headers })
  assert.match(
    refused.body.message ?? '',
    /^users "jane" is forbidden: User "system:kube-scheduler" cannot impersonate/,
  )
})

test('nobody grants what they do not hold', async () => {
  const admin = pki.identity('admin')
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  const role = {
    metadata: { name: 'role-writer' },
    rules: [{ verbs: ['create'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] }],
  }
  await ask(`${rbac}/clusterroles`, { method: 'POST', as: admin, body: role })
  const binding = {
    metadata: { name: 'role-writer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'role-writer' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:kube-proxy' }],
  }
  await ask(`${rbac}/clusterrolebindings`, { method: 'POST', as: admin, body: binding })
  const body = { metadata: { name: 'mine' }, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }] }
  const refused = await ask(`${rbac}/clusterroles`, { method: 'POST', as: pki.identity('kube-proxy'), body })
  assert.equal(refused.status, 403)
  assert.match(
    refused.body.message ?? '',
    /is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["secrets"\], Verbs:\["get"\]\}$/,
  )
})

test('every controller may list and watch what it follows, as its service account', async () => {
  const may = async (user: UserInfo, verb: string, group: string, resource: string, name = '') => {
    const where = { version: 'v1', subresource: '', namespace: 'web', path: '' }
    const asked = { user, verb, resourceRequest: true, group, resource, name, ...where }
    return (await access.authorizer.authorize(asked)).decision
  }
  assert.equal(await may(controllerUser('deployment-controller'), 'create', 'apps', 'replicasets'), 'allow')
  assert.equal(await may(controllerUser('deployment-controller'), 'delete', '', 'pods'), 'noOpinion')
  assert.equal(await may(componentUser('dns'), 'watch', 'discovery.k8s.io', 'endpointslices'), 'allow')
  assert.equal(await may(componentUser('dns'), 'get', '', 'secrets'), 'noOpinion')
  assert.equal(await may(nodeUser('n1'), 'create', '', 'nodes'), 'allow')
})

test('access reviews answer for the caller and for others', async () => {
  const review = (kind: string, spec: object, as: KeyPair) =>
    ask(`/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`, {
      method: 'POST',
      as,
      body: { apiVersion: 'authorization.k8s.io/v1', kind, spec },
    })
  const allowed = ({ body }: Answer) => (body as unknown as { status: { allowed: boolean } }).status.allowed
  const resourceAttributes = { verb: 'create', resource: 'pods', subresource: 'binding', namespace: 'web' }
  assert.equal(
    allowed(await review('SelfSubjectAccessReview', { resourceAttributes }, pki.identity('scheduler'))),
    true,
  )
  assert.equal(
    allowed(await review('SelfSubjectAccessReview', { resourceAttributes }, pki.identity('kube-proxy'))),
    false,
  )
  const user = { user: 'system:kube-scheduler', resourceAttributes }
  assert.equal(allowed(await review('SubjectAccessReview', user, pki.identity('admin'))), true)
})

test('the kubernetes Service has the reserved address and this server behind it', async () => {
  const service = new KubernetesService({
    api,
    clock: systemClock,
    advertiseAddress: '192.0.2.10',
    securePort: 6443,
    serviceAddress: '10.96.0.1',
    leases: new StoredMasterLeases(server.registry.store),
  })
  await service.start()
  const admin = pki.identity('admin')
  const made = await ask('/api/v1/namespaces/default/services/kubernetes', { as: admin })
  assert.equal((made.body as unknown as { spec: { clusterIP: string } }).spec.clusterIP, '10.96.0.1')
  const slice = await ask('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes', { as: admin })
  const { endpoints } = slice.body as unknown as { endpoints: { addresses: string[] }[] }
  assert.deepEqual(endpoints[0]?.addresses, ['192.0.2.10'])
  const { store } = server.registry
  const [stored] = (await store.range({ start: `${masterLeasesPrefix}192.0.2.10` })).kvs
  assert.ok(stored && stored.lease !== 0)
  // Its lease ran out, as after a long pause: the next turn takes a new one.
  await store.revokeLease(stored.lease)
  await service.reconcile()
  assert.deepEqual(await new StoredMasterLeases(store).list(), ['192.0.2.10'])
  await service.stop()
  assert.deepEqual(await new StoredMasterLeases(store).list(), [])
})

test('the token issuer publishes its keys to service accounts', async () => {
  const { body } = await ask('/.well-known/openid-configuration', { as: pki.identity('admin') })
  assert.equal((body as unknown as { issuer: string }).issuer, issuer)
  const jwks = await ask('/openid/v1/jwks', { as: pki.identity('admin') })
  assert.equal((jwks.body as unknown as { keys: { alg: string }[] }).keys[0]?.alg, 'RS256')
  assert.equal((await ask('/openid/v1/jwks')).status, 403)
})
