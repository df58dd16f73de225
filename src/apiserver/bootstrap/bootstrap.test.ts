import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { kinds } from '../../api/kinds.ts'
import type { PolicyRule } from '../../api/rbac/v1/rules.ts'
import type { Clock } from '../../base/clock.ts'
import { alreadyExistsError, notFoundError } from '../../machinery/api-error.ts'
import { groupsOf } from '../../machinery/discovery/api-groups.ts'
import { missingRules } from '../authorization/cover.ts'
import { localApiServices } from './api-services.ts'
import { bootstrap } from './bootstrap.ts'
import { BootstrapApi, type BootstrapRequest } from './bootstrap-api.ts'
import { defaultClusterRoleBindings, defaultClusterRoles, defaultRoleBindings, defaultRoles } from './default-roles.ts'
import { defaultFlowSchemas, defaultPriorityLevels, reconciledFlowObject } from './flow-objects.ts'
import { KubernetesService } from './kubernetes-service.ts'
import type { MasterLeases } from './master-leases.ts'
import { reconciledBinding, reconciledRole } from './reconcile.ts'
import { ServerIdentity, serverIdOf } from './server-identity.ts'

const referenceFolder = join(import.meta.dirname, '../../../../shared/reference/bootstrap')
const skipReference = existsSync(referenceFolder) ? false : 'the reference facts are not beside the repository'

class TestClock implements Clock {
  nowMs = Date.parse('2026-01-02T03:04:05Z')
  now() {
    return this.nowMs
  }
  monotonic() {
    return this.nowMs
  }
  after() {
    return { cancel() {} }
  }
}

type Json = { metadata: { name: string; namespace?: string; labels?: object } } & Record<string, unknown>

/** A server that keeps objects by `resource/namespace/name`. */
class MemoryServer {
  readonly objects = new Map<string, Json>()
  readonly writes: string[] = []
  async request({ method, path, body }: BootstrapRequest): Promise<unknown> {
    const match =
      /^\/apis?(?:\/[^/]+\.k8s\.io)?\/v1(?:\/namespaces\/([^/]+)(?=\/))?\/([a-z]+)(?:\/([^/]+))?(?:\/status)?$/.exec(
        path,
      )
    assert.ok(match, path)
    const [, namespace = '', resource = '', encoded] = match
    if (method !== 'GET') this.writes.push(`${method} ${path}`)
    const object = body as Json
    const name = encoded === undefined ? object?.metadata.name : decodeURIComponent(encoded)
    const key = `${resource}/${namespace}/${name}`
    if (method === 'POST' && this.objects.has(key)) throw alreadyExistsError('', resource, name)
    if (method === 'POST' || method === 'PUT') return this.objects.set(key, object)
    if (method === 'DELETE') return this.objects.delete(key)
    if (encoded === undefined) {
      const prefix = namespace === '' ? `${resource}/` : `${resource}/${namespace}/`
      return { items: [...this.objects].filter(([at]) => at.startsWith(prefix)).map(([, value]) => value) }
    }
    const one = this.objects.get(key)
    if (!one) throw notFoundError('', resource, name)
    return one
  }
}

function world() {
  const server = new MemoryServer()
  const clock = new TestClock()
  const api = new BootstrapApi(server)
  const run = () => bootstrap({ api, clock, serviceCidrs: ['10.96.0.0/16'], clientCaPem: 'CA', frontProxyCaPem: 'FP' })
  return { server, clock, api, run }
}

test('a start makes everything, the next changes nothing', async () => {
  const { server, run } = world()
  await run()
  assert.ok(server.objects.has('namespaces//kube-node-lease'))
  assert.ok(server.objects.has('clusterrolebindings//system:kube-scheduler'))
  assert.ok(server.objects.has('priorityclasses//system-node-critical'))
  assert.ok(server.objects.has('configmaps/kube-system/extension-apiserver-authentication'))
  server.writes.length = 0
  await run()
  assert.deepEqual(server.writes, [])
})

test('namespaces come before what lies in them', async () => {
  const { server, run } = world()
  await run()
  const last = server.writes.lastIndexOf('POST /api/v1/namespaces')
  assert.ok(last < server.writes.findIndex(write => write.includes('/namespaces/')))
})

