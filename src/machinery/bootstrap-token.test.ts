import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import type { Secret } from '../api/core/v1/secret.ts'
import {
  bootstrapGroups,
  detachedSignature,
  isSignatureOf,
  parseBootstrapToken,
  signingToken,
  tokenExpiryMs,
} from './bootstrap-token.ts'

const nowMs = Date.parse('2026-06-01T00:00:00Z')
const token = { id: 'abcdef', secret: '0123456789abcdef' }

const secretOf = (fields: Record<string, string> = {}, more: object = {}): Secret =>
  ({
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system', uid: 'u' },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(
      Object.entries({
        'token-id': token.id,
        'token-secret': token.secret,
        'usage-bootstrap-authentication': 'true',
        'usage-bootstrap-signing': 'true',
        ...fields,
      }).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
    ...more,
  }) as unknown as Secret

test('a token is an id and a secret of lower-case letters and digits', () => {
  assert.deepEqual(parseBootstrapToken('abcdef.0123456789abcdef'), token)
  for (const bad of ['', 'abcdef', 'ABCDEF.0123456789abcdef', 'abcdef.0123456789abcde', 'abcdef.0123456789abcdef.x'])
    assert.equal(parseBootstrapToken(bad), undefined, bad)
})

test('a Secret vouches for its token alone, while it is whole, meant for it and not over', () => {
  const groups = (fields?: Record<string, string>, shown = token, more?: object) =>
    bootstrapGroups(secretOf(fields, more), shown, nowMs)
  assert.deepEqual(groups(), ['system:bootstrappers'])
  assert.deepEqual(groups({ 'auth-extra-groups': 'system:bootstrappers:b,system:bootstrappers:a' }), [
    'system:bootstrappers',
    'system:bootstrappers:a',
    'system:bootstrappers:b',
  ])
  assert.equal(groups({}, { ...token, secret: 'fedcba9876543210' }), undefined)
  assert.equal(groups({ 'auth-extra-groups': 'system:masters' }), undefined)
  assert.equal(groups({ 'usage-bootstrap-authentication': 'yes' }), undefined)
  assert.equal(groups({ 'token-id': 'zzzzzz' }), undefined)
  assert.equal(groups({ expiration: '2026-06-01T00:00:00Z' }), undefined)
  assert.deepEqual(groups({ expiration: '2026-06-01T02:00:01+02:00' }), ['system:bootstrappers'])
  assert.equal(groups({}, token, { type: 'Opaque' }), undefined)
  const deleted = { name: 'bootstrap-token-abcdef', namespace: 'kube-system', deletionTimestamp: 'now' }
  assert.equal(groups({}, token, { metadata: deleted }), undefined)
})

test('a time that cannot be read is over', () => {
  assert.equal(tokenExpiryMs(secretOf({ expiration: 'tomorrow' })), Number.NEGATIVE_INFINITY)
  assert.equal(tokenExpiryMs(secretOf({ expiration: '2026-02-30T00:00:00Z' })), Number.NEGATIVE_INFINITY)
  assert.equal(tokenExpiryMs(secretOf()), Number.POSITIVE_INFINITY)
  assert.equal(signingToken(secretOf({ expiration: 'tomorrow' }), nowMs), undefined)
  assert.deepEqual(signingToken(secretOf(), nowMs), token)
})

test('a signature is a JWS without its content (RFC 7515, appendix F)', () => {
  const signature = detachedSignature('content', token)
  const [header = '', content, mac] = signature.split('.')
  assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), { alg: 'HS256', kid: 'abcdef' })
  assert.equal(content, '')
  const input = `${header}.${Buffer.from('content').toString('base64url')}`
  assert.equal(mac, createHmac('sha256', token.secret).update(input).digest('base64url'))
  assert.ok(isSignatureOf(signature, 'content', token))
  assert.ok(!isSignatureOf(signature, 'Content', token))
  assert.ok(!isSignatureOf(`${signature.slice(0, -1)}é`, 'content', token))
  assert.ok(!isSignatureOf(signature, 'content', { ...token, secret: 'fedcba9876543210' }))
})

test('what kubeadm reads as a signature is what we write', () => {
  // The example of upstream's package k8s.io/cluster-bootstrap/token/jws.
  const content = 'Hello from the other side. I must have called a thousand times.'
  assert.equal(
    detachedSignature(content, { id: 'joshua', secret: 'my voice is my passcode' }),
    'eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8',
  )
})
