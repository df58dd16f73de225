import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SelfSubjectAccessReview } from '../../api/authorization/v1/self-subject-access-review.ts'
import type { ServerRequest } from '../chain/server-request.ts'
import { respondValue } from './respond.ts'

const asking = (accept: string) =>
  ({ headers: { accept }, query: new URLSearchParams(), wantsObjects: false, cbor: false }) as unknown as ServerRequest

test('a review is shown as itself or by its metadata, but as no table', () => {
  const review = { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: {}, spec: {} }
  const asked = (accept: string) => respondValue(asking(accept), 201, review, SelfSubjectAccessReview)
  assert.equal(asked('application/json').headers['content-type'], 'application/json')
  assert.equal(asked('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io').status, 201)
  assert.throws(() => asked('application/json;as=Table;v=v1;g=meta.k8s.io'), {
    code: 406,
    message: /^only the following media types are accepted: application\/json, /,
  })
})
