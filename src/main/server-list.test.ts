import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serversOf } from './server-list.ts'

test('serversOf lists the ready addresses of the kubernetes Service with their port', () => {
  const endpoints = [
    { addresses: ['10.0.0.2'], conditions: { ready: true } },
    { addresses: ['10.0.0.1'] },
    { addresses: ['10.0.0.3'], conditions: { ready: false } },
    { addresses: ['fd00::1'] },
  ] as never
  const ports = [{ name: 'https', port: 6443, protocol: 'TCP' }] as never
  assert.deepEqual(serversOf({ endpoints, ports }), ['10.0.0.1:6443', '10.0.0.2:6443', '[fd00::1]:6443'])
  assert.deepEqual(serversOf({ endpoints, ports: [] as never }), [])
})
