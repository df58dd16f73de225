import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { Secret } from '../../api/core/v1/secret.ts'
import { ServiceAccount } from '../../api/core/v1/service-account.ts'
import type { Clock } from '../../base/clock.ts'
import { MemoryReader } from '../authorization/testing/memory-reader.ts'
import { createAuthenticator } from './authenticators.ts'
import { reviewSelf, reviewToken } from './reviews.ts'
import { ServiceAccountAuthenticator } from './service-account-authenticator.ts'
import { TokenKeys } from './token-keys.ts'
import { TokenIssuer } from './token-request.ts'

const issuer = 'https://kubernetes.default.svc.cluster.local'
const pemOf = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const privateKeyPem = pemOf()

class TestClock implements Clock {
  nowMs = Date.parse('2026-01-02T03:04:05Z')
  now() {
    return this.nowMs
  }
  monotonic() {
    return this.nowMs
  }
  after(): never {
    throw new Error('no timers here')
  }
}

function world(pem = privateKeyPem) {
  const reader = new MemoryReader()
  const clock = new TestClock()
  const keys = new TokenKeys({ issuer, privateKeyPem: pem })
  const audiences = [issuer]
  const issuing = new TokenIssuer({ keys, audiences, reader, clock })
  const authenticator = new ServiceAccountAuthenticator({ keys, audiences, reader, clock })
  reader.put(ServiceAccount, { metadata: { name: 'bot', namespace: 'web', uid: 'sa-uid' } })
  reader.put(Pod, {
    metadata: { name: 'p', namespace: 'web', uid: 'pod-uid' },
    spec: { serviceAccountName: 'bot', nodeName: 'n1' },
  })
  reader.put(Node, { metadata: { name: 'n1', uid: 'node-uid' } })
  const token = async (spec = {}) => (await issuing.requestToken('web', 'bot', { spec })).status.token
  const errorOf = async (text: string) => {
    const result = await authenticator.authenticate(text)
    return result === undefined ? 'not ours' : result.ok ? undefined : result.error
  }
  return { reader, clock, keys, issuing, authenticator, token, errorOf }
}

const podRef = { kind: 'Pod', apiVersion: 'v1', name: 'p' }

test('an issued token authenticates its service account with what it is bound to', async () => {
  const { authenticator, token } = world()
  const result = await authenticator.authenticate(await token({ boundObjectRef: podRef }))
  assert.ok(result?.ok)
  const { user } = result.authenticated
  assert.equal(user.username, 'system:serviceaccount:web:bot')
  assert.equal(user.uid, 'sa-uid')
  assert.deepEqual(user.groups, ['system:serviceaccounts', 'system:serviceaccounts:web'])
  assert.deepEqual(user.extra?.['authentication.kubernetes.io/pod-name'], ['p'])
  assert.deepEqual(user.extra?.['authentication.kubernetes.io/pod-uid'], ['pod-uid'])
  assert.deepEqual(user.extra?.['authentication.kubernetes.io/node-name'], ['n1'])
  assert.deepEqual(user.extra?.['authentication.kubernetes.io/node-uid'], ['node-uid'])
  assert.match(user.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '', /^JTI=[0-9a-f-]{36}$/)
})

test('a TokenRequest is answered with audiences, expiry and the claims that upstream writes', async () => {
  const { issuing } = world()
  const answer = await issuing.requestToken('web', 'bot', { spec: { expirationSeconds: 600 } })
  assert.deepEqual(answer.spec.audiences, [issuer])
  assert.equal(answer.status.expirationTimestamp, '2026-01-02T03:14:05Z')
  const claims = decodeJwt(answer.status.token)
  assert.equal(claims.sub, 'system:serviceaccount:web:bot')
  assert.deepEqual(claims.aud, [issuer])
  assert.deepEqual(claims['kubernetes.io'], { namespace: 'web', serviceaccount: { name: 'bot', uid: 'sa-uid' } })
})

