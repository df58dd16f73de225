import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Job } from '../../../api/batch/v1/job.ts'
import type { FieldError } from '../../../schema/field-error.ts'
import { decodeValue } from '../../../schema/json-decode.ts'
import { checkJobUpdate } from './jobs.ts'

interface Facts {
  readonly status?: object
  readonly cpu?: string
  readonly image?: string
  readonly affinity?: object
  readonly suspend?: boolean
}

function newJob({ status = {}, cpu = '1', image = 'app', affinity, suspend = true }: Facts = {}): Job {
  const container = { name: 'main', image, resources: { requests: { cpu } } }
  const spec = { restartPolicy: 'Never', containers: [container], ...(affinity ? { affinity } : {}) }
  return decodeValue(Job, { metadata: { name: 'j' }, spec: { suspend, template: { metadata: {}, spec } }, status })
    .object
}

function faults(job: Job, old: Job): string[] {
  const out: FieldError[] = []
  checkJobUpdate(out, job, old)
  return out.filter(({ message }) => message.includes('immutable')).map(({ field }) => field)
}

const started = { startTime: '2026-01-01T00:00:00Z' }
const suspended = { ...started, conditions: [{ type: 'Suspended', status: 'True' }] }

test('a suspended job without pods may get other resources (KEP-5440)', () => {
  assert.deepEqual(faults(newJob({ cpu: '2' }), newJob()), [])
  assert.deepEqual(faults(newJob({ cpu: '2' }), newJob({ status: suspended })), [])
  assert.deepEqual(faults(newJob({ cpu: '2' }), newJob({ status: started })), ['spec.template'])
  assert.deepEqual(faults(newJob({ cpu: '2' }), newJob({ status: { ...suspended, active: 1 } })), ['spec.template'])
  assert.deepEqual(faults(newJob({ cpu: '2' }), newJob({ suspend: false })), ['spec.template'])
  assert.deepEqual(faults(newJob({ image: 'other' }), newJob()), ['spec.template.spec'])
})

test('of the affinity only that to nodes may change', () => {
  const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [] }
  const podAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [] }
  assert.deepEqual(faults(newJob({ affinity: { nodeAffinity } }), newJob()), [])
  assert.deepEqual(faults(newJob(), newJob({ affinity: { nodeAffinity } })), [])
  assert.deepEqual(
    faults(newJob({ affinity: { nodeAffinity, podAffinity } }), newJob({ affinity: { nodeAffinity } })),
    ['spec.template.spec'],
  )
})
