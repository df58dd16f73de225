import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attributes, Authorizer } from '../authorization/authorizer.ts'
import { impersonate } from './impersonation.ts'

const admin = { username: 'admin', groups: ['ops'] }

function authorizer(allow: (attributes: Attributes) => boolean) {
  const asked: string[] = []
  const made: Authorizer = {
    async authorize(a) {
      asked.push(`${a.verb} ${a.group}/${a.resource}/${a.subresource} ${a.namespace}/${a.name}`)
      return { decision: allow(a) ? 'allow' : 'noOpinion', reason: '' }
    },
    rulesFor: () => assert.fail('not asked'),
  }
  return { asked, made }
}

const yes = () => authorizer(() => true)

test('a request without the headers impersonates nobody', async () => {
  assert.equal(await impersonate({ 'user-agent': 'kubectl' }, admin, authorizer(() => false).made), undefined)
})

test('user, groups, uid and extra are each authorized', async () => {
  const { asked, made } = yes()
  const user = await impersonate(
    {
      'impersonate-user': 'jane',
      'impersonate-group': 'devs, testers',
      'impersonate-uid': 'u-1',
      'impersonate-extra-acme.com%2fproject': ['x', 'y'],
    },
    admin,
    made,
  )
  assert.deepEqual(asked, [
    'impersonate /users/ /jane',
    'impersonate /groups/ /devs',
    'impersonate /groups/ /testers',
    'impersonate authentication.k8s.io/uids/ /u-1',
    'impersonate authentication.k8s.io/userextras/acme.com/project /x',
    'impersonate authentication.k8s.io/userextras/acme.com/project /y',
  ])
  assert.deepEqual(user, {
    username: 'jane',
    uid: 'u-1',
    groups: ['devs', 'testers', 'system:authenticated'],
    extra: { 'acme.com/project': ['x', 'y'] },
  })
})

test('a service account brings its groups, the anonymous user its own', async () => {
  const { asked, made } = yes()
  const bot = await impersonate({ 'impersonate-user': 'system:serviceaccount:web:bot' }, admin, made)
  assert.deepEqual(asked, ['impersonate /serviceaccounts/ web/bot'])
  assert.deepEqual(bot?.groups, ['system:serviceaccounts', 'system:serviceaccounts:web', 'system:authenticated'])
  const nobody = await impersonate({ 'impersonate-user': 'system:anonymous' }, admin, made)
  assert.deepEqual(nobody?.groups, ['system:unauthenticated'])
})

test('what is not allowed is a 403 that names it', async () => {
  const { made } = authorizer(a => a.resource === 'users')
  await assert.rejects(
    impersonate({ 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' }, admin, made),
    {
      code: 403,
      message:
        'groups "system:masters" is forbidden: User "admin" cannot impersonate resource "groups" in API group "" at the cluster scope',
    },
  )
})

test('groups without a user are an error', async () => {
  await assert.rejects(impersonate({ 'impersonate-group': 'devs' }, admin, yes().made), {
    code: 400,
    message:
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"devs"}, Extra:map[string][]string(nil)} without impersonating a user name',
  })
})
