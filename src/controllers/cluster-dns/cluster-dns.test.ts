import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../../api/core/v1/node.ts'
import { dnsPortAnnotation } from '../../machinery/node-annotations.ts'
import { dnsGroups } from './controller.ts'

const node = (name: string, address: string, port: string | undefined, ready: string): Node =>
  ({
    metadata: { name, annotations: port === undefined ? {} : { [dnsPortAnnotation]: port } },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'Ready', status: ready }],
    },
  }) as unknown as Node

test('every node with a DNS is an endpoint, meant for its own pods; a silent one is not ready', () => {
  const groups = dnsGroups([
    node('a', '192.0.2.1', '10053', 'True'),
    node('b', '192.0.2.2', '10053', 'Unknown'),
    node('stock', '192.0.2.3', undefined, 'True'),
    node('c', '192.0.2.4', '53', 'False'),
  ])
  const seen = groups.map(({ ports, endpoints }) => [
    ports.map(({ name, protocol, port }) => `${name} ${protocol} ${port}`),
    endpoints.map(({ addresses, conditions, hints }) => [addresses, conditions?.ready, hints?.forNodes]),
  ])
  assert.deepEqual(seen, [
    [['dns UDP 53', 'dns-tcp TCP 53'], [[['192.0.2.4'], true, [{ name: 'c' }]]]],
    [
      ['dns UDP 10053', 'dns-tcp TCP 10053'],
      [
        [['192.0.2.1'], true, [{ name: 'a' }]],
        [['192.0.2.2'], false, [{ name: 'b' }]],
      ],
    ],
  ])
})
