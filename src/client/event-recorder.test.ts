import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../api/core/v1/event.ts'
import { loggerOf } from '../base/log.ts'
import { Client } from './client.ts'
import { EventRecorder } from './event-recorder.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { MemoryTransport } from './testing/memory-transport.ts'

function setUp() {
  const clock = new ManualClock()
  const transport = new MemoryTransport()
  const client = new Client(transport, 'test')
  const recorder = new EventRecorder({ client, clock, log: loggerOf('test'), component: 'tester' })
  const events = () => transport.peekAll(Event).map(event => `${event.count} ${event.reason} ${event.message}`)
  return { clock, transport, recorder, events }
}
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'a', name: 'web', uid: 'u' } }

test('EventRecorder counts equal events on one object', async () => {
  const { recorder, events, transport } = setUp()
  for (let count = 0; count < 3; count++) recorder.record(pod, 'Normal', 'Pulled', 'image')
  recorder.record(pod, 'Warning', 'BackOff', 'again')
  await recorder.flush()
  assert.deepEqual(events(), ['3 Pulled image', '1 BackOff again'])
  const event = transport.peekAll(Event)[0]!
  assert.equal(event.metadata.namespace, 'a')
  assert.equal(event.source.component, 'tester')
  assert.deepEqual(event.involvedObject, { kind: 'Pod', apiVersion: 'v1', name: 'web', namespace: 'a', uid: 'u' })
})

test('EventRecorder combines more than ten similar events', async () => {
  const { recorder, events } = setUp()
  for (let count = 0; count < 12; count++) recorder.record(pod, 'Normal', 'Created', `pod ${count}`)
  await recorder.flush()
  assert.equal(events().length, 10)
  assert.equal(events().at(-1), '3 Created (combined from similar events): pod 11')
})

test('EventRecorder cuts off a source after 25 events until five minutes pass', async () => {
  const { clock, recorder, events } = setUp()
  for (let count = 0; count < 40; count++) recorder.record(pod, 'Normal', 'Pulled', 'image')
  await recorder.flush()
  assert.deepEqual(events(), ['25 Pulled image'])
  await clock.advance(300_000)
  recorder.record(pod, 'Normal', 'Pulled', 'image')
  recorder.record(pod, 'Normal', 'Pulled', 'image')
  await recorder.flush()
  assert.deepEqual(events(), ['26 Pulled image'])
})

test('EventRecorder goes on counting the messages from before those that it combines', async () => {
  const { recorder, events } = setUp()
  for (let count = 0; count < 11; count++) recorder.record(pod, 'Normal', 'Created', `pod ${count}`)
  recorder.record(pod, 'Normal', 'Created', 'pod 3', 'spec.containers{a}')
  recorder.record(pod, 'Normal', 'Created', 'pod 4')
  await recorder.flush()
  assert.equal(events().length, 11)
  assert.ok(events().includes('1 Created pod 3'))
  assert.ok(events().includes('2 Created pod 4'))
  assert.ok(events().includes('2 Created (combined from similar events): pod 10'))
})

test('EventRecorder cuts off warnings and what is normal apart from each other', async () => {
  const { recorder, events } = setUp()
  for (let count = 0; count < 30; count++) recorder.record(pod, 'Warning', 'BackOff', 'again')
  recorder.record(pod, 'Normal', 'Pulled', 'image')
  await recorder.flush()
  assert.deepEqual(events(), ['25 BackOff again', '1 Pulled image'])
})
