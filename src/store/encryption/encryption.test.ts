import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '../../base/clock.ts'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'
import { prefixEnd, type Store, type StoreEvent } from '../store.ts'
import { DecryptionError } from './ciphers.ts'
import { EncryptionConfigurationError, encryptionRules, ruleFor } from './configuration.ts'
import { EncryptingStore, UnreadableValueError } from './encrypting-store.ts'
import { Transformer } from './transformer.ts'

const secretOf = (size: number, fill: number) => Buffer.alloc(size, fill).toString('base64')
const key = (name: string, fill: number, size = 32) => ({ name, secret: secretOf(size, fill) })
const documentOf = (providers: object[], resources: string[] = ['secrets']) => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'EncryptionConfiguration',
  resources: [{ resources, providers }],
})
const transformerOf = (...providers: object[]) =>
  new Transformer(encryptionRules(documentOf(providers))[0]?.providers ?? [])

const identity = { identity: {} }
const path = '/registry/secrets/default/a'
const plain = Buffer.from('{"kind":"Secret"}')

test('every cipher reads what it wrote, in the format of its prefix', () => {
  for (const [cipher, size] of [
    ['aescbc', 16],
    ['aescbc', 32],
    ['aesgcm', 24],
    ['aesgcm', 32],
    ['secretbox', 32],
  ] as const) {
    const transformer = transformerOf({ [cipher]: { keys: [key('k', 1, size)] } }, identity)
    const sealed = transformer.write(plain, path)
    assert.match(Buffer.from(sealed).toString('latin1'), new RegExp(`^k8s:enc:${cipher}:v1:k:`))
    assert.ok(!Buffer.from(sealed).includes('Secret'))
    assert.deepEqual(transformer.read(sealed, path), { plain, isOutdated: false })
    assert.notDeepEqual(transformer.write(plain, path), sealed)
  }
})

test('a value of an older key or of none is read and counts as outdated', () => {
  const old = transformerOf({ aescbc: { keys: [key('one', 1)] } })
  const both = transformerOf({ aesgcm: { keys: [key('two', 2)] } }, { aescbc: { keys: [key('one', 1)] } }, identity)
  assert.deepEqual(both.read(old.write(plain, path), path), { plain, isOutdated: true })
  assert.deepEqual(both.read(plain, path), { plain, isOutdated: true })
  const rotated = transformerOf({ aescbc: { keys: [key('two', 2), key('one', 1)] } })
  assert.equal(rotated.read(old.write(plain, path), path).isOutdated, true)
  assert.equal(rotated.read(rotated.write(plain, path), path).isOutdated, false)
})

test('what is not to be read is refused: other keys, changed bytes, another place, no encryption', () => {
  const gcm = transformerOf({ aesgcm: { keys: [key('k', 1)] } })
  const sealed = Buffer.from(gcm.write(plain, path))
  assert.throws(() => gcm.read(sealed, '/registry/secrets/default/b'), DecryptionError)
  const changed = Buffer.from(sealed)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  assert.throws(() => gcm.read(changed, path), DecryptionError)
  assert.throws(() => gcm.read(plain, path), /no matching prefix found/)
  assert.throws(() => transformerOf(identity).read(sealed, path), /identity transformer tried to read encrypted data/)
  const other = transformerOf({ aesgcm: { keys: [key('k', 2)] } })
  assert.throws(() => other.read(sealed, path), DecryptionError)
})

test('rules are found by resource, group and wildcard, the first that fits', () => {
  const rules = encryptionRules({
    ...documentOf([]),
    resources: [
      { resources: ['secrets', 'deployments.apps'], providers: [identity] },
      { resources: ['*.apps', '*.'], providers: [identity] },
      { resources: ['*.*'], providers: [identity] },
    ],
  })
  const indexOf = (resource: string) => rules.indexOf(ruleFor(rules, resource) as never)
  assert.deepEqual(
    ['secrets', 'deployments.apps', 'replicasets.apps', 'configmaps', 'things.example.com'].map(indexOf),
    [0, 0, 1, 1, 2],
  )
})

test('a wrong configuration is told by its path, and no secret with it', () => {
  const fault = (document: object): string => {
    try {
      encryptionRules(document)
    } catch (error) {
      assert(error instanceof EncryptionConfigurationError)
      return error.message
    }
    return ''
  }
  assert.match(fault({ kind: 'X' }), /no kind "X"/)
  assert.match(fault(documentOf([])), /^resources\[0\]\.providers: Required value/)
  assert.match(fault(documentOf([{ aescbc: { keys: [key('k', 1)] }, identity: {} }])), /more than one provider/)
  assert.match(fault(documentOf([identity], ['*'])), /use '\*\.'/)
  assert.match(fault(documentOf([{ rot13: { keys: [] } }])), /unknown field "rot13"/)
  assert.match(fault(documentOf([{ kms: { name: 'x' } }])), /^resources\[0\].providers\[0\].kms: KMSv1 is deprecated/)
  const short = fault(documentOf([{ secretbox: { keys: [key('k', 1, 16)] } }]))
  assert.match(
    short,
    /providers\[0\]\.secretbox\.keys\[0\]\.secret: Invalid value: "REDACTED": .* got 16, expected one of \[32\]/,
  )
  assert.ok(!short.includes(secretOf(16, 1)))
})

let directory: string
let below: Store
before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'clipper-encryption-'))
  below = await openEmbeddedStore({ directory, clock: systemClock })
})
after(async () => {
  await below.close()
  rmSync(directory, { recursive: true, force: true })
})

const storeWith = (transformer: Transformer): Store =>
  new EncryptingStore(below, name => (name.startsWith('/registry/secrets/') ? transformer : undefined))

test('the store below never sees the value; gets, lists, watches and previous values are plain', async () => {
  const store = storeWith(transformerOf({ secretbox: { keys: [key('k', 3)] } }))
  const seen: StoreEvent[] = []
  const twice = Promise.withResolvers<void>()
  const end = prefixEnd('/registry/')
  const watch = store.watch(
    { start: '/registry/', end },
    {
      events: events => {
        seen.push(...events)
        if (seen.length >= 3) twice.resolve()
      },
      progress: () => {},
      ended: error => twice.reject(error),
    },
  )
  const put = (name: string, value: string) =>
    store.transact({ compare: [], success: [{ put: name, value: Buffer.from(value) }], failure: [] })
  await put(path, 'one')
  const { results } = await put(path, 'two')
  assert.equal(Buffer.from(results[0]?.previous?.value ?? []).toString(), 'one')
  await put('/registry/configmaps/default/a', 'open')
  await twice.promise
  watch.close()
  assert.deepEqual(
    seen.map(({ kv, previous }) => [
      Buffer.from(kv.value).toString(),
      previous && Buffer.from(previous.value).toString(),
    ]),
    [
      ['one', undefined],
      ['two', 'one'],
      ['open', undefined],
    ],
  )
  const { kvs } = await store.range({ start: '/registry/', end })
  assert.deepEqual(kvs.map(({ value }) => Buffer.from(value).toString()).sort(), ['open', 'two'])
  const raw = await below.range({ start: path })
  assert.match(Buffer.from(raw.kvs[0]?.value ?? []).toString('latin1'), /^k8s:enc:secretbox:v1:k:/)
})

test('a value that cannot be read is told by its key', async () => {
  const store = storeWith(transformerOf({ secretbox: { keys: [key('k', 4)] } }))
  await assert.rejects(store.range({ start: path }), error => {
    assert(error instanceof UnreadableValueError)
    assert.match(error.message, /unable to transform key "\/registry\/secrets\/default\/a"/)
    return true
  })
})
