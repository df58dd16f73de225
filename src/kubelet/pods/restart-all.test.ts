import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { ContainerRecord, PodRuntime } from './pod-runtime.ts'
import { containersToReset } from './restart-all.ts'

const rules = [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }]
const pod = {
  spec: {
    initContainers: [{ name: 'init' }],
    containers: [{ name: 'a' }, { name: 'asks', restartPolicy: 'Never', restartPolicyRules: rules }],
  },
  status: {},
} as unknown as Pod
const record = (name: string, state: string, exitCode = 0): ContainerRecord =>
  ({ id: name, name, state, exitCode }) as unknown as ContainerRecord
const reset = (underWay: boolean, ...containers: ContainerRecord[]) =>
  containersToReset(pod, { sandboxes: [], containers } as PodRuntime, underWay).map(({ id }) => id)

test('all containers go when one ends with the code of its rule, that one last', () => {
  const others = [record('a', 'running'), record('init', 'exited')]
  assert.deepEqual(reset(false, record('asks', 'exited', 42), ...others), ['a', 'init', 'asks'])
  assert.deepEqual(reset(false, record('asks', 'exited', 1), ...others), [])
  assert.deepEqual(reset(false, record('asks', 'running'), ...others), [])
})

test('what was begun is finished', () => {
  assert.deepEqual(reset(true, record('init', 'exited'), record('a', 'exited')), ['a', 'init'])
})
