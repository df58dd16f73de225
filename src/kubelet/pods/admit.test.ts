import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../api/core/v1/node.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { Client } from '../../client/client.ts'
import { MemoryTransport } from '../../client/testing/memory-transport.ts'
import { admit } from './admit.ts'
import type { PodServices } from './pod-services.ts'

const pod = {
  metadata: { name: 'p', namespace: 'default', uid: '1' },
  spec: { nodeSelector: { disk: 'ssd' }, containers: [{ name: 'c' }] },
  status: {},
} as unknown as Pod

test('a pod is let in by a label that only the API server shows yet, and refused without it', async () => {
  const client = new Client(new MemoryTransport({ now: () => 0 }), 'test')
  const seen = await client.of(Node).create('', { metadata: { name: 'n' }, spec: {}, status: {} })
  const services = { client, node: () => seen, otherPods: () => [], pressure: () => [] } as unknown as PodServices
  assert.equal((await admit(services, pod, false))?.reason, 'NodeAffinity')
  await client.of(Node).patch('', 'n', 'merge', { metadata: { labels: { disk: 'ssd' } } })
  assert.equal(await admit(services, pod, false), undefined)
  const unreachable = { ...services, client: { of: () => ({ get: () => Promise.reject(new Error('gone')) }) } }
  assert.equal((await admit(unreachable as unknown as PodServices, pod, false))?.reason, 'NodeAffinity')
})
