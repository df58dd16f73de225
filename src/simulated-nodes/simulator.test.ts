import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lease } from '../api/coordination/v1/lease.ts'
import { Node } from '../api/core/v1/node.ts'
import { Pod } from '../api/core/v1/pod.ts'
import { loggerOf } from '../base/log.ts'
import { Client } from '../client/client.ts'
import { ManualClock } from '../client/testing/manual-clock.ts'
import { MemoryTransport } from '../client/testing/memory-transport.ts'
import { dueBetween, type NodeShape, podAddress } from './plan.ts'
import { Simulator } from './simulator.ts'

const shape: NodeShape = { prefix: 'sim', cpu: '4', memory: '8Gi', pods: 110, zones: 3, version: 'v1.37.2' }

async function simulate(count: number) {
  const clock = new ManualClock()
  const transport = new MemoryTransport({ now: () => clock.now() })
  const client = new Client(transport, 'test')
  const stop = new AbortController()
  const simulator = new Simulator({ client, clock, random: () => 0.5, log: loggerOf('test'), count, shape })
  const create = (name: string, nodeName: string, more: object = {}) =>
    client.of(Pod).create('default', {
      metadata: { name, ...more },
      spec: { nodeName, containers: [{ name: 'main', image: 'web:1' }] },
    })
  const pod = (name: string) => transport.peek(Pod, 'default', name)
  await simulator.start(stop.signal)
  return { clock, transport, client, simulator, create, pod, stop: () => stop.abort() }
}

test('nodes are registered as ready ones, with leases that are renewed every ten seconds', async () => {
  const { clock, transport, stop } = await simulate(5)
  const nodes = transport.peekAll(Node)
  assert.deepEqual(nodes.map(node => node.metadata.name).sort(), ['sim-0', 'sim-1', 'sim-2', 'sim-3', 'sim-4'])
  assert.deepEqual(
    nodes[0]?.status.conditions?.filter(one => one.status === 'True').map(one => one.type),
    ['Ready'],
  )
  assert.equal(new Set(nodes.map(node => node.metadata.labels?.['topology.kubernetes.io/zone'])).size, 3)
  const before = transport.peekAll(Lease).map(lease => lease.spec.renewTime)
  await clock.advance(10_000)
  const after = transport.peekAll(Lease).map(lease => lease.spec.renewTime)
  assert.equal(after.length, 5)
  assert.ok(after.every(time => !before.includes(time)))
  stop()
})

test('pods bound to simulated nodes run at once, those of Jobs succeed, and deleted ones go', async () => {
  const { clock, client, create, pod, stop } = await simulate(2)
  await create('web', 'sim-0')
  await create('other', 'real-node')
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'job', uid: 'u', controller: true }]
  await create('once', 'sim-1', { ownerReferences })
  await clock.advance(100)
  assert.equal(pod('web')?.status.phase, 'Running')
  assert.equal(pod('web')?.status.podIP, podAddress(0, 0))
  assert.deepEqual(
    pod('web')?.status.containerStatuses?.map(one => [one.name, one.ready]),
    [['main', true]],
  )
  assert.notEqual(pod('other')?.status.phase, 'Running')
  assert.equal(pod('once')?.status.phase, 'Succeeded')
  await client.of(Pod).delete('default', 'web')
  await clock.advance(100)
  assert.equal(pod('web'), undefined)
  stop()
})

test('a pod whose report fails is reported again', async () => {
  const { clock, transport, create, pod, simulator, stop } = await simulate(1)
  let refused = 0
  transport.intercept = request => {
    if (request.method !== 'PATCH' || refused > 0) return undefined
    refused++
    throw new Error('no answer')
  }
  await create('web', 'sim-0')
  await clock.advance(2000)
  assert.equal(refused, 1)
  assert.equal(pod('web')?.status.phase, 'Running')
  assert.equal(simulator.counts.reported, 1)
  stop()
})

test('a server too slow for all heartbeats gets the longest overdue first: no node is left out', async () => {
  const { clock, transport, stop } = await simulate(300)
  const renewed = () => new Map(transport.peekAll(Lease).map(lease => [lease.metadata.name, lease.spec.renewTime]))
  const before = renewed()
  // Each answer takes until the server is let go on: 64 of 300 in an interval.
  const waiting: (() => void)[] = []
  transport.intercept = request =>
    request.method === 'PUT' ? new Promise<void>(resolve => waiting.push(resolve)) : undefined
  for (let round = 0; round < 10; round++) {
    await clock.advance(10_000)
    for (const answer of waiting.splice(0)) answer()
    await clock.advance(0)
  }
  const after = renewed()
  const missed = [...before].filter(([name, time]) => after.get(name) === time)
  assert.deepEqual(missed, [])
  stop()
})

test('a node that was taken for gone reports itself and its pods again', async () => {
  const { clock, client, transport, create, pod, stop } = await simulate(2)
  await create('web', 'sim-0')
  await clock.advance(100)
  const conditions = [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }]
  await client.of(Node).patch('', 'sim-0', 'strategic', { status: { conditions } }, 'status')
  const unready = [{ type: 'Ready', status: 'False' }]
  await client.of(Pod).patch('default', 'web', 'strategic', { status: { conditions: unready } }, 'status')
  await clock.advance(100)
  const readyOf = (object: { status: { conditions?: { type: string; status: string }[] } } | undefined) =>
    object?.status.conditions?.find(({ type }) => type === 'Ready')?.status
  assert.equal(readyOf(transport.peek(Node, '', 'sim-0')), 'True')
  assert.equal(readyOf(pod('web')), 'True')
  stop()
})

test('every node has its turn once an interval, however late the look', () => {
  const turns = [0, 100, 250, 700, 1000].flatMap((from, i, all) => dueBetween(10, 1000, from, all[i + 1] ?? from))
  assert.deepEqual(
    turns.sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
  assert.equal(dueBetween(10, 1000, 0, 60_000).length, 10)
})

test('addresses of pods differ within and between nodes', () => {
  const addresses = new Set<string>()
  for (const node of [0, 1, 255, 256, 4999, 15_999])
    for (let slot = 0; slot < 254; slot++) addresses.add(podAddress(node, slot))
  assert.equal(addresses.size, 6 * 254)
})
