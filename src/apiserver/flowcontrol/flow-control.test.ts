import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlowSchema } from '../../api/flowcontrol/v1/flow-schema.ts'
import type { PriorityLevelConfiguration } from '../../api/flowcontrol/v1/priority-level-configuration.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import { ApiError } from '../../machinery/api-error.ts'
import { RequestContext } from '../chain/request-context.ts'
import { requestInfoOf } from '../chain/request-info.ts'
import type { ObjectChange, ObjectReader } from '../registry/object-reader.ts'
import { requestOf } from '../testing/test-server.ts'
import { dumpPriorityLevels, dumpRequests } from './dump.ts'
import { FlowControl, type Ticket } from './flow-control.ts'

class HandClock implements Clock {
  nowMs = 0
  #timers: { atMs: number; run: () => void }[] = []
  now = () => this.nowMs
  monotonic = () => this.nowMs
  after(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.nowMs + delayMs, run }
    this.#timers.push(timer)
    return { cancel: () => this.#timers.splice(this.#timers.indexOf(timer), 1) }
  }
  pass(ms: number) {
    const untilMs = this.nowMs + ms
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (!next) break
      this.#timers.splice(this.#timers.indexOf(next), 1)
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = untilMs
  }
}

const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }

/** One level `small` for the group `team`, with a schema by user. */
function world(seats: number, queuing = { queues: 8, handSize: 2, queueLengthLimit: 2 }, objects = 0) {
  const clock = new HandClock()
  const control = new FlowControl({ clock, seats, longRunning: 2, objectsOf: () => objects })
  const level = {
    metadata: { name: 'small', uid: 'level-uid' },
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 1_000_000, limitResponse: { type: 'Queue', queuing } },
    },
    status: {},
  } as PriorityLevelConfiguration
  const schema = {
    metadata: { name: 'team', uid: 'schema-uid' },
    spec: {
      priorityLevelConfiguration: { name: 'small' },
      matchingPrecedence: 100,
      distinguisherMethod: { type: 'ByUser' },
      rules: [{ subjects: [{ kind: 'Group', group: { name: 'team' } }], resourceRules: [everything] }],
    },
    status: {},
  } as FlowSchema
  const stored: Record<string, unknown> = { PriorityLevelConfiguration: level, FlowSchema: schema }
  const reader = {
    subscribe: (kind: { gvk: { kind: string } }, handler: (change: ObjectChange<unknown>) => void) => {
      handler({ type: 'added', object: stored[kind.gvk.kind] })
      return () => {}
    },
  } as unknown as ObjectReader
  control.follow(reader)
  const request = (username: string, path = '/api/v1/namespaces/a/pods/p', groups = ['team'], method = 'GET') => {
    const sent = requestOf(method, path)
    const context = new RequestContext(sent, requestInfoOf(method, sent.path, sent.query), 0)
    context.user = { username, groups }
    return context
  }
  const order: string[] = []
  const enter = async (username: string, path?: string): Promise<Ticket> => {
    const ticket = await control.enter(request(username, path))
    order.push(username)
    return ticket
  }
  return { clock, control, request, enter, order }
}

const settled = () => new Promise<void>(resolve => setImmediate(resolve))

test('a request is classified by the schema of the lowest precedence, and its response names both objects', () => {
  const { control, request } = world(4)
  const context = request('ann')
  control.enter(context)
  assert.deepEqual(context.flow, { schema: 'schema-uid', level: 'level-uid' })
  const admin = request('root', '/api/v1/pods', ['system:masters', 'team'])
  control.enter(admin)
  assert.equal(control.levels.get('exempt')?.queues.running, 1)
})

test('who finds no seat waits; flows take turns, however much one of them asks', async () => {
  const { clock, control, enter, order } = world(1, { queues: 64, handSize: 2, queueLengthLimit: 10 })
  const first = await enter('elephant')
  const waiting = ['elephant', 'elephant', 'elephant', 'mouse'].map(user => enter(user))
  await settled()
  assert.equal(control.levels.get('small')?.queues.waiting, 4)
  assert.match(dumpPriorityLevels(control), /small, \d+, false, false, 4, 1, /)
  assert.match(dumpRequests(control, clock.nowMs), /"mouse", 0ms, 1, 0/)
  clock.pass(100)
  first.leave()
  for (let i = 0; i < 4; i++) {
    await settled()
    const ticket = await Promise.race(waiting)
    void ticket
    clock.pass(100)
    for (const one of waiting) void one.then(given => given.leave())
  }
  await Promise.all(waiting)
  // The mouse did not wait behind all of the elephant's requests.
  assert.ok(order.indexOf('mouse') < 4 && order.length === 5, order.join())
})

test('a full queue sends away with 429; a request that waited too long goes too', async () => {
  const { clock, control, enter } = world(1, { queues: 1, handSize: 1, queueLengthLimit: 2 })
  await enter('ann')
  const waiting = [enter('ann'), enter('ann')]
  await assert.rejects(enter('ann'), error => error instanceof ApiError && error.code === 429)
  clock.pass(15_000)
  for (const one of waiting) await assert.rejects(one, /Too many requests/)
  assert.deepEqual(
    [...(control.levels.get('small')?.refused.get('team') ?? [])],
    [
      ['queue-full', 1],
      ['time-out', 2],
    ],
  )
})

test('exempt requests run whatever waits', async () => {
  const { control, enter, request } = world(1)
  await enter('ann')
  void enter('ann').catch(() => {})
  const ticket = control.enter(request('root', '/api/v1/pods', ['system:masters']))
  assert.ok(!(ticket instanceof Promise))
})

test('a long list takes more seats; a request wider than the level runs alone', async () => {
  const { control, enter } = world(3, undefined, 1000)
  const wide = await enter('ann', '/api/v1/pods')
  assert.equal(control.levels.get('small')?.queues.seatsInUse, 10)
  const narrow = enter('bob')
  await settled()
  assert.equal(control.levels.get('small')?.queues.waiting, 1)
  wide.leave()
  await narrow
  assert.equal(control.levels.get('small')?.queues.seatsInUse, 1)
})

test('a watch holds its seat until it has begun, and its place until it ends', async () => {
  const { control, enter } = world(5)
  const watch = await enter('ann', '/api/v1/pods?watch=true')
  assert.equal(control.levels.get('small')?.queues.running, 1)
  watch.release()
  assert.equal(control.levels.get('small')?.queues.running, 0)
  await enter('ann', '/api/v1/pods?watch=true')
  await assert.rejects(enter('ann', '/api/v1/pods?watch=true'), /Too many requests/)
  watch.leave()
  watch.leave()
  assert.equal(control.inFlight.longRunning, 1)
})

test('a client that goes away leaves its queue', async () => {
  const { control, enter, request } = world(1)
  await enter('ann')
  const aborter = new AbortController()
  const context = request('ann')
  Object.defineProperty(context.request, 'signal', { value: aborter.signal })
  const waiting = control.enter(context)
  assert.ok(waiting instanceof Promise)
  aborter.abort()
  await assert.rejects(waiting)
  assert.equal(control.levels.get('small')?.queues.waiting, 0)
})

test('every seat is given back', () => {
  const { control, request } = world(1000)
  const contexts = Array.from({ length: 64 }, (_, i) => request(`user-${i}`))
  for (const context of contexts) (control.enter(context) as Ticket).leave()
  assert.equal(control.levels.get('small')?.queues.seatsInUse, 0)
  assert.equal(control.inFlight.readOnly, 0)
})