test('the token of a pod, asked for 3607 seconds, lasts a year and says when it is stale', async () => {
  const { issuing, clock } = world()
  const answer = await issuing.requestToken('web', 'bot', { spec: { expirationSeconds: 3607, boundObjectRef: podRef } })
  const claims = decodeJwt(answer.status.token)
  assert.equal((claims.exp ?? 0) - clock.now() / 1000, 365 * 24 * 3600)
  assert.equal((claims['kubernetes.io'] as { warnafter: number }).warnafter - clock.now() / 1000, 3607)
  assert.equal(answer.status.expirationTimestamp, '2026-01-02T04:04:12Z')
})

test('a TokenRequest is refused with a reason', async () => {
  const { issuing, reader } = world()
  const ask = (spec: object, name = 'bot') => issuing.requestToken('web', name, { spec })
  await assert.rejects(ask({}, 'gone'), { code: 404, message: 'serviceaccounts "gone" not found' })
  await assert.rejects(ask({ expirationSeconds: 599 }), /may not specify a duration less than 10 minutes/)
  await assert.rejects(ask({ expirationSeconds: 2 ** 33 }), /larger than 2\^32 seconds/)
  await assert.rejects(ask({ boundObjectRef: { ...podRef, name: 'gone' } }), { code: 404 })
  await assert.rejects(ask({ boundObjectRef: { ...podRef, uid: 'other' } }), { code: 409 })
  await assert.rejects(ask({ boundObjectRef: { ...podRef, kind: 'ConfigMap' } }), {
    message: 'cannot bind token to object of type /v1, Kind=ConfigMap',
  })
  reader.put(ServiceAccount, { metadata: { name: 'other', namespace: 'web', uid: 'x' } })
  await assert.rejects(ask({ boundObjectRef: podRef }, 'other'), /different serviceaccount name/)
})

test('a token ends with its time, its account, its pod, and their identity', async () => {
  const { reader, clock, token, errorOf } = world()
  const plain = await token()
  const bound = await token({ boundObjectRef: podRef })
  assert.equal(await errorOf(bound), undefined)
  reader.put(Pod, { metadata: { name: 'p', namespace: 'web', uid: 'again' }, spec: {} })
  assert.match((await errorOf(bound)) ?? '', /pod UID \(again\) does not match claim \(pod-uid\)/)
  reader.delete(Pod, 'web', 'p')
  assert.match((await errorOf(bound)) ?? '', /pod web\/p has been deleted/)
  assert.equal(await errorOf(plain), undefined)
  const deletionTimestamp = new Date(clock.nowMs).toISOString()
  reader.put(ServiceAccount, { metadata: { name: 'bot', namespace: 'web', uid: 'sa-uid', deletionTimestamp } })
  assert.equal(await errorOf(plain), undefined)
  clock.nowMs += 61_000
  assert.match((await errorOf(plain)) ?? '', /service account web\/bot has been deleted/)
  reader.put(ServiceAccount, { metadata: { name: 'bot', namespace: 'web', uid: 'sa-uid' } })
  assert.equal(await errorOf(plain), undefined)
  clock.nowMs += 3_600_000
  assert.equal(await errorOf(plain), 'service account token has expired')
})

test('a token for others is not for this server', async () => {
  const { token, errorOf, authenticator } = world()
  const text = await token({ audiences: ['vault'] })
  assert.match((await errorOf(text)) ?? '', /token audiences \["vault"\] is invalid for the target audiences/)
  assert.ok((await authenticator.authenticate(text, ['vault', 'x']))?.ok)
})

test('a forged or altered token is refused, whatever algorithm it names', async () => {
  const { token, errorOf } = world()
  const text = await token()
  const [head = '', body = '', signature = ''] = text.split('.')
  const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = decodeJwt(text)
  const other = { ...claims, sub: 'system:serviceaccount:kube-system:root' }
  const invalid = 'service account token has an invalid signature'
  assert.equal(await errorOf(`${head}.${b64(other)}.${signature}`), invalid)
  assert.equal(await errorOf(`${b64({ alg: 'none' })}.${body}.`), invalid)
  const hs = `${b64({ alg: 'HS256' })}.${body}`
  const mac = createHmac('sha256', privateKeyPem).update(hs).digest('base64url')
  assert.equal(await errorOf(`${hs}.${mac}`), invalid)
  const foreign = world(pemOf())
  assert.equal(await errorOf(await foreign.token()), invalid)
  assert.equal(await errorOf('a.b.c'), 'not ours')
})