test('a start brings back a deleted binding and a lost subject', async () => {
  const { server, run } = world()
  await run()
  const path = 'clusterrolebindings//system:kube-scheduler'
  server.objects.delete(path)
  await run()
  assert.ok(server.objects.has(path))
  server.objects.set(path, { ...(server.objects.get(path) as Json), subjects: [{ kind: 'User', name: 'mine' }] })
  await run()
  assert.deepEqual(
    ((server.objects.get(path) as Json).subjects as { name: string }[]).map(s => s.name),
    ['mine', 'system:kube-scheduler'],
  )
})

test('a role keeps what was added and gets what is missing, unless autoupdate is off', () => {
  const get = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
  const own = { verbs: ['get'], apiGroups: [''], resources: ['nodes'] }
  const next = reconciledRole({ metadata: {}, rules: [own] }, { rules: [get] })
  assert.deepEqual(next?.rules, [own, get])
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }
  assert.equal(reconciledRole({ metadata: { annotations }, rules: [] }, { rules: [get] }), undefined)
})

test('a binding to another role is made anew', () => {
  const wanted = { roleRef: { kind: 'ClusterRole', name: 'a' }, subjects: [] }
  const result = reconciledBinding({ metadata: {}, roleRef: { kind: 'ClusterRole', name: 'b' } }, wanted)
  assert.equal(result?.recreate, true)
  assert.equal(result?.object.roleRef.name, 'a')
})

test('the Leases of API servers that are long gone are removed, and no others', async () => {
  const { server, api, clock } = world()
  const gone = new ServerIdentity({ api, clock, serverName: 'gone' })
  await gone.renew()
  const other = { metadata: { namespace: 'kube-system', name: 'kube-scheduler' }, spec: {} }
  server.objects.set('leases/kube-system/kube-scheduler', other as never)
  clock.nowMs += 3_601_000
  const here = new ServerIdentity({ api, clock, serverName: 'here' })
  await here.renew()
  await here.collect()
  const names = [...server.objects.keys()].sort()
  assert.deepEqual(names, ['leases/kube-system/kube-scheduler', `leases/kube-system/${serverIdOf('here')}`].sort())
  assert.match(serverIdOf('here'), /^apiserver-[a-z2-7]{26}$/)
})

class MemoryLeases implements MasterLeases {
  readonly addresses = new Set<string>()
  async renew(address: string) {
    this.addresses.add(address)
  }
  async list() {
    return [...this.addresses].sort()
  }
  async remove(address: string) {
    this.addresses.delete(address)
  }
}

test('the kubernetes Service has the addresses of two servers, then of the one that stays', async () => {
  const { server, api, clock } = world()
  const leases = new MemoryLeases()
  const of = (advertiseAddress: string) =>
    new KubernetesService({ api, clock, leases, advertiseAddress, securePort: 6443, serviceAddress: '10.96.0.1' })
  const one = of('10.0.0.1')
  const two = of('10.0.0.2')
  await one.start()
  await two.start()
  const addresses = () => {
    const slice = server.objects.get('endpointslices/default/kubernetes') as Json
    return (slice.endpoints as { addresses: string[] }[]).flatMap(e => e.addresses)
  }
  assert.deepEqual(addresses(), ['10.0.0.1', '10.0.0.2'])
  await one.stop()
  assert.deepEqual(addresses(), ['10.0.0.2'])
  const endpoints = server.objects.get('endpoints/default/kubernetes')
  assert.deepEqual(endpoints?.subsets, [
    { addresses: [{ ip: '10.0.0.2' }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] },
  ])
})

test('a server whose address is no endpoint serves all the same, and tries again', async () => {
  const { server, clock } = world()
  let isRefused = true
  const request: MemoryServer['request'] = async asked => {
    if (isRefused && asked.path.includes('endpointslices') && asked.method !== 'GET')
      throw new Error('endpoints[0].addresses[0]: may not be in the loopback range (127.0.0.0/8, ::1/128)')
    return server.request(asked)
  }
  const service = new KubernetesService({
    api: new BootstrapApi({ request }),
    clock,
    leases: new MemoryLeases(),
    advertiseAddress: '127.0.0.1',
    securePort: 6443,
    serviceAddress: '10.96.0.1',
  })
  await service.start()
  assert.ok(server.objects.has('services/default/kubernetes'))
  assert.ok(!server.objects.has('endpointslices/default/kubernetes'))
  isRefused = false
  await service.reconcile()
  assert.ok(server.objects.has('endpointslices/default/kubernetes'))
  await service.stop()
})

