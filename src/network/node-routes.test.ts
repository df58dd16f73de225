import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../api/core/v1/node.ts'
import { type Entries, endpointMac, peersOf, vxlanChanges, vxlanEntries } from './node-routes.ts'

const node = (name: string, podCIDR: string | undefined, address: string): Node =>
  ({
    metadata: { name },
    spec: { podCIDR },
    status: { addresses: [{ type: 'InternalIP', address }] },
  }) as unknown as Node

const none: Entries = { routes: new Map(), neighbours: new Map(), forwarding: new Map() }
const cluster = '10.244.0.0/16'

test('the other nodes with a range of the cluster’s and an address are peers', () => {
  const nodes = [
    node('a', '10.244.0.0/24', '192.0.2.1'),
    node('b', '10.244.1.0/24', '192.0.2.2'),
    node('c', undefined, '192.0.2.3'),
    node('d', '192.0.2.0/24', '192.0.2.4'),
    node('e', '0.0.0.0/0', '192.0.2.5'),
    node('f', '10.244.1.0/24', '192.0.2.6'),
    node('g', '10.244.0.0/24', '192.0.2.7'),
    node('h', '10.0.0.0/8', '192.0.2.8'),
    node('i', '10.244.2.0/24', 'fd00::1'),
  ]
  assert.deepEqual(peersOf(nodes, 'a', cluster), [{ podCidr: '10.244.1.0/24', address: '192.0.2.2' }])
})

test('a tunnel endpoint follows from the range alone', () => {
  assert.equal(endpointMac('10.244.17.0/24'), '0a:58:0a:f4:11:00')
  const entries = vxlanEntries([{ podCidr: '10.244.1.0/24', address: '192.0.2.2' }])
  assert.deepEqual(vxlanChanges('v', none, entries), {
    ip: [
      'neigh replace 10.244.1.0 lladdr 0a:58:0a:f4:01:00 dev v nud permanent',
      'route replace 10.244.1.0/24 via 10.244.1.0 dev v onlink proto 76',
    ],
    bridge: ['fdb append 0a:58:0a:f4:01:00 dev v dst 192.0.2.2 self permanent'],
  })
  assert.deepEqual(vxlanChanges('v', entries, entries), { ip: [], bridge: [] })
})

test('what goes is removed, and a node that moved has one destination', () => {
  const before = vxlanEntries([
    { podCidr: '10.244.1.0/24', address: '192.0.2.2' },
    { podCidr: '10.244.2.0/24', address: '192.0.2.3' },
  ])
  const after = vxlanEntries([{ podCidr: '10.244.1.0/24', address: '192.0.2.9' }])
  assert.deepEqual(vxlanChanges('v', before, after), {
    ip: ['route del 10.244.2.0/24 dev v', 'neigh del 10.244.2.0 dev v'],
    bridge: [
      'fdb del 0a:58:0a:f4:02:00 dev v dst 192.0.2.3 self',
      'fdb del 0a:58:0a:f4:01:00 dev v dst 192.0.2.2 self',
      'fdb append 0a:58:0a:f4:01:00 dev v dst 192.0.2.9 self permanent',
    ],
  })
})
