/** KMS plugins of API v2: KEP-3299. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Clock } from '../../base/clock.ts'
import { loggerOf } from '../../base/log.ts'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'
import type { Store, StoreEvent } from '../store.ts'
import { encryptionRules } from './configuration.ts'
import { EncryptingStore } from './encrypting-store.ts'
import { decodeEnvelope, SecretKind } from './kms-envelope.ts'
import { connectKmsPlugin } from './kms-plugin.ts'
import { KmsProvider } from './kms-provider.ts'
import { type FakeKmsPlugin, startFakeKmsPlugin } from './testing/fake-kms-plugin.ts'
import { Transformer } from './transformer.ts'

const secret = '/registry/secrets/default/a'
const silent = loggerOf('test').child({}, { level: 'silent' })

/** Probes are asked for by the tests. */
class StillClock implements Clock {
  nowMs = 1_000_000
  now = () => this.nowMs
  monotonic = () => this.nowMs
  after = () => ({ cancel() {} })
  advance(ms: number): void {
    this.nowMs += ms
  }
}

function setUp(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-kms-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const socket = join(directory, 'kms.sock')
  const clock = new StillClock()
  const rules = encryptionRules({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [
      {
        resources: ['secrets'],
        providers: [
          { kms: { apiVersion: 'v2', name: 'k', endpoint: `unix://${socket}`, timeout: '2s' } },
          { identity: {} },
        ],
      },
    ],
  })
  const start = () => startFakeKmsPlugin(socket)
  /** As after a restart of the API server: nothing is known but what lies in the store. */
  async function providerOn(store: Store) {
    const plugin = connectKmsPlugin(socket, 2000)
    const provider = new KmsProvider({ name: 'k', plugin, clock, log: silent })
    t.after(() => provider.close())
    await provider.start()
    const transformer = new Transformer(rules[0]!.providers, new Map([['k', provider]]))
    return { provider, store: new EncryptingStore(store, key => (key === secret ? transformer : undefined)) }
  }
  async function openStore(): Promise<Store> {
    const store = await openEmbeddedStore({ directory: join(directory, 'store') })
    t.after(() => store.close())
    return store
  }
  const started = async (): Promise<FakeKmsPlugin> => {
    const fake = await start()
    t.after(() => fake.close())
    return fake
  }
  return { clock, providerOn, openStore, start, started }
}

const put = (store: Store, value: string) =>
  store.transact({ compare: [], success: [{ put: secret, value: Buffer.from(value) }], failure: [] })
const get = async (store: Store) => {
  const { kvs } = await store.range({ start: secret })
  return { value: Buffer.from(kvs[0]!.value).toString(), isOutdated: kvs[0]!.isOutdated === true }
}
const stored = async (store: Store) => Buffer.from((await store.range({ start: secret })).kvs[0]!.value)
const prefix = Buffer.from('k8s:enc:kms:v2:k:')

