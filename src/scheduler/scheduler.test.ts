/** The scheduler against an API server in memory. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { Registry } from 'prom-client'
import { Node } from '../api/core/v1/node.ts'
import { Pod } from '../api/core/v1/pod.ts'
import { Event } from '../api/events/v1/event.ts'
import { loggerOf } from '../base/log.ts'
import { Client } from '../client/client.ts'
import { InformerFactory } from '../client/informer-factory.ts'
import { ManualClock, settle } from '../client/testing/manual-clock.ts'
import { MemoryTransport } from '../client/testing/memory-transport.ts'
import type { TransportRequest } from '../client/transport.ts'
import { conflictError, forbiddenError, internalError } from '../machinery/api-error.ts'
import { startScheduler } from './scheduler.ts'
import { SchedulerMetrics } from './scheduler-metrics.ts'
import { newNode, newPod, type PodFacts } from './testing/small-cluster.ts'

function setUp(t: TestContext) {
  const clock = new ManualClock()
  const transport = new MemoryTransport({ now: () => clock.now() })
  const client = new Client(transport, 'kube-scheduler')
  const user = new Client(transport, 'test')
  const stop = new AbortController()
  const log = loggerOf('test').child({}, { level: 'silent' })
  const needs = { clock, random: () => 0, log }
  const informers = new InformerFactory(client, needs)
  const registry = new Registry()
  const metrics = new SchedulerMetrics(registry)
  const scheduler = startScheduler({ client, informers, clock, random: () => 0, signal: stop.signal, log, metrics })
  informers.start(stop.signal)
  t.after(async () => {
    stop.abort()
    await scheduler.stop()
  })
  const pods = user.of(Pod)
  const peek = (name: string) => transport.peek(Pod, 'default', name)
  return {
    clock,
    transport,
    pods,
    nodes: user.of(Node),
    scheduler,
    metric: async (line: string) =>
      (await registry.metrics())
        .split('\n')
        .find(text => text.startsWith(`scheduler_${line} `))
        ?.split(' ')[1],
    create: (name: string, facts: PodFacts = {}) => pods.create('default', newPod(name, facts)),
    nodeOf: (name: string) => peek(name)?.spec.nodeName,
    condition: (name: string) => peek(name)?.status.conditions?.find(({ type }) => type === 'PodScheduled'),
    nominated: (name: string) => peek(name)?.status.nominatedNodeName,
    events: () => transport.peekAll(Event).map(({ reason, note, type }) => `${type} ${reason}: ${note}`),
    bindings: () => transport.requests.filter(request => request.endsWith('/binding')).length,
  }
}

const failBindings = (error: () => Error) => (request: TransportRequest) => {
  if (request.path.endsWith('/binding')) throw error()
  return undefined
}

describe('scheduler', () => {
  it('counts attempts, and the pods that wait', async t => {
    const { create, nodes, nodeOf, metric, clock } = setUp(t)
    await create('early')
    await settle()
    assert.equal(await metric('pending_pods{queue="unschedulable"}'), '1')
    assert.equal(await metric('schedule_attempts_total{profile="default-scheduler",result="unschedulable"}'), '1')
    await nodes.create('', newNode('a'))
    await settle()
    await clock.advance(1000)
    await settle()
    assert.equal(nodeOf('early'), 'a')
    assert.equal(await metric('schedule_attempts_total{profile="default-scheduler",result="scheduled"}'), '1')
    assert.equal(await metric('pending_pods{queue="unschedulable"}'), '0')
    assert.equal(await metric('pod_scheduling_sli_duration_seconds_sum{attempts="2"}'), '1')
    assert.equal(await metric('pod_scheduling_attempts_sum'), '2')
  })

  it('binds pods that are its own, and says so', async t => {
    const { create, nodes, nodeOf, events } = setUp(t)
    await nodes.create('', newNode('a'))
    await create('mine')
    await create('other', { spec: { schedulerName: 'another' } })
    await create('over', { status: { phase: 'Failed' } })
    await create('gated', { spec: { schedulingGates: [{ name: 'g' }] } })
    await settle()
    assert.equal(nodeOf('mine'), 'a')
    assert.equal(nodeOf('other'), undefined)
    assert.equal(nodeOf('over'), undefined)
    assert.equal(nodeOf('gated'), undefined)
    assert.deepEqual(events(), ['Normal Scheduled: Successfully assigned default/mine to a'])
  })

  it('tells why a pod waits, and schedules it when a node comes', async t => {
    const { create, nodes, clock, nodeOf, condition, events } = setUp(t)
    await create('p', { requests: { cpu: '3' } })
    await settle()
    assert.equal(condition('p')?.message, 'no nodes available to schedule pods')
    await nodes.create('', newNode('small', { cpu: '1' }))
    await clock.advance(1500)
    const message =
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: ' +
      '1 Preemption is not helpful for scheduling.'
    const { status, reason, message: shown } = condition('p')!
    assert.deepEqual([status, reason, shown], ['False', 'Unschedulable', message])
    assert.ok(events().includes(`Warning FailedScheduling: ${message}`))
    await nodes.create('', newNode('large'))
    await clock.advance(2500)
    assert.equal(nodeOf('p'), 'large')
  })

  it('schedules a waiting pod when another one leaves', async t => {
    const { create, nodes, clock, nodeOf, pods } = setUp(t)
    await nodes.create('', newNode('a'))
    await create('first', { requests: { cpu: '3' } })
    await settle()
    await create('second', { requests: { cpu: '3' } })
    await clock.advance(5000)
    assert.equal(nodeOf('second'), undefined)
    await pods.delete('default', 'first', { gracePeriodSeconds: 0 })
    await clock.advance(5000)
    assert.equal(nodeOf('second'), 'a')
  })

  it('counts a pod as on its node while its binding is under way', async t => {
    const { create, nodes, transport, nodeOf, clock } = setUp(t)
    await nodes.create('', newNode('a'))
    const gate = Promise.withResolvers<undefined>()
    transport.intercept = request => (request.path.endsWith('/first/binding') ? gate.promise : undefined)
    await create('first', { requests: { cpu: '3' } })
    await create('second', { requests: { cpu: '3' } })
    await clock.advance(3000)
    assert.equal(nodeOf('second'), undefined)
    gate.resolve(undefined)
    await settle()
    assert.equal(nodeOf('first'), 'a')
    await clock.advance(10_000)
    assert.equal(nodeOf('second'), undefined)
  })

  it('tries again after a server error and a conflict', async t => {
    for (const error of [() => internalError('boom'), () => conflictError('', 'pods/binding', 'p', 'try again')]) {
      const { create, nodes, transport, nodeOf, clock, condition } = setUp(t)
      await nodes.create('', newNode('a'))
      transport.intercept = failBindings(error)
      await create('p')
      await settle()
      assert.equal(condition('p')?.reason, 'SchedulerError')
      transport.intercept = undefined
      await clock.advance(1000)
      assert.equal(nodeOf('p'), 'a')
    }
  })

  it('stops when binding is forbidden, tries one pod now and then, and goes on when it may', async t => {
    const { create, nodes, transport, nodeOf, clock, bindings } = setUp(t)
    await nodes.create('', newNode('a'))
    transport.intercept = failBindings(() => forbiddenError('', 'pods/binding', 'p', 'no role'))
    await create('p0')
    await settle()
    for (let i = 1; i < 20; i++) await create(`p${i}`)
    await settle()
    assert.equal(bindings(), 1)
    await clock.advance(30_000)
    assert.ok(bindings() >= 4 && bindings() <= 6, `${bindings()} attempts`)
    transport.intercept = undefined
    await clock.advance(60_000)
    for (let i = 0; i < 20; i++) assert.equal(nodeOf(`p${i}`), 'a', `p${i}`)
  })

  it('makes room for a more important pod', async t => {
    const { create, nodes, clock, nodeOf, pods, nominated, events, transport } = setUp(t)
    await nodes.create('', newNode('a'))
    await create('low', { requests: { cpu: '3' }, priority: 1 })
    await settle()
    assert.equal(nodeOf('low'), 'a')
    await create('high', { requests: { cpu: '3' }, priority: 100 })
    await settle()
    const victim = transport.peek(Pod, 'default', 'low')
    assert.ok(victim?.metadata.deletionTimestamp)
    const condition = victim.status.conditions?.find(({ type }) => type === 'DisruptionTarget')
    assert.deepEqual([condition?.status, condition?.reason], ['True', 'PreemptionByScheduler'])
    assert.equal(nominated('high'), 'a')
    assert.ok(events().some(event => event.startsWith('Normal Preempted: Preempted by pod ')))
    await create('mid', { requests: { cpu: '3' }, priority: 50 })
    await pods.delete('default', 'low', { gracePeriodSeconds: 0 })
    await clock.advance(2000)
    assert.equal(nodeOf('high'), 'a')
    assert.equal(nodeOf('mid'), undefined)
  })

  it('forgets a pod that is deleted while it waits or is bound', async t => {
    const { create, nodes, transport, pods, clock, bindings, nodeOf } = setUp(t)
    await nodes.create('', newNode('a'))
    const gate = Promise.withResolvers<undefined>()
    transport.intercept = request => (request.path.endsWith('/gone/binding') ? gate.promise : undefined)
    await create('gone', { requests: { cpu: '3' } })
    await settle()
    await pods.delete('default', 'gone')
    await create('next', { requests: { cpu: '3' } })
    await settle()
    gate.resolve(undefined)
    await clock.advance(15_000)
    assert.equal(bindings(), 2)
    assert.equal(nodeOf('next'), 'a')
  })

  it('looks again at a pod whose binding was acknowledged but never seen', async t => {
    const { create, nodes, transport, clock, nodeOf } = setUp(t)
    await nodes.create('', newNode('a'))
    let lies = 1
    transport.intercept = request =>
      request.path.endsWith('/binding') && lies-- > 0 ? { kind: 'Status', status: 'Success' } : undefined
    await create('p')
    await clock.advance(29_000)
    assert.equal(nodeOf('p'), undefined)
    await clock.advance(2000)
    assert.equal(nodeOf('p'), 'a')
  })

  it('does nothing more once it is stopped', async t => {
    const { create, nodes, scheduler, nodeOf, clock } = setUp(t)
    await nodes.create('', newNode('a'))
    await settle()
    await scheduler.stop()
    await create('p')
    await clock.advance(20_000)
    assert.equal(nodeOf('p'), undefined)
  })
})
