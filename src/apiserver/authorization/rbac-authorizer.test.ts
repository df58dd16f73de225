import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClusterRole } from '../../api/rbac/v1/cluster-role.ts'
import { ClusterRoleBinding } from '../../api/rbac/v1/cluster-role-binding.ts'
import { Role } from '../../api/rbac/v1/role.ts'
import { RoleBinding } from '../../api/rbac/v1/role-binding.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import type { Attributes } from './authorizer.ts'
import { mastersAuthorizer, unionAuthorizer } from './authorizers.ts'
import { forbiddenFor } from './forbidden.ts'
import { RbacAuthorizer } from './rbac-authorizer.ts'
import { MemoryReader } from './testing/memory-reader.ts'

const jane: UserInfo = { username: 'jane', groups: ['devs', 'system:authenticated'] }

const ask = (user: UserInfo, verb: string, resource: string, rest: Partial<Attributes> = {}): Attributes => ({
  user,
  verb,
  resourceRequest: true,
  group: '',
  version: 'v1',
  resource,
  subresource: '',
  namespace: 'web',
  name: '',
  path: '',
  ...rest,
})

const apiGroup = 'rbac.authorization.k8s.io'

function world() {
  const reader = new MemoryReader()
  const rbac = new RbacAuthorizer(reader)
  const allows = async (attributes: Attributes) => (await rbac.authorize(attributes)).decision === 'allow'
  const role = (name: string, ...rules: object[]) => reader.put(ClusterRole, { metadata: { name }, rules })
  const bind = (name: string, roleName: string, subject: object, namespace?: string) =>
    reader.put(namespace === undefined ? ClusterRoleBinding : RoleBinding, {
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      roleRef: { apiGroup, kind: 'ClusterRole', name: roleName },
      subjects: [subject],
    })
  return { reader, rbac, allows, role, bind }
}

test('a role binding grants in its namespace alone, a cluster role binding everywhere', async () => {
  const { allows, role, bind } = world()
  role('reader', { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] })
  bind('readers', 'reader', { kind: 'Group', name: 'devs' }, 'web')
  assert.ok(await allows(ask(jane, 'list', 'pods')))
  assert.ok(!(await allows(ask(jane, 'list', 'pods', { namespace: 'other' }))))
  assert.ok(!(await allows(ask(jane, 'list', 'pods', { namespace: '' }))))
  assert.ok(!(await allows(ask(jane, 'delete', 'pods'))))
  bind('readers', 'reader', { kind: 'User', name: 'jane' })
  assert.ok(await allows(ask(jane, 'list', 'pods', { namespace: '' })))
})

test('a binding that is deleted or changed at run time stops granting at once', async () => {
  const { reader, allows, role, bind } = world()
  role('reader', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] })
  bind('b', 'reader', { kind: 'User', name: 'jane' })
  assert.ok(await allows(ask(jane, 'list', 'pods')))
  bind('b', 'reader', { kind: 'User', name: 'john' })
  assert.ok(!(await allows(ask(jane, 'list', 'pods'))))
  bind('b', 'reader', { kind: 'User', name: 'jane' })
  assert.ok(await allows(ask(jane, 'list', 'pods')))
  reader.delete(ClusterRoleBinding, '', 'b')
  assert.ok(!(await allows(ask(jane, 'list', 'pods'))))
})

test('a binding that is told of again, without what it was before, replaces what it granted', async () => {
  const told: ((change: { type: 'added'; object: object }) => void)[] = []
  const reader = new MemoryReader()
  reader.subscribe = ((_: unknown, handler: never) => {
    told.push(handler)
    return () => {}
  }) as never
  const rbac = new RbacAuthorizer(reader)
  reader.put(ClusterRole, { metadata: { name: 'r' }, rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] })
  const binding = (name: string) => ({
    metadata: { name: 'b' },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'r' },
    subjects: [{ kind: 'User', name }],
  })
  for (const name of ['jane', 'john']) told[0]?.({ type: 'added', object: binding(name) })
  assert.equal((await rbac.authorize(ask(jane, 'get', 'pods'))).decision, 'noOpinion')
})

test('a service account is found by namespace and name, in the binding namespace by default', async () => {
  const { allows, role, bind } = world()
  role('reader', { verbs: ['get'], apiGroups: [''], resources: ['pods'] })
  bind('here', 'reader', { kind: 'ServiceAccount', name: 'bot' }, 'web')
  bind('there', 'reader', { kind: 'ServiceAccount', name: 'bot', namespace: 'ops' }, 'db')
  const bot = (namespace: string) => ({ username: `system:serviceaccount:${namespace}:bot`, groups: [] })
  assert.ok(await allows(ask(bot('web'), 'get', 'pods')))
  assert.ok(!(await allows(ask(bot('ops'), 'get', 'pods'))))
  assert.ok(await allows(ask(bot('ops'), 'get', 'pods', { namespace: 'db' })))
})

