import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CronJob } from '../../api/batch/v1/cron-job.ts'
import { Job } from '../../api/batch/v1/job.ts'
import { Event } from '../../api/core/v1/event.ts'
import { timeOf } from '../../client/timestamps.ts'
import type { Draft } from '../../schema/message.ts'
import { TestCluster } from '../testing/cluster.ts'
import { zonedTime } from './plan.ts'
import { dueAt, parseSchedule } from './schedule.ts'

async function setUp(spec: Draft<CronJob['spec']>) {
  const cluster = new TestCluster()
  await cluster.client.of(CronJob).create('a', {
    metadata: { name: 'tick' },
    spec: {
      schedule: '* * * * *',
      ...spec,
      jobTemplate: { spec: { template: { spec: { containers: [{ name: 'c' }] } } } },
    },
  })
  cluster.start({ choice: ['cronjob-controller'] })
  const jobs = () => cluster.transport.peekAll(Job)
  const complete = (job: Job) => {
    const now = timeOf(cluster.clock.now())
    const conditions = [{ type: 'Complete', status: 'True', lastTransitionTime: now }]
    return cluster.client.of(Job).updateStatus({ ...job, status: { startTime: now, completionTime: now, conditions } })
  }
  return { cluster, jobs, complete, cron: () => cluster.transport.peek(CronJob, 'a', 'tick')! }
}

test('CronJob starts a Job each minute, lists it while active, and keeps the last ones', async () => {
  const { cluster, jobs, complete, cron } = await setUp({ successfulJobsHistoryLimit: 1 })
  await cluster.run(61_000)
  assert.deepEqual(
    jobs().map(job => job.metadata.name),
    [`tick-${Date.parse('2030-01-01T00:01:00Z') / 60_000}`],
  )
  assert.equal(cron().status.active?.[0]?.name, jobs()[0]!.metadata.name)
  assert.equal(cron().status.lastScheduleTime, '2030-01-01T00:01:00Z')
  await complete(jobs()[0]!)
  await cluster.run(60_000)
  await complete(jobs()[1]!)
  await cluster.until('history cut', () => jobs().length === 1)
  assert.equal(cron().status.active, undefined)
  await cluster.stop()
})

test('a Job that somebody deletes is listed until it is gone, and then told to be missing', async () => {
  const { cluster, jobs, cron } = await setUp({})
  await cluster.run(61_000)
  const [job] = jobs()
  const finalized = { ...job!, metadata: { ...job!.metadata, finalizers: ['example.com/wait'] } }
  await cluster.client.of(Job).update(finalized)
  await cluster.client.of(Job).delete('a', job!.metadata.name)
  await cluster.run(1_000)
  assert.equal(cron().status.active?.[0]?.name, job!.metadata.name)
  const going = jobs()[0]!
  await cluster.client.of(Job).update({ ...going, metadata: { ...going.metadata, finalizers: [] } })
  await cluster.until('it is told', () =>
    cluster.transport.peekAll(Event).some(({ reason, message }) => {
      return reason === 'MissingJob' && message === `Active job went missing: ${job!.metadata.name}`
    }),
  )
  assert.equal(cron().status.active, undefined)
  await cluster.stop()
})

test('CronJob that forbids concurrency waits for the Job before, one that replaces ends it', async () => {
  const forbid = await setUp({ concurrencyPolicy: 'Forbid' })
  await forbid.cluster.run(181_000)
  assert.equal(forbid.jobs().length, 1)
  await forbid.cluster.stop()
  const replace = await setUp({ concurrencyPolicy: 'Replace' })
  await replace.cluster.run(121_000)
  assert.equal(replace.jobs().length, 1)
  assert.match(replace.jobs()[0]!.metadata.name, new RegExp(`${Date.parse('2030-01-01T00:02:00Z') / 60_000}$`))
  await replace.cluster.stop()
})

test('dueAt finds the newest of many missed times, in the time zone', () => {
  const at = (text: string) => Date.parse(text)
  const daily = parseSchedule('30 2 * * *', 'Europe/Berlin')
  const due = dueAt(daily, at('2030-01-01T00:00:00Z'), at('2030-01-03T12:00:00Z'))
  assert.equal(timeOf(due.atMs!), '2030-01-03T01:30:00Z')
  assert.equal(due.missed, 3)
  const many = dueAt(parseSchedule('* * * * *', 'UTC'), at('2030-01-01T00:00:00Z'), at('2030-01-08T00:00:30Z'))
  assert.equal(timeOf(many.atMs!), '2030-01-08T00:00:00Z')
  assert.equal(many.missed, 101)
  assert.throws(() => parseSchedule('61 * * * *', undefined))
  assert.equal(zonedTime(at('2030-01-01T00:00:00Z'), 'Asia/Kolkata'), '2030-01-01T05:30:00+05:30')
})
