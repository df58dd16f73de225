import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Job } from '../../api/batch/v1/job.ts'
import { Event } from '../../api/core/v1/event.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { timeOf } from '../../client/timestamps.ts'
import type { Draft } from '../../schema/message.ts'
import { TestCluster } from '../testing/cluster.ts'
import { formatIndexes, parseIndexes } from './indexes.ts'

async function setUp(spec: Draft<Job['spec']>) {
  const cluster = new TestCluster()
  cluster.kubelet = () => undefined
  const labels = { 'batch.kubernetes.io/controller-uid': 'x' }
  await cluster.client.of(Job).create('a', {
    metadata: { name: 'work' },
    spec: {
      selector: { matchLabels: labels },
      ...spec,
      template: { metadata: { labels }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
    },
  })
  cluster.start({ choice: ['job-controller', 'ttl-after-finished-controller'] })
  const job = () => cluster.transport.peek(Job, 'a', 'work')!
  const end = async (pod: Pod, phase: 'Succeeded' | 'Failed', exitCode = phase === 'Failed' ? 1 : 0) => {
    const terminated = { exitCode, finishedAt: timeOf(cluster.clock.now()) }
    const container = {
      name: 'c',
      state: { terminated },
      lastState: {},
      ready: false,
      restartCount: 0,
      image: '',
      imageID: '',
    }
    await cluster.client.of(Pod).updateStatus({ ...pod, status: { phase, containerStatuses: [container] } })
  }
  const open = () => cluster.pods().filter(pod => pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed')
  const condition = (type: string) => job()?.status.conditions?.find(one => one.type === type && one.status === 'True')
  return { cluster, job, end, open, condition }
}

test('Job runs its completions in parallel and completes', async () => {
  const { cluster, job, end, open, condition } = await setUp({ parallelism: 2, completions: 3 })
  await cluster.until('two pods', () => open().length === 2 && job().status.active === 2)
  assert.deepEqual(open()[0]!.metadata.finalizers, ['batch.kubernetes.io/job-tracking'])
  for (const pod of open()) await end(pod, 'Succeeded')
  await cluster.until('third pod', () => open().length === 1)
  await end(open()[0]!, 'Succeeded')
  await cluster.until('complete', () => condition('Complete') !== undefined)
  assert.equal(job().status.succeeded, 3)
  assert.ok(job().status.completionTime)
  assert.equal(condition('SuccessCriteriaMet')?.reason, 'CompletionsReached')
  assert.ok(cluster.pods().every(pod => (pod.metadata.finalizers ?? []).length === 0))
  await cluster.run(500)
  assert.ok(cluster.transport.peekAll(Event).some(event => event.message === 'Job completed'))
  await cluster.stop()
})

test('Job retries a failed pod after 10 s, then 20 s, and fails beyond its back-off limit', async () => {
  const { cluster, job, end, open, condition } = await setUp({ backoffLimit: 2 })
  for (const waitMs of [0, 10_000, 20_000]) {
    const startedMs = cluster.clock.now()
    await cluster.until('pod', () => open().length === 1, 40_000)
    // Ends are known to the second.
    assert.ok(cluster.clock.now() - startedMs >= waitMs - 1000)
    await end(open()[0]!, 'Failed')
  }
  await cluster.until('failed', () => condition('Failed') !== undefined)
  assert.equal(condition('Failed')?.reason, 'BackoffLimitExceeded')
  assert.equal(job().status.failed, 3)
  assert.equal(cluster.pods().length, 3)
  await cluster.stop()
})

test('Job that is indexed gives each index to a pod once it has not succeeded', async () => {
  const { cluster, job, end, open, condition } = await setUp({
    completionMode: 'Indexed',
    completions: 3,
    parallelism: 3,
  })
  await cluster.until('three pods', () => open().length === 3)
  const indexOf = (pod: Pod) => pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index']
  assert.deepEqual(open().map(indexOf), ['0', '1', '2'])
  assert.equal(open()[1]!.spec.hostname, 'work-1')
  assert.equal(open()[1]!.spec.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX')
  const [zero, one, two] = open()
  await end(zero!, 'Succeeded')
  await end(one!, 'Failed')
  await end(two!, 'Succeeded')
  await cluster.until('index 1 again', () => open().length === 1)
  assert.equal(indexOf(open()[0]!), '1')
  assert.equal(job().status.completedIndexes, '0,2')
  await end(open()[0]!, 'Succeeded')
  await cluster.until('complete', () => condition('Complete') !== undefined)
  assert.equal(job().status.completedIndexes, '0-2')
  await cluster.stop()
})

test('Job that is suspended ends its pods without counting them as failed, and goes on when resumed', async () => {
  const { cluster, job, open, condition } = await setUp({})
  await cluster.until('pod', () => open().length === 1)
  await cluster.client.of(Job).patch('a', 'work', 'merge', { spec: { suspend: true } })
  await cluster.until('suspended', () => condition('Suspended') !== undefined && cluster.pods().length === 0)
  await cluster.client.of(Job).patch('a', 'work', 'merge', { spec: { suspend: false } })
  await cluster.until('resumed', () => open().length === 1)
  assert.equal(job().status.failed, undefined)
  await cluster.stop()
})

test('Job fails after its deadline and is deleted after its time to live', async () => {
  const { cluster, job, open, condition } = await setUp({ activeDeadlineSeconds: 20, ttlSecondsAfterFinished: 30 })
  await cluster.until('pod', () => open().length === 1)
  await cluster.until('failed', () => condition('Failed') !== undefined)
  assert.equal(condition('Failed')?.reason, 'DeadlineExceeded')
  assert.equal(cluster.pods().length, 0)
  await cluster.run(25_000)
  assert.equal(job().metadata.deletionTimestamp, undefined)
  await cluster.run(6_000)
  assert.ok(job().metadata.deletionTimestamp)
  await cluster.stop()
})

test('Job fails at once where its failure policy says so, and does not count what it ignores', async () => {
  const onExitCodes = (value: number) => ({ operator: 'In' as const, values: [value] })
  const { cluster, job, end, open, condition } = await setUp({
    podReplacementPolicy: 'Failed',
    podFailurePolicy: {
      rules: [
        { action: 'Ignore', onExitCodes: onExitCodes(7) },
        { action: 'FailJob', onExitCodes: onExitCodes(42) },
      ],
    },
  })
  await cluster.until('pod', () => open().length === 1)
  await end(open()[0]!, 'Failed', 7)
  await cluster.until('another', () => open().length === 1)
  assert.equal(job().status.failed, undefined)
  await end(open()[0]!, 'Failed', 42)
  await cluster.until('failed', () => condition('Failed') !== undefined)
  assert.match(
    condition('Failed')?.message ?? '',
    /^Container c for pod a\/.* failed with exit code 42 matching FailJob rule at index 1$/,
  )
  await cluster.stop()
})

test('formatIndexes and parseIndexes are inverse', () => {
  for (const text of ['', '0', '0,1', '0-2,5,7,8,10-20']) assert.equal(formatIndexes(parseIndexes(text)), text)
})
