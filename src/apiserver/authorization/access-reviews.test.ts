import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reviewLocalSubjectAccess, reviewSelfAccess, reviewSelfRules, reviewSubjectAccess } from './access-reviews.ts'
import type { Attributes, Authorizer } from './authorizer.ts'

function recorder(decision: 'allow' | 'deny' | 'noOpinion', reason = '') {
  const asked: Attributes[] = []
  const authorizer: Authorizer = {
    async authorize(attributes) {
      asked.push(attributes)
      return { decision, reason }
    },
    async rulesFor() {
      return {
        resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
        nonResourceRules: [],
        incomplete: false,
      }
    },
  }
  return { asked, authorizer }
}

const jane = { username: 'jane', groups: ['devs'] }

test('a SubjectAccessReview asks for the user it names', async () => {
  const { asked, authorizer } = recorder('allow', 'RBAC: allowed')
  const review = await reviewSubjectAccess(
    { spec: { user: 'bob', groups: ['g'], resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'web' } } },
    authorizer,
  )
  assert.deepEqual(review.status, { allowed: true, reason: 'RBAC: allowed' })
  assert.equal(asked[0]?.user.username, 'bob')
  assert.deepEqual([asked[0]?.verb, asked[0]?.resource, asked[0]?.namespace], ['get', 'pods', 'web'])
})

test('a SelfSubjectAccessReview asks for the caller, of paths too', async () => {
  const { asked, authorizer } = recorder('deny', 'no')
  const review = await reviewSelfAccess(
    { spec: { nonResourceAttributes: { path: '/x', verb: 'get' } } },
    jane,
    authorizer,
  )
  assert.deepEqual(review.status, { allowed: false, denied: true, reason: 'no' })
  assert.deepEqual([asked[0]?.user, asked[0]?.resourceRequest, asked[0]?.path], [jane, false, '/x'])
})

test('a review that asks nothing, or for nobody, is invalid', async () => {
  const { authorizer } = recorder('allow')
  await assert.rejects(reviewSubjectAccess({ spec: {} }, authorizer), { code: 422 })
  await assert.rejects(reviewSelfAccess({ spec: {} }, jane, authorizer), /exactly one of nonResourceAttributes/)
})

test('a LocalSubjectAccessReview stays in its namespace', async () => {
  const { authorizer } = recorder('noOpinion')
  const spec = { user: 'bob', resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'web' } }
  assert.equal((await reviewLocalSubjectAccess({ spec }, 'web', authorizer)).status.allowed, false)
  await assert.rejects(reviewLocalSubjectAccess({ spec }, 'db', authorizer), { code: 422 })
})

test('a SelfSubjectRulesReview lists the rules of a namespace', async () => {
  const { authorizer } = recorder('allow')
  const review = await reviewSelfRules({ spec: { namespace: 'web' } }, jane, authorizer)
  assert.equal(review.status.resourceRules.length, 1)
  await assert.rejects(reviewSelfRules({ spec: {} }, jane, authorizer), { code: 400 })
})
