import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObjectReader } from '../registry/object-reader.ts'
import { kubeletUrl } from './kubelet-location.ts'

const nodeAt = (address: string): ObjectReader => {
  const node = {
    metadata: { name: 'a' },
    status: { addresses: [{ type: 'InternalIP', address }], daemonEndpoints: {} },
  }
  return { get: () => node } as unknown as ObjectReader
}

test('the kubelet of a node is found at its address, of either family', async () => {
  assert.equal((await kubeletUrl(nodeAt('192.0.2.7'), 'a')).href, 'https://192.0.2.7:10250/')
  assert.equal((await kubeletUrl(nodeAt('2001:db8::7'), 'a')).href, 'https://[2001:db8::7]:10250/')
})

test('an address that is none is bad input, no failure of our own', async () => {
  for (const address of ['a b', '%', 'x:y'])
    await assert.rejects(kubeletUrl(nodeAt(address), 'a'), { code: 400, message: /^lookup .*: no such host$/ })
})
