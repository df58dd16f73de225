import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf } from '../testing/errors-of.ts'

const pod = (resources: object, container: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  spec: { resources, containers: [{ name: 'c', image: 'i', resources: container }], ...more },
})

test('a pod asks for no less than its containers together, and limits each', () => {
  const asking = { requests: { cpu: '1' }, limits: { memory: '2Gi' } }
  assert.deepEqual(errorsOf(pod({ requests: { cpu: '1' }, limits: { memory: '2Gi' } }, asking)), [])
  assert.deepEqual(errorsOf(pod({ requests: { cpu: '500m' }, limits: { memory: '1Gi' } }, asking)), [
    'spec.resources.requests[cpu]: Invalid value: "500m": must be greater than or equal to aggregate container requests of 1',
    'spec.resources.containers[0][memory].limits: Invalid value: "2Gi": must be less than or equal to pod limits of 1Gi',
  ])
})

test('Windows knows no resources of a pod as a whole', () => {
  const errors = errorsOf(pod({ requests: { cpu: '1' } }, {}, { os: { name: 'windows' } }))
  assert.ok(errors.includes('spec.resources: Forbidden: may not be set for a windows pod'), errors.join('\n'))
})
