import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../api/events/v1/event.ts'
import { loggerOf } from '../base/log.ts'
import { Client } from './client.ts'
import { SeriesEventRecorder } from './series-event-recorder.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { MemoryTransport } from './testing/memory-transport.ts'

const minuteMs = 60_000

function setUp() {
  const clock = new ManualClock()
  const transport = new MemoryTransport()
  const client = new Client(transport, 'test')
  const recorder = new SeriesEventRecorder({ client, clock, log: loggerOf('test'), controller: 'tester' })
  const events = () =>
    transport.peekAll(Event).map(({ series, reason, note }) => `${series?.count ?? 1} ${reason} ${note}`)
  return { clock, transport, recorder, events }
}
const bound = (name: string, note = 'to a') =>
  ({
    regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'a', name, uid: name },
    type: 'Normal',
    reason: 'Scheduled',
    action: 'Binding',
    note,
  }) as const

test('one event is written at once, a second makes it a series, which is written again when it has ended', async () => {
  const { clock, recorder, events, transport } = setUp()
  recorder.record(bound('web'))
  await recorder.flush()
  assert.deepEqual(events(), ['1 Scheduled to a'])
  const [event] = transport.peekAll(Event)
  assert.equal(event?.reportingController, 'tester')
  assert.equal(event?.action, 'Binding')
  assert.equal(event?.eventTime, '2030-01-01T00:00:00.000000Z')
  recorder.record(bound('web', 'to b'))
  await recorder.flush()
  assert.deepEqual(events(), ['2 Scheduled to a'])
  for (let count = 0; count < 5; count++) recorder.record(bound('web'))
  await recorder.flush()
  assert.deepEqual(events(), ['2 Scheduled to a'], 'counted, not written')
  await clock.advance(13 * minuteMs)
  await recorder.flush()
  assert.deepEqual(events(), ['7 Scheduled to a'])
  recorder.record(bound('web'))
  await recorder.flush()
  assert.deepEqual(events(), ['7 Scheduled to a', '1 Scheduled to a'], 'a new one after the end')
})

test('a series that goes on is written every half an hour', async () => {
  const { clock, recorder, events } = setUp()
  for (let minute = 0; minute < 35; minute++) {
    recorder.record(bound('web'))
    await clock.advance(minuteMs)
  }
  await recorder.flush()
  assert.ok(Number(events()[0]?.split(' ')[0]) >= 30, String(events()))
})

test('what is recorded faster than it can be written is written later, in order and none of it twice', async () => {
  const { recorder, events, transport } = setUp()
  for (let pod = 0; pod < 10_000; pod++) recorder.record(bound(`pod-${pod}`))
  await recorder.flush()
  assert.equal(events().length, 10_000)
  assert.equal(transport.requests.length, 10_000)
})