test('subresources, names and paths match as upstream matches them', async () => {
  const { allows, role, bind } = world()
  role(
    'mixed',
    { verbs: ['get'], apiGroups: [''], resources: ['pods/log'] },
    { verbs: ['update'], apiGroups: ['*'], resources: ['*/scale'] },
    { verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'] },
    { verbs: ['get'], nonResourceURLs: ['/healthz', '/api/*'] },
  )
  bind('b', 'mixed', { kind: 'User', name: 'jane' })
  assert.ok(await allows(ask(jane, 'get', 'pods', { subresource: 'log' })))
  assert.ok(!(await allows(ask(jane, 'get', 'pods'))))
  assert.ok(await allows(ask(jane, 'update', 'deployments', { group: 'apps', subresource: 'scale' })))
  assert.ok(!(await allows(ask(jane, 'update', 'deployments', { group: 'apps', subresource: 'status' }))))
  assert.ok(await allows(ask(jane, 'get', 'configmaps', { name: 'one' })))
  assert.ok(!(await allows(ask(jane, 'get', 'configmaps', { name: 'two' }))))
  assert.ok(!(await allows(ask(jane, 'get', 'configmaps'))))
  const path = (p: string) => ask(jane, 'get', '', { resourceRequest: false, path: p, namespace: '' })
  assert.ok(await allows(path('/healthz')))
  assert.ok(!(await allows(path('/healthz/ping'))))
  assert.ok(await allows(path('/api/v1')))
  assert.ok(!(await allows(path('/apis'))))
})

test('reasons name the binding that allows and the role that is missing', async () => {
  const { rbac, role, bind } = world()
  bind('b', 'gone', { kind: 'Group', name: 'devs' })
  assert.deepEqual(await rbac.authorize(ask(jane, 'get', 'pods')), {
    decision: 'noOpinion',
    reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
  })
  role('reader', { verbs: ['get'], apiGroups: [''], resources: ['pods'] })
  bind('readers', 'reader', { kind: 'ServiceAccount', name: 'bot' }, 'web')
  const bot = { username: 'system:serviceaccount:web:bot', groups: [] }
  assert.equal(
    (await rbac.authorize(ask(bot, 'get', 'pods'))).reason,
    'RBAC: allowed by RoleBinding "readers/web" of ClusterRole "reader" to ServiceAccount "bot/web"',
  )
})

test('a role of a namespace serves bindings of that namespace only', async () => {
  const { reader, allows } = world()
  reader.put(Role, {
    metadata: { name: 'r', namespace: 'web' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  })
  for (const namespace of ['web', 'db'])
    reader.put(RoleBinding, {
      metadata: { name: 'b', namespace },
      roleRef: { apiGroup, kind: 'Role', name: 'r' },
      subjects: [{ kind: 'User', name: 'jane' }],
    })
  assert.ok(await allows(ask(jane, 'get', 'pods')))
  assert.ok(!(await allows(ask(jane, 'get', 'pods', { namespace: 'db' }))))
})

test('members of system:masters may do everything without any role', async () => {
  const { rbac } = world()
  const union = unionAuthorizer([mastersAuthorizer, rbac])
  const admin = { username: 'x', groups: ['system:masters'] }
  assert.equal((await union.authorize(ask(admin, 'escalate', 'clusterroles'))).decision, 'allow')
  assert.equal((await union.authorize(ask(jane, 'get', 'pods'))).decision, 'noOpinion')
})

test('the 403 reads as the one that clients know', () => {
  const error = forbiddenFor(ask(jane, 'list', 'deployments', { group: 'apps', namespace: 'web' }), '')
  assert.equal(error.code, 403)
  assert.equal(
    error.message,
    'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" in the namespace "web"',
  )
  assert.deepEqual(error.status.details, { group: 'apps', kind: 'deployments' })
  assert.equal(
    forbiddenFor(ask(jane, 'get', 'pods', { subresource: 'log', name: 'p', namespace: '' }), 'because').message,
    'pods "p" is forbidden: User "jane" cannot get resource "pods/log" in API group "" at the cluster scope: because',
  )
  assert.equal(
    forbiddenFor(ask(jane, 'get', '', { resourceRequest: false, path: '/<x>' }), '').message,
    'forbidden: User "jane" cannot get path "/&lt;x&gt;"',
  )
})

test('rulesFor lists what a user holds in a namespace and says what it could not find', async () => {
  const { rbac, role, bind } = world()
  role('a', { verbs: ['get'], apiGroups: [''], resources: ['pods'] }, { verbs: ['get'], nonResourceURLs: ['/x'] })
  bind('a', 'a', { kind: 'User', name: 'jane' })
  bind('b', 'gone', { kind: 'User', name: 'jane' }, 'web')
  const rules = await rbac.rulesFor(jane, 'web')
  assert.deepEqual(rules.resourceRules, [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }])
  assert.deepEqual(rules.nonResourceRules, [{ verbs: ['get'], nonResourceURLs: ['/x'] }])
  assert.equal(rules.incomplete, true)
  assert.match(rules.evaluationError ?? '', /"gone" not found/)
  assert.equal((await rbac.rulesFor(jane, 'db')).incomplete, false)
})