describe('encryption by a KMS plugin', () => {
  it('writes under seeds that the plugin sealed, one for all writes, with a key of its own for each', async t => {
    const { providerOn, openStore, started } = setUp(t)
    const fake = await started()
    const below = await openStore()
    const { store } = await providerOn(below)
    await put(store, 'first')
    const first = await stored(below)
    await put(store, 'first')
    const second = await stored(below)
    assert.deepEqual(fake.calls, { Status: 1, Encrypt: 1, Decrypt: 0 })
    assert.deepEqual(await get(store), { value: 'first', isOutdated: false })
    const [one, two] = [first, second].map(bytes => {
      assert.deepEqual(bytes.subarray(0, prefix.length), prefix)
      return decodeEnvelope(bytes.subarray(prefix.length))
    })
    assert.equal(one!.kind, SecretKind.seed)
    assert.deepEqual(one!.secret, two!.secret)
    assert.notDeepEqual(one!.data.subarray(0, 32), two!.data.subarray(0, 32))
    assert.ok(!first.includes('first'))
  })

  it('asks the plugin once for a seed of before, also for many reads and watches at a time', async t => {
    const { providerOn, openStore, started } = setUp(t)
    const fake = await started()
    const below = await openStore()
    await put((await providerOn(below)).store, 'old')
    fake.keyId = 'two'
    const { store } = await providerOn(below)
    const seen: string[] = []
    const whole = Promise.withResolvers<void>()
    store.watch(
      { start: secret, startRevision: 2 },
      {
        events(events: readonly StoreEvent[]) {
          seen.push(...events.map(({ kv, previous }) => `${kv.value} after ${previous?.value}`))
          if (seen.length === 2) whole.resolve()
        },
        progress() {},
        ended: whole.reject,
      },
    )
    const found = await Promise.all([get(store), get(store), get(store)])
    assert.deepEqual(found, Array(3).fill({ value: 'old', isOutdated: true }))
    await put(store, 'new')
    await whole.promise
    assert.deepEqual(seen, ['old after undefined', 'new after old'])
    assert.deepEqual(await get(store), { value: 'new', isOutdated: false })
    assert.equal(fake.calls.Decrypt, 1)
  })

  it('takes a new seed when the plugin names another key, and counts what was written before as outdated', async t => {
    const { clock, providerOn, openStore, started } = setUp(t)
    const fake = await started()
    const { store, provider } = await providerOn(await openStore())
    await put(store, 'x')
    fake.keyId = 'two'
    clock.advance(21_000)
    await provider.check()
    assert.equal(fake.calls.Encrypt, 2)
    assert.deepEqual(await get(store), { value: 'x', isOutdated: true })
    await put(store, 'x')
    assert.deepEqual(await get(store), { value: 'x', isOutdated: false })
    assert.equal(fake.calls.Decrypt, 0)
  })

  it('says in its check what is wrong; writes go on for three minutes without the plugin, known reads for ever', async t => {
    const { clock, providerOn, openStore, start } = setUp(t)
    const fake = await start()
    const { store, provider } = await providerOn(await openStore())
    await put(store, 'x')
    fake.healthz = 'tired'
    clock.advance(21_000)
    await assert.rejects(provider.check(), {
      message: 'kmsv2 Provider k is not healthy, error: got unexpected healthz status: tired',
    })
    await fake.close()
    clock.advance(4000)
    await assert.rejects(
      provider.check(),
      /^Error: failed to perform status section of the healthz check for KMS Provider k, error: /,
    )
    await put(store, 'y')
    clock.advance(180_000)
    await assert.rejects(put(store, 'z'), /the key of the KMS plugin k expired/)
    assert.equal((await get(store)).value, 'y')
    const later = await start()
    t.after(() => later.close())
    await provider.check()
    await put(store, 'z')
    assert.equal((await get(store)).value, 'z')
  })

  it('refuses a value of another key, and one whose seed the plugin will not open', async t => {
    const { providerOn, openStore, started } = setUp(t)
    await started()
    const below = await openStore()
    await put((await providerOn(below)).store, 'x')
    const bytes = await stored(below)
    bytes[bytes.indexOf('one') + 1] = 'm'.charCodeAt(0)
    await below.transact({ compare: [], success: [{ put: secret, value: bytes }], failure: [] })
    const { store } = await providerOn(below)
    await assert.rejects(get(store), /unable to transform key .*: failed to decrypt DEK, error: rpc error/)
  })

  it('names what is wrong with its configuration', () => {
    const fault = (kms: object) => {
      try {
        encryptionRules({
          apiVersion: 'apiserver.config.k8s.io/v1',
          kind: 'EncryptionConfiguration',
          resources: [{ resources: ['secrets'], providers: [{ kms }] }],
        })
        return ''
      } catch (error) {
        return (error as Error).message
      }
    }
    const good = { apiVersion: 'v2', name: 'k', endpoint: 'unix:///run/kms.sock' }
    assert.equal(fault(good), '')
    assert.match(
      fault({ ...good, name: 'a:b' }),
      /kms\.name: Invalid value: "a:b": invalid KMS provider name a:b, must/,
    )
    assert.match(fault({ ...good, endpoint: 'http://x' }), /unsupported scheme "http" for KMS provider, only unix/)
    assert.match(
      fault({ ...good, timeout: '0s' }),
      /kms\.timeout: Invalid value: "0s": timeout should be a positive value/,
    )
    assert.match(fault({ ...good, cachesize: 10 }), /cachesize is not supported in v2/)
    assert.match(fault({ ...good, name: '' }), /Required value: name is a mandatory field for a provider/)
  })
})
