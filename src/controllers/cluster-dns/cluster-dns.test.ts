import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../api/core/v1/node.ts'
import { MemoryInformer } from '../../client/testing/memory-informer.ts'
import { dnsPortAnnotation } from '../../machinery/node-annotations.ts'
import type { ControllerContext } from '../runtime/controller.ts'
import { clusterDnsController, dnsGroups } from './controller.ts'

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

test('a node that reports what is known is not looked at again; one that falls silent, moves or goes is', () => {
  const nodes = new MemoryInformer<Node>()
  const others = new MemoryInformer()
  let enqueued = 0
  const context = {
    informer: (kind: unknown) => (kind === Node ? nodes : others),
    enqueue: () => enqueued++,
  } as unknown as ControllerContext
  clusterDnsController.build(context)
  const after = (change: () => void): number => {
    enqueued = 0
    change()
    return enqueued
  }
  assert.equal(
    after(() => nodes.put(node('a', '192.0.2.1', '10053', 'True'))),
    1,
  )
  assert.equal(
    after(() => nodes.put(node('a', '192.0.2.1', '10053', 'False'))),
    0,
  )
  assert.equal(
    after(() => nodes.put(node('a', '192.0.2.1', '10053', 'Unknown'))),
    1,
  )
  assert.equal(
    after(() => nodes.put(node('a', '192.0.2.9', '10053', 'Unknown'))),
    1,
  )
  assert.equal(
    after(() => nodes.put(node('a', '192.0.2.9', undefined, 'Unknown'))),
    1,
  )
  assert.equal(
    after(() => nodes.remove(node('a', '192.0.2.9', undefined, 'Unknown'))),
    1,
  )
})
