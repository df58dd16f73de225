import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClusterRole } from '../../api/rbac/v1/cluster-role.ts'
import { ClusterRoleBinding } from '../../api/rbac/v1/cluster-role-binding.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'
import { missingRules } from './cover.ts'
import { EscalationCheck } from './escalation.ts'
import { RbacAuthorizer } from './rbac-authorizer.ts'
import { MemoryReader } from './testing/memory-reader.ts'

const jane = { username: 'jane', groups: ['devs'] }

function write(resource: string, object: object, oldObject?: object, user = jane): AdmissionAttributes {
  return {
    operation: oldObject ? 'UPDATE' : 'CREATE',
    kind: ClusterRole,
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    resource,
    subresource: '',
    namespace: '',
    name: '',
    object: object as Record<string, unknown>,
    oldObject: oldObject as Record<string, unknown> | undefined,
    options: {},
    user,
    dryRun: false,
    warn: () => {},
  }
}

function world(...rules: object[]) {
  const reader = new MemoryReader()
  const rbac = new RbacAuthorizer(reader)
  reader.put(ClusterRole, { metadata: { name: 'janes' }, rules })
  reader.put(ClusterRoleBinding, {
    metadata: { name: 'janes' },
    roleRef: { apiGroup: '', kind: 'ClusterRole', name: 'janes' },
    subjects: [{ kind: 'User', name: 'jane' }],
  })
  return { reader, check: new EscalationCheck(rbac, rbac) }
}

const pods = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }
const role = (...rules: object[]) => ({ metadata: { name: 'new' }, rules })

test('a role may give what its writer holds', async () => {
  const { check } = world(pods)
  await check.validate(write('clusterroles', role({ ...pods, verbs: ['get'] })))
})

test('a role may not give more, and the message names what is missing', async () => {
  const { check } = world(pods)
  await assert.rejects(check.validate(write('clusterroles', role({ ...pods, resources: ['pods', 'secrets'] }))), {
    name: 'ApiError',
    message:
      'clusterroles.rbac.authorization.k8s.io "new" is forbidden: user "jane" (groups=["devs"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
  })
})

test('who may escalate, and system:masters, may write any role', async () => {
  const escalate = { verbs: ['escalate'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] }
  const all = role({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] })
  await world(escalate).check.validate(write('clusterroles', all))
  await world().check.validate(write('clusterroles', all, undefined, { username: 'root', groups: ['system:masters'] }))
  await assert.rejects(world().check.validate(write('clusterroles', all)))
})

test('a change of owners and finalizers alone is no grant', async () => {
  const { check } = world()
  const before = role(pods)
  await check.validate(write('clusterroles', { ...before, metadata: { name: 'new', finalizers: ['x'] } }, before))
  await assert.rejects(
    check.validate(write('clusterroles', { ...before, metadata: { name: 'new', labels: { a: 'b' } } }, before)),
  )
})

test('a binding needs the rules of its role or the verb bind', async () => {
  const { reader, check } = world(pods)
  reader.put(ClusterRole, role({ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }))
  const binding = (name: string) => ({
    metadata: { name: 'b' },
    roleRef: { apiGroup: '', kind: 'ClusterRole', name },
    subjects: [],
  })
  await check.validate(write('clusterrolebindings', binding('janes')))
  await assert.rejects(check.validate(write('clusterrolebindings', binding('new'))), /not currently held/)
  await assert.rejects(check.validate(write('clusterrolebindings', binding('gone'))), { code: 404 })
  const binder = world({
    verbs: ['bind'],
    apiGroups: ['rbac.authorization.k8s.io'],
    resources: ['clusterroles'],
    resourceNames: ['new'],
  })
  binder.reader.put(ClusterRole, role(pods))
  await binder.check.validate(write('clusterrolebindings', binding('new')))
})

test('an aggregation rule takes full authority', async () => {
  const { check } = world(pods)
  await assert.rejects(
    check.validate(write('clusterroles', { ...role(pods), aggregationRule: { clusterRoleSelectors: [] } })),
    /must have cluster-admin privileges to use the aggregationRule/,
  )
})

test('missingRules knows wildcards, names and subresources', () => {
  const one = (resources: string[], resourceNames?: string[]) => ({
    verbs: ['get'],
    apiGroups: [''],
    resources,
    ...(resourceNames ? { resourceNames } : {}),
  })
  assert.deepEqual(missingRules([one(['*'])], [one(['pods', 'pods/log'])]), [])
  assert.deepEqual(missingRules([one(['*/scale'])], [one(['pods/scale'])]), [])
  assert.deepEqual(missingRules([one(['pods'], ['a'])], [one(['pods'], ['a'])]), [])
  assert.equal(missingRules([one(['pods'], ['a'])], [one(['pods'])]).length, 1)
  assert.equal(
    missingRules([{ verbs: ['get'], nonResourceURLs: ['/a/*'] }], [{ verbs: ['get'], nonResourceURLs: ['/a/b', '/b'] }])
      .length,
    1,
  )
})
