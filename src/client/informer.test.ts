import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../api/core/v1/config-map.ts'
import { loggerOf } from '../base/log.ts'
import { ApiError } from '../machinery/api-error.ts'
import { Client } from './client.ts'
import { InformerFactory } from './informer-factory.ts'
import { ManualClock, settle } from './testing/manual-clock.ts'
import { MemoryTransport } from './testing/memory-transport.ts'

function setUp() {
  const clock = new ManualClock()
  const transport = new MemoryTransport()
  const client = new Client(transport, 'test')
  const stop = new AbortController()
  const factory = new InformerFactory(client, { clock, random: () => 0, log: loggerOf('test') })
  return { clock, transport, maps: client.of(ConfigMap), factory, stop }
}

const map = (name: string, value: string) => ({ metadata: { name }, data: { value } })

test('Informer tells what there is and each change, in order', async () => {
  const { maps, factory, stop } = setUp()
  await maps.create('a', map('one', '1'))
  const informer = factory.of(ConfigMap)
  const seen: string[] = []
  informer.subscribe(({ type, object, old }) =>
    seen.push(`${type} ${object.metadata.name} ${old?.data?.value ?? '-'}>${object.data?.value}`),
  )
  factory.start(stop.signal)
  await informer.synced()
  const two = await maps.create('b', map('two', '2'))
  await maps.update({ ...two, data: { value: '3' } })
  await maps.delete('a', 'one')
  await settle()
  assert.deepEqual(seen, ['added one ->1', 'added two ->2', 'updated two 2>3', 'deleted one ->1'])
  assert.equal(informer.list().length, 1)
  assert.equal(informer.list('a').length, 0)
  assert.equal(informer.get('b', 'two')?.data?.value, '3')
  assert.equal(informer.resourceVersion(), '4')
  stop.abort()
})

test('Informer shares the objects of the transport', async () => {
  const { transport, maps, factory, stop } = setUp()
  await maps.create('a', map('one', '1'))
  const informer = factory.of(ConfigMap)
  factory.start(stop.signal)
  await informer.synced()
  assert.equal(informer.get('a', 'one'), transport.peek(ConfigMap, 'a', 'one'))
  stop.abort()
})

test('Informer lists again after 410 Gone and tells what was deleted meanwhile', async () => {
  const { clock, transport, maps, factory, stop } = setUp()
  await maps.create('a', map('one', '1'))
  await maps.create('a', map('two', '2'))
  const informer = factory.of(ConfigMap)
  let watches = 0
  transport.intercept = request => {
    if (request.query?.watch !== 'true') return undefined
    if (watches++ > 0) return undefined
    throw new ApiError(410, 'Expired', 'too old resource version')
  }
  const seen: string[] = []
  informer.subscribe(({ type, object }) => seen.push(`${type} ${object.metadata.name}`))
  factory.start(stop.signal)
  await informer.synced()
  await maps.delete('a', 'one')
  await clock.advance(2000)
  assert.deepEqual(seen, ['added one', 'added two', 'deleted one'])
  assert.equal(watches, 2)
  stop.abort()
})

test('Informer keeps trying with back-off while the server fails', async () => {
  const { clock, transport, maps, factory, stop } = setUp()
  await maps.create('a', map('one', '1'))
  let failures = 0
  transport.intercept = request => {
    if (request.method !== 'GET' || failures === 3) return undefined
    failures++
    throw new ApiError(503, 'ServiceUnavailable', 'starting')
  }
  const informer = factory.of(ConfigMap)
  factory.start(stop.signal)
  await clock.advance(800 + 1600 + 3199)
  assert.equal(informer.hasSynced(), false)
  await clock.advance(1)
  assert.equal(informer.hasSynced(), true)
  stop.abort()
})

test('Informer answers by index, as objects change', async () => {
  const { maps, factory, stop } = setUp()
  const informer = factory.of(ConfigMap)
  informer.addIndex('value', object => [object.data?.value ?? ''])
  factory.start(stop.signal)
  await informer.synced()
  const one = await maps.create('a', map('one', 'x'))
  await maps.create('a', map('two', 'x'))
  await settle()
  assert.equal(informer.byIndex('value', 'x').length, 2)
  await maps.update({ ...one, data: { value: 'y' } })
  await settle()
  assert.deepEqual(
    informer.byIndex('value', 'y').map(object => object.metadata.name),
    ['one'],
  )
  assert.equal(informer.byIndex('value', 'x').length, 1)
  stop.abort()
})

test('InformerFactory shares informers of the same kind and selection', () => {
  const { factory } = setUp()
  assert.equal(factory.of(ConfigMap), factory.of(ConfigMap, { namespace: '' }))
  assert.notEqual(factory.of(ConfigMap), factory.of(ConfigMap, { namespace: 'a' }))
})
