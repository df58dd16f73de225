import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/core/v1/pod.ts'
import { oomScoreOf } from './qos.ts'

const gi = 2 ** 30
const asking = (memory: string, more: object = {}) => ({ name: 'c', resources: { requests: { memory } }, ...more })
const podOf = (container: object, more: object = {}): Pod => ({ spec: { containers: [container], ...more } }) as never
const score = (container: object, more: object = {}) => oomScoreOf(podOf(container, more), container, 10 * gi)

test('the more a container asked for, the later it goes; the part is rounded down', () => {
  assert.equal(score(asking('1Gi')), 900)
  assert.equal(score(asking('30Mi')), 998)
  assert.equal(score(asking('1Mi')), 999, 'still later than one that asked for nothing')
  assert.equal(score(asking('10Gi')), 3)
  assert.equal(score({ name: 'c' }), 1000)
  const both = { cpu: '1', memory: '1Gi' }
  assert.equal(score({ name: 'c', resources: { requests: both, limits: both } }), -997)
  assert.equal(score({ name: 'c' }, { priorityClassName: 'system-node-critical' }), -997)
})

test('what a pod asks for beyond its containers counts for each of them', () => {
  assert.equal(score(asking('1Gi'), { resources: { requests: { memory: '3Gi' } } }), 700)
})

test('a sidecar goes no earlier than the containers that need it', () => {
  const sidecar = asking('1Mi', { name: 's', restartPolicy: 'Always' })
  const pod = podOf(asking('2Gi'), { initContainers: [sidecar] })
  assert.equal(oomScoreOf(pod, sidecar, 10 * gi), 800)
})
