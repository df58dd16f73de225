import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { defaultPodLevelResources } from './pod-level-resources.ts'

function defaulted(resources: object | undefined, ...containers: object[]): unknown {
  const spec = { resources, containers: containers.map(one => ({ resources: one })) } as unknown as PodSpec
  defaultPodLevelResources(spec)
  return spec.resources
}

test('a pod that asks for nothing as a whole stays so', () => {
  assert.equal(defaulted(undefined, { requests: { cpu: '1' } }), undefined)
  assert.deepEqual(defaulted({}, { requests: { cpu: '1' } }), {})
})

test('requests are those of the containers together, else the own limits', () => {
  const containers = [{ requests: { cpu: '1' } }, { requests: { cpu: '500m' } }]
  assert.deepEqual(defaulted({ limits: { cpu: '4', memory: '1Gi' } }, ...containers), {
    requests: { cpu: '1500m', memory: '1Gi' },
    limits: { cpu: '4', memory: '1Gi' },
  })
})

test('a limit follows where every container has one, and is never below the request', () => {
  const limited = (cpu: string) => ({ requests: { cpu }, limits: { cpu } })
  assert.deepEqual(defaulted({ requests: { cpu: '1' } }, limited('1'), limited('2')), {
    requests: { cpu: '1' },
    limits: { cpu: '3' },
  })
  assert.deepEqual(defaulted({ requests: { cpu: '5' } }, limited('1'), limited('2')), {
    requests: { cpu: '5' },
    limits: { cpu: '5' },
  })
  assert.deepEqual(defaulted({ requests: { cpu: '5' } }, limited('1'), {}), { requests: { cpu: '5' } })
})

test('huge pages of containers bound those of the pod', () => {
  const pages = { 'hugepages-2Mi': '4Mi' }
  assert.deepEqual(defaulted({ requests: { cpu: '1' } }, { requests: pages, limits: pages }), {
    requests: { cpu: '1', ...pages },
    limits: pages,
  })
})
