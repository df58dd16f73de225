import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterConfig } from './cluster-config.ts'
import { agentConfigOf, freeNodeNetwork, localNodesOf } from './local-nodes.ts'

const config = {
  name: 'a-cluster-with-a-long-name',
  dataDirectory: '/data',
  nodes: 3,
  nodeNetworkCidr: '172.30.4.0/24',
  nodeAddress: '192.0.2.2',
  apiPort: 6443,
  dnsPort: 10_053,
  dnsUpstreams: [],
} as unknown as ClusterConfig

test('further nodes have names, addresses and directories of their own', () => {
  const nodes = localNodesOf(config)
  assert.deepEqual(
    nodes.map(({ name, address, dataDirectory }) => [name, address, dataDirectory]),
    [
      ['a-cluster-with-a-long-name-2', '172.30.4.2', '/data/nodes/2'],
      ['a-cluster-with-a-long-name-3', '172.30.4.3', '/data/nodes/3'],
    ],
  )
  assert.equal(new Set(nodes.map(({ link }) => link)).size, 2)
  for (const { link } of nodes) assert.ok(link.length <= 15, link)
  assert.deepEqual(localNodesOf({ ...config, nodes: 1 }), [])
})

test('a further node asks the first one for the names of the world, unless servers are given', () => {
  const [node] = localNodesOf(config)
  assert.deepEqual(agentConfigOf(config, node!).dnsUpstreams, ['192.0.2.2:10053'])
  assert.deepEqual(agentConfigOf({ ...config, dnsUpstreams: ['192.0.2.9'] }, node!).dnsUpstreams, ['192.0.2.9'])
  assert.equal(agentConfigOf(config, node!).server, 'https://192.0.2.2:6443')
})

test('the links of nodes get a range that the machine does not use', () => {
  const at = (address: string) => [
    { address, family: 'IPv4' as const, internal: false, netmask: '', mac: '', cidr: null },
  ]
  assert.equal(freeNodeNetwork({}), '172.30.0.0/24')
  assert.equal(freeNodeNetwork({ one: at('172.30.0.1'), two: at('172.30.1.9') }), '172.30.2.0/24')
})
