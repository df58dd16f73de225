import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lease } from '../api/coordination/v1/lease.ts'
import { loggerOf } from '../base/log.ts'
import { Client } from './client.ts'
import { defaultLeaseTimes, faultOfLeaseTimes, runElected } from './leader-election.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { MemoryTransport } from './testing/memory-transport.ts'

function world() {
  const clock = new ManualClock()
  const transport = new MemoryTransport({ now: () => clock.now() })
  const leading: string[] = []
  /** A candidate; `cut` separates it from the server, so that its requests never answer. */
  const stand = (identity: string) => {
    const stop = new AbortController()
    const own = new MemoryTransport()
    let cut = false
    let delayMs = 0
    own.intercept = async request => {
      if (cut) return new Promise(() => {})
      const answer = await transport.request(request)
      if (delayMs > 0) await new Promise<void>(resolve => clock.after(delayMs, resolve))
      return answer
    }
    const done = runElected({
      ...defaultLeaseTimes,
      client: new Client(own, identity),
      clock,
      random: () => 0,
      log: loggerOf('test'),
      namespace: 'kube-system',
      name: 'kube-scheduler',
      identity,
      signal: stop.signal,
      lead: signal =>
        new Promise(resolve => {
          leading.push(identity)
          signal.addEventListener('abort', () => {
            leading.splice(leading.indexOf(identity), 1)
            resolve()
          })
        }),
    })
    return {
      stop: () => stop.abort(),
      done,
      cut: (is: boolean) => {
        cut = is
      },
      delay: (ms: number) => {
        delayMs = ms
      },
    }
  }
  const lease = () => transport.peek(Lease, 'kube-system', 'kube-scheduler')!
  return { clock, transport, leading, stand, lease }
}

test('runElected has one leader, whose Lease says what client-go says', async () => {
  const { clock, leading, stand, lease } = world()
  const one = stand('one')
  await clock.advance(0)
  const two = stand('two')
  await clock.advance(60_000)
  assert.deepEqual(leading, ['one'])
  const { spec } = lease()
  assert.equal(spec.holderIdentity, 'one')
  assert.equal(spec.leaseDurationSeconds, 15)
  assert.equal(spec.leaseTransitions, 0)
  assert.equal(spec.acquireTime, '2030-01-01T00:00:00.000000Z')
  assert.equal(spec.renewTime, '2030-01-01T00:01:00.000000Z')
  one.stop()
  two.stop()
  await Promise.all([one.done, two.done])
})

test('a leader that stops gives its Lease back, and the next one leads within a retry period', async () => {
  const { clock, leading, stand, lease } = world()
  const one = stand('one')
  await clock.advance(0)
  const two = stand('two')
  await clock.advance(5_000)
  one.stop()
  await clock.advance(0)
  assert.equal(lease().spec.holderIdentity, '')
  await clock.advance(2_000)
  assert.deepEqual(leading, ['two'])
  assert.equal(lease().spec.leaseTransitions, 1)
  two.stop()
  await Promise.all([one.done, two.done])
})

test('a leader that is cut off stops before another may lead, and stands again afterwards', async () => {
  const { clock, leading, stand, lease } = world()
  const one = stand('one')
  await clock.advance(0)
  const two = stand('two')
  await clock.advance(4_000)
  one.cut(true)
  const history: string[] = []
  for (let i = 0; i < 20; i++) {
    await clock.advance(1_000)
    assert.ok(leading.length <= 1, `${leading} lead at once`)
    history.push(leading.join())
  }
  assert.deepEqual([...new Set(history)], ['one', '', 'two'])
  assert.equal(lease().spec.holderIdentity, 'two')
  one.cut(false)
  two.stop()
  await clock.advance(5_000)
  assert.deepEqual(leading, ['one'])
  one.stop()
  await Promise.all([one.done, two.done])
})

test('the Lease of a leader that died is waited for from when its last renewal was seen, whatever its clock says', async () => {
  const { clock, transport, leading, stand } = world()
  await transport.request({
    method: 'POST',
    path: '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases',
    body: {
      metadata: { name: 'kube-scheduler' },
      spec: { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2010-01-01T00:00:00.000000Z' },
    },
  })
  const one = stand('one')
  await clock.advance(14_999)
  assert.deepEqual(leading, [])
  await clock.advance(1)
  assert.deepEqual(leading, ['one'])
  one.stop()
  await one.done
})

test('a leader that is cut off stops at its renew deadline', async () => {
  const { clock, leading, stand } = world()
  const one = stand('one')
  await clock.advance(4_000)
  one.cut(true)
  await clock.advance(9_999)
  assert.deepEqual(leading, ['one'])
  await clock.advance(1)
  assert.deepEqual(leading, [])
  one.stop()
  await one.done
})

test('the renew deadline counts from when a renewal was asked for, however late its answer comes', async () => {
  const { clock, leading, stand } = world()
  const one = stand('one')
  await clock.advance(3_000)
  // The renewal at 4 s is answered at 8 s, and none after it.
  one.delay(4_000)
  await clock.advance(4_999)
  one.cut(true)
  await clock.advance(6_000)
  assert.deepEqual(leading, ['one'])
  await clock.advance(1)
  assert.deepEqual(leading, [])
  one.stop()
  await one.done
})

test('faultOfLeaseTimes speaks as upstream', () => {
  assert.equal(faultOfLeaseTimes(defaultLeaseTimes), undefined)
  assert.equal(
    faultOfLeaseTimes({ ...defaultLeaseTimes, leaseDurationMs: 10_000 }),
    'leaseDuration must be greater than renewDeadline',
  )
  assert.equal(
    faultOfLeaseTimes({ ...defaultLeaseTimes, renewDeadlineMs: 2_000 }),
    'renewDeadline must be greater than retryPeriod*JitterFactor',
  )
})
