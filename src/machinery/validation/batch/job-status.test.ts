import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf } from '../testing/errors-of.ts'
import { indexesFault, overlapOf } from './indexes.ts'

const job = (status: object, spec: object = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  spec: { completions: 5, template: { spec: { containers: [{ name: 'c', image: 'i' }] } }, ...spec },
  status,
})
const reported = (status: object, old: object = {}, spec: object = {}): string[] =>
  errorsOf(job(status, spec), job(old, spec), 'status')

const condition = (type: string) => ({ type, status: 'True' })

test('lists of indexes rise, stay below the completions, and do not overlap', () => {
  assert.equal(indexesFault('0,2-4', 5), undefined)
  assert.equal(indexesFault('2,1', 5), 'non-increasing order, previous: 2, current: 1')
  assert.equal(indexesFault('7', 5), 'too large index: "7"')
  assert.equal(indexesFault('a', 5), 'cannot convert string to integer for index: "a"')
  assert.match(indexesFault('1-2-3', 5) ?? '', /at most two parts separated by '-'$/)
  assert.equal(overlapOf('0,2-4', '1,3', 5), 3)
  assert.equal(overlapOf('0', '1', 5), undefined)
})

test('indexes are reported of indexed jobs alone', () => {
  assert.deepEqual(reported({ completedIndexes: '1' }, {}, { completionMode: 'Indexed' }), [])
  assert.deepEqual(reported({ completedIndexes: '1' }), [
    'status.completedIndexes: Invalid value: "1": cannot set non-empty completedIndexes when non-indexed completion mode',
  ])
})

test('a job that is complete was started, has met its criteria, and stays complete', () => {
  const times = { startTime: '2026-01-01T00:00:00Z', completionTime: '2026-01-01T00:00:01Z' }
  const done = { ...times, conditions: [condition('SuccessCriteriaMet'), condition('Complete')] }
  assert.deepEqual(reported(done), [])
  assert.deepEqual(reported({ conditions: [condition('Complete')] }), [
    'status.completionTime: Required value: completionTime is required for Complete jobs',
    'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    'status.startTime: Required value: startTime is required for finished job',
  ])
  assert.ok(
    reported({ ...times, conditions: [] }, done).includes(
      'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
    ),
  )
})

test('counters do not fall', () => {
  assert.deepEqual(reported({ failed: 1 }, { failed: 2 }), [
    'status.failed: Invalid value: 1: cannot decrease the failed counter',
  ])
})
