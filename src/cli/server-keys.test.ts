import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openServerKeys, type ServerKeys, sealServerKeys } from './server-keys.ts'

const token = { id: 'abcdef', secret: '0123456789abcdef' }
const keys: ServerKeys = {
  files: { 'ca.key': 'private' },
  settings: { apiPort: 6443 },
  etcdServers: ['https://a:2379'],
}

test('the keys of a cluster open with the token that they were sealed with, and with no other', () => {
  const sealed = sealServerKeys(keys, token)
  assert.deepEqual(openServerKeys(sealed, token), keys)
  assert.ok(!sealed.includes('private') && !sealed.includes(Buffer.from('private').toString('base64').slice(0, 8)))
  const message = 'the keys of the cluster cannot be opened with this token'
  assert.throws(() => openServerKeys(sealed, { ...token, secret: '0123456789abcdeg' }), { message })
  assert.throws(() => openServerKeys(sealed, { ...token, id: 'abcdeg' }), { message })
  const parts = JSON.parse(sealed) as Record<string, string>
  for (const part of ['salt', 'iv', 'tag', 'text']) {
    const bytes = Buffer.from(parts[part]!, 'base64')
    bytes[0]! ^= 1
    const changed = JSON.stringify({ ...parts, [part]: bytes.toString('base64') })
    assert.throws(() => openServerKeys(changed, token), { message }, part)
  }
  const short = JSON.stringify({ ...parts, tag: Buffer.from(parts.tag!, 'base64').subarray(0, 4).toString('base64') })
  assert.throws(() => openServerKeys(short, token), { message })
  assert.throws(() => openServerKeys('no JSON', token), { message })
  assert.notEqual(sealed, sealServerKeys(keys, token))
})