test('tokens are verified with an ECDSA key too, and by the published key set', async () => {
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const { keys, token, errorOf, clock } = world(pem as string)
  const text = await token()
  assert.equal(await errorOf(text), undefined)
  const set = createLocalJWKSet((await keys.jwks()) as JSONWebKeySet)
  const { protectedHeader } = await jwtVerify(text, set, { issuer, currentDate: new Date(clock.now()) })
  assert.equal(protectedHeader.alg, 'ES256')
  assert.deepEqual(keys.discovery('https://x/openid/v1/jwks'), {
    issuer,
    jwks_uri: 'https://x/openid/v1/jwks',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  })
})

test('a legacy token lives as long as its Secret holds it', async () => {
  const { reader, keys, errorOf } = world()
  const text = await keys.sign({
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:web:bot',
    'kubernetes.io/serviceaccount/namespace': 'web',
    'kubernetes.io/serviceaccount/secret.name': 's',
    'kubernetes.io/serviceaccount/service-account.name': 'bot',
    'kubernetes.io/serviceaccount/service-account.uid': 'sa-uid',
  })
  assert.equal(await errorOf(text), 'service account token has been invalidated')
  reader.put(Secret, {
    metadata: { name: 's', namespace: 'web' },
    data: { token: Buffer.from(text).toString('base64') },
  })
  assert.equal(await errorOf(text), undefined)
})

test('the authenticator knows certificates, tokens, nobody, and nonsense', async () => {
  const { authenticator: serviceAccounts, clock, token } = world()
  const authenticator = createAuthenticator({ tokens: serviceAccounts, allowAnonymous: true, clock })
  const certificate = {
    commonName: 'kubernetes-admin',
    organizations: ['system:masters'],
    fingerprint: 'AA:BB',
    notAfterMs: clock.nowMs + 1,
  }
  const admin = await authenticator.authenticate({ certificate })
  assert.deepEqual(admin?.user.groups, ['system:masters', 'system:authenticated'])
  assert.deepEqual(admin?.user.extra, { 'authentication.kubernetes.io/credential-id': ['X509SHA256=aabb'] })
  const bot = await authenticator.authenticate({ bearerToken: await token() })
  assert.ok(bot?.user.groups.includes('system:authenticated'))
  assert.deepEqual(await authenticator.authenticate({}), {
    user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
  })
  await assert.rejects(authenticator.authenticate({ bearerToken: 'nonsense' }), { code: 401 })
  clock.nowMs += 2
  await assert.rejects(authenticator.authenticate({ certificate }), { code: 401 })
  const strict = createAuthenticator({ tokens: serviceAccounts, allowAnonymous: false, clock })
  await assert.rejects(strict.authenticate({}), { code: 401 })
})

test('a TokenReview says who a token is, or what is wrong with it', async () => {
  const { authenticator, token, clock } = world()
  const text = await token()
  const good = await reviewToken({ spec: { token: text } }, authenticator)
  assert.equal(good.status.authenticated, true)
  assert.deepEqual(good.status.audiences, [issuer])
  assert.ok(good.status.user.groups?.includes('system:authenticated'))
  clock.nowMs += 3_600_000
  const late = await reviewToken({ spec: { token: text } }, authenticator)
  assert.equal(late.status.authenticated, undefined)
  assert.match(late.status.error ?? '', /service account token has expired/)
  await assert.rejects(reviewToken({ spec: {} }, authenticator), { code: 400 })
})

test('a SelfSubjectReview answers with the caller', () => {
  const review = reviewSelf({ username: 'jane', groups: ['devs'], extra: { a: ['b'] } }, '2026-01-01T00:00:00Z')
  assert.deepEqual(review.status.userInfo, { username: 'jane', groups: ['devs'], extra: { a: ['b'] } })
})
