import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from '../../api/batch/v1/job.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { planJob } from './plan.ts'

const startTime = '2026-01-01T00:00:00Z'
const startMs = Date.parse(startTime)

const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', namespace: 'a', uid: 'u' },
  spec: {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    activeDeadlineSeconds: 1,
    template: { spec: { containers: [] } },
  },
  status: { startTime },
} as unknown as Job

const going = {
  metadata: { name: 'p', namespace: 'a', uid: 'p', deletionTimestamp: '2026-01-01T00:00:02Z' },
  spec: { containers: [] },
  status: { phase: 'Running' },
} as unknown as Pod

const planAt = (nowMs: number) => planJob({ job, pods: [going], claims: [], nowMs })

test('a job is looked at again at its deadline, and not over and over while its pods take their time to go', () => {
  assert.equal(planAt(startMs + 400).requeueAfterMs, 600)
  assert.equal(planAt(startMs + 1_000).requeueAfterMs, undefined)
  assert.equal(planAt(startMs + 5_000).requeueAfterMs, undefined)
})
