import assert from 'node:assert/strict'
import { test } from 'node:test'
import { send, startTestServer } from '../apiserver/testing/test-server.ts'
import { loggerOf } from '../base/log.ts'
import { ManualClock } from '../client/testing/manual-clock.ts'
import { EncryptingStore } from '../store/encryption/encrypting-store.ts'
import { ReloadingEncryption } from './encryption-reload.ts'

const aes = (name: string, fill: number) => ({
  aesgcm: { keys: [{ name, secret: Buffer.alloc(32, fill).toString('base64') }] },
})
const configuration = (...providers: object[]): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources: ['secrets'], providers }],
  })

test('keys change while the server runs, and an update that changes nothing writes with the new one', async t => {
  let text = configuration(aes('old', 1))
  const clock = new ManualClock()
  const encryption = new ReloadingEncryption({ read: () => text, clock, log: loggerOf('test') })
  await encryption.start()
  const server = await startTestServer({ storeSeen: store => new EncryptingStore(store, encryption.transformerOf) })
  encryption.onChange(isEncrypted => server.server.registry.table.markOutdated(isEncrypted))
  t.after(async () => {
    encryption.close()
    await server.close()
  })
  const secrets = '/api/v1/namespaces/default/secrets'
  const stored = async (name: string) => {
    const { kvs } = await server.store.range({ start: `/registry/secrets/default/${name}` })
    return Buffer.from(kvs[0]?.value ?? [])
      .toString('latin1')
      .slice(0, 23)
  }
  assert.equal((await send(server, 'POST', secrets, { metadata: { name: 'a' } })).status, 201)
  assert.match(await stored('a'), /^k8s:enc:aesgcm:v1:old:/)

  text = configuration(aes('new', 2), aes('old', 1))
  await clock.advance(60_000)
  assert.equal((await send(server, 'POST', secrets, { metadata: { name: 'b' } })).status, 201)
  assert.match(await stored('b'), /^k8s:enc:aesgcm:v1:new:/)
  assert.match(await stored('a'), /^k8s:enc:aesgcm:v1:old:/)
  const { json } = await send(server, 'GET', `${secrets}/a`)
  assert.equal((await send(server, 'PUT', `${secrets}/a`, json)).status, 200)
  assert.match(await stored('a'), /^k8s:enc:aesgcm:v1:new:/)
})

test('a configuration that cannot be used leaves the one from before, and so does one whose plugin does not answer', async () => {
  let text = configuration(aes('old', 1))
  const clock = new ManualClock()
  const encryption = new ReloadingEncryption({ read: () => text, clock, log: loggerOf('test'), healthyWithinMs: 0 })
  await encryption.start()
  const key = '/registry/secrets/default/a'
  const sealed = encryption.transformerOf(key)?.write(Buffer.from('plain'), key) as Uint8Array
  text = '{"kind":"EncryptionConfiguration"'
  await assert.rejects(encryption.reload())
  text = configuration({ kms: { apiVersion: 'v2', name: 'k', endpoint: 'unix:///nowhere/kms.sock', timeout: '1s' } })
  await assert.rejects(encryption.reload())
  assert.equal(Buffer.from(encryption.transformerOf(key)?.read(sealed, key).plain ?? []).toString(), 'plain')
  text = configuration(aes('other', 3))
  await encryption.reload()
  assert.throws(() => encryption.transformerOf(key)?.read(sealed, key))
  encryption.close()
})
