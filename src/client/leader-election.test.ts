import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lease } from '../api/coordination/v1/lease.ts'
import { loggerOf } from '../base/log.ts'
import { ApiError } from '../machinery/api-error.ts'
import { Client } from './client.ts'
import { LeaderElection } from './leader-election.ts'
import { ManualClock, settle } from './testing/manual-clock.ts'
import { MemoryTransport } from './testing/memory-transport.ts'

function setUp() {
  const clock = new ManualClock()
  const transport = new MemoryTransport()
  const leading: string[] = []
  const candidate = (identity: string) => {
    const stop = new AbortController()
    const election = new LeaderElection({
      client: new Client(transport, identity),
      clock,
      random: () => 0,
      log: loggerOf('test'),
      namespace: 'kube-system',
      name: 'lock',
      identity,
      onStartedLeading: lost => {
        leading.push(`${identity} leads`)
        lost.addEventListener('abort', () => leading.push(`${identity} lost`))
      },
    })
    return { stop, done: election.run(stop.signal) }
  }
  return { clock, transport, leading, candidate }
}

test('LeaderElection lets one candidate lead and hands over when it stops', async () => {
  const { clock, transport, leading, candidate } = setUp()
  const first = candidate('a')
  await settle()
  const second = candidate('b')
  await clock.advance(60_000)
  assert.deepEqual(leading, ['a leads'])
  first.stop.abort()
  await first.done
  await clock.advance(4000)
  assert.deepEqual(leading, ['a leads', 'a lost', 'b leads'])
  assert.equal(transport.peek(Lease, 'kube-system', 'lock')?.spec.leaseTransitions, 1)
  second.stop.abort()
  await second.done
})

test('LeaderElection gives up before the lease of a leader that cannot renew is taken', async () => {
  const { clock, transport, leading, candidate } = setUp()
  const first = candidate('a')
  await settle()
  const second = candidate('b')
  await clock.advance(10_000)
  transport.intercept = request => {
    if ((request.body as Lease | undefined)?.spec?.holderIdentity === 'a')
      throw new ApiError(503, 'ServiceUnavailable', 'no')
    return undefined
  }
  await clock.advance(30_000)
  await first.done
  assert.deepEqual(leading, ['a leads', 'a lost', 'b leads'])
  second.stop.abort()
  await second.done
})