const reference = (name: string): Json[] => JSON.parse(readFileSync(join(referenceFolder, `${name}.json`), 'utf8'))
const skip = existsSync(referenceFolder) ? false : 'the reference is not at hand'
const keyOf = ({ metadata }: Json) => `${metadata.namespace ?? ''}/${metadata.name}`
const isOwn = (key: string) => key.includes('system:clipper:')

function sameExceptOwn(ours: readonly object[], file: string, compare: (ours: Json, theirs: Json) => void): void {
  const theirs = new Map(reference(file).map(object => [keyOf(object), object]))
  const mine = new Map((ours as readonly Json[]).map(object => [keyOf(object), object]))
  assert.deepEqual([...mine.keys()].filter(key => !isOwn(key)).sort(), [...theirs.keys()].sort())
  for (const [key, object] of theirs) compare(mine.get(key) as Json, object)
}

test('the default roles and bindings are those of the reference cluster', { skip }, () => {
  sameExceptOwn(defaultClusterRoles, 'clusterroles', (ours, theirs) => {
    assert.deepEqual(ours.metadata, theirs.metadata)
    assert.deepEqual(ours.aggregationRule, theirs.aggregationRule)
    if (!theirs.aggregationRule) assert.deepEqual(ours.rules, theirs.rules, ours.metadata.name)
  })
  for (const [ours, file] of [
    [defaultClusterRoleBindings, 'clusterrolebindings'],
    [defaultRoles, 'roles'],
    [defaultRoleBindings, 'rolebindings'],
  ] as const)
    sameExceptOwn(ours, file, (mine, theirs) => assert.deepEqual(mine, theirs))
})

test('the roles for people grant the same as in the reference cluster once they are aggregated', { skip }, () => {
  const rules = (name: string) =>
    (defaultClusterRoles as readonly Json[]).find(role => role.metadata.name === name)?.rules as PolicyRule[]
  const parts = { view: ['view'], edit: ['view', 'edit'], admin: ['view', 'edit', 'admin'] }
  for (const [name, from] of Object.entries(parts)) {
    const ours = from.flatMap(part => rules(`system:aggregate-to-${part}`))
    const theirs = reference('clusterroles').find(role => role.metadata.name === name)?.rules as PolicyRule[]
    assert.deepEqual(missingRules(ours, theirs), [])
    assert.deepEqual(missingRules(theirs, ours), [])
  }
})

test('flow schemas, priority levels and API services are upstream’s', { skip: skipReference }, () => {
  const items = (name: string): Json[] => {
    const parsed = JSON.parse(readFileSync(join(referenceFolder, `${name}.json`), 'utf8'))
    return parsed.items ?? parsed
  }
  const specs = (objects: readonly { metadata: { name: string }; spec?: unknown }[]) =>
    Object.fromEntries(objects.map(({ metadata, spec }) => [metadata.name, spec]))
  assert.deepEqual(specs(defaultFlowSchemas), specs(items('flowschemas')))
  assert.deepEqual(specs(defaultPriorityLevels), specs(items('prioritylevels')))
  const theirs = specs(items('apiservices')) as Record<string, unknown>
  for (const { metadata, spec } of localApiServices(groupsOf(kinds))) assert.deepEqual(spec, theirs[metadata.name])
})

test('mandatory flow objects are put right, changed suggestions are kept', () => {
  const wanted = defaultPriorityLevels.find(({ metadata }) => metadata.name === 'system')!
  const made = (generation: number, spec: unknown, annotations?: Record<string, string>) => ({
    metadata: { name: 'system', generation, ...(annotations ? { annotations } : {}) },
    spec,
  })
  const key = 'apf.kubernetes.io/autoupdate-spec'
  assert.equal(reconciledFlowObject(made(1, wanted.spec, { [key]: 'true' }), wanted), undefined)
  assert.deepEqual(reconciledFlowObject(made(3, {}, { [key]: 'true' }), wanted)?.spec, wanted.spec)
  assert.equal(reconciledFlowObject(made(3, {}, { [key]: 'false' }), wanted), undefined)
  assert.deepEqual(reconciledFlowObject(made(2, { type: 'mine' }), wanted)?.metadata.annotations, { [key]: 'false' })
})
