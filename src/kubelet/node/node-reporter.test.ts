import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../api/core/v1/node.ts'
import { loggerOf } from '../../base/log.ts'
import { Client } from '../../client/client.ts'
import { ManualClock, settle } from '../../client/testing/manual-clock.ts'
import { MemoryTransport } from '../../client/testing/memory-transport.ts'
import type { RuntimeClient } from '../cri/runtime-client.ts'
import { readMachine } from './node-info.ts'
import { NodeReporter } from './node-reporter.ts'

function setUp(volumes: readonly string[], listImages: () => Promise<[]> = async () => []) {
  const clock = new ManualClock()
  const transport = new MemoryTransport({ now: () => clock.now() })
  const conditions = ['RuntimeReady', 'NetworkReady'].map(type => ({ type, status: true }))
  const reporter = new NodeReporter({
    client: new Client(transport, 'kubelet'),
    clock,
    log: loggerOf('test').child({}, { level: 'silent' }),
    runtime: {
      status: async () => ({ status: { conditions } }),
      listImages,
    } as unknown as RuntimeClient,
    nodeName: 'one',
    machine: readMachine('/tmp'),
    kubeletPort: 10250,
    version: 'v1.37.2',
    runtimeVersion: '1.6.20',
    maxPods: 110,
    labels: {},
    taints: undefined,
    annotations: () => ({}),
    hostIps: () => ['192.0.2.1'],
    pressure: () => [],
    volumesInUse: () => volumes,
    event() {},
  })
  const inUse = () => transport.peek(Node, '', 'one')?.status.volumesInUse ?? []
  return { clock, reporter, inUse }
}

test('the node takes back the last volume that it said was in use', async t => {
  const volumes = ['example.com/a']
  const { clock, reporter, inUse } = setUp(volumes)
  t.after(() => reporter.stop())
  await reporter.start()
  assert.deepEqual(inUse(), ['example.com/a'])
  volumes.pop()
  for (let round = 0; round < 3; round++) {
    await clock.advance(10_000)
    await settle()
  }
  assert.deepEqual(inUse(), [])
})

test('who reports while a report is under way is told when a later one is written', async t => {
  const volumes: string[] = []
  let answer = Promise.resolve<[]>([])
  const { reporter, inUse } = setUp(volumes, () => answer)
  t.after(() => reporter.stop())
  await reporter.start()
  const first = Promise.withResolvers<[]>()
  answer = first.promise
  const reports = [reporter.report()]
  await settle()
  volumes.push('example.com/a')
  const second = Promise.withResolvers<[]>()
  answer = second.promise
  reports.push(reporter.report(), reporter.report())
  first.resolve([])
  await reports[0]
  volumes.push('example.com/b')
  second.resolve([])
  await Promise.all(reports)
  assert.deepEqual(inUse(), ['example.com/a', 'example.com/b'])
})
