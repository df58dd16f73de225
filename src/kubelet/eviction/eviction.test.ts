/** What is evicted, when, and why. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/core/v1/pod.ts'
import { storageViolation } from './local-storage.ts'
import type { PodUsage } from './pod-usage.ts'
import { excessText, isCritical, rankForEviction } from './ranking.ts'
import { defaultThresholds, metThresholds, PressureHistory, shortageText } from './thresholds.ts'

const mi = 2 ** 20
const podOf = (name: string, spec: object = {}): Pod =>
  ({
    metadata: { name, uid: name },
    spec: { containers: [{ name: 'c', resources: {} }], ...spec },
    status: {},
  }) as never
const asking = (requests: object) => ({ containers: [{ name: 'c', resources: { requests } }] })
const uses = (memoryMi: number, diskMi = 0, volumes: PodUsage['volumes'] = []): PodUsage => ({
  memoryBytes: memoryMi * mi,
  containers: [{ name: 'c', memoryBytes: memoryMi * mi, rootfsBytes: diskMi * mi, logBytes: 0, inodes: 0 }],
  volumes,
})

test('a threshold is met below its amount or its part of the capacity', () => {
  const signals = (observations: object) => metThresholds(defaultThresholds, observations).map(({ signal }) => signal)
  const disk = (available: number) => ({ 'nodefs.available': { available, capacity: 1000 } })
  assert.deepEqual(signals(disk(100)), [])
  assert.deepEqual(signals(disk(99)), ['nodefs.available'])
  assert.deepEqual(signals({ 'memory.available': { available: 100 * mi, capacity: 1000 * mi } }), [])
  assert.deepEqual(signals({ ...disk(0), 'memory.available': { available: 99 * mi, capacity: 1 } }), [
    'memory.available',
    'nodefs.available',
  ])
})

test('a condition holds for five minutes after it was last seen', () => {
  const history = new PressureHistory()
  history.note(defaultThresholds.slice(0, 1), 1000)
  assert.deepEqual(history.conditions(1000), ['MemoryPressure'])
  history.note([], 2000)
  assert.deepEqual(history.conditions(300_999), ['MemoryPressure'])
  assert.deepEqual(history.conditions(301_000), [])
})

test('pods above their requests go first, then the less important, then the greediest', () => {
  const pods = [
    { pod: podOf('within', asking({ memory: '100Mi' })), usage: uses(90) },
    { pod: podOf('important', { ...asking({ memory: '10Mi' }), priority: 10 }), usage: uses(500) },
    { pod: podOf('greedy', asking({ memory: '10Mi' })), usage: uses(60) },
    { pod: podOf('modest', asking({ memory: '50Mi' })), usage: uses(60) },
    { pod: podOf('unknown'), usage: undefined },
  ]
  const names = (resource: 'memory' | 'ephemeral-storage', list = pods) =>
    rankForEviction(resource, list).map(({ pod }) => pod.metadata.name)
  assert.deepEqual(names('memory'), ['unknown', 'greedy', 'modest', 'important', 'within'])
  const disk = [
    { pod: podOf('small'), usage: uses(0, 1) },
    { pod: podOf('large'), usage: uses(0, 0, [{ name: 'v', usedBytes: 9 * mi, inodes: 1, inMemory: false }]) },
    { pod: podOf('tmpfs'), usage: uses(0, 0, [{ name: 'v', usedBytes: 99 * mi, inodes: 1, inMemory: true }]) },
  ]
  assert.deepEqual(names('ephemeral-storage', disk), ['large', 'small', 'tmpfs'])
})

test('the message tells what is short and who took more than asked for', () => {
  const observations = { 'memory.available': { available: 90 * mi, capacity: 1000 * mi } }
  assert.equal(
    shortageText(defaultThresholds[0]!, observations) +
      excessText('memory', { pod: podOf('p', asking({ memory: '10Mi' })), usage: uses(60) }),
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi. Container c was using 60Mi, request is 10Mi, has larger consumption of memory. ',
  )
  assert.equal(excessText('memory', { pod: podOf('p', asking({ memory: '80Mi' })), usage: uses(60) }), '')
  assert.equal(
    excessText('ephemeral-storage', { pod: podOf('p'), usage: uses(0, 3) }),
    'Container c was using 3Mi, request is 0, has larger consumption of ephemeral-storage. ',
  )
})

test('what the node cannot do without is critical', () => {
  assert.equal(isCritical(podOf('p'), true), true)
  assert.equal(isCritical(podOf('p', { priority: 2_000_000_000 }), false), true)
  assert.equal(isCritical(podOf('p', { priority: 1_000_000_000 }), false), false)
})

test('limits on disk bind volumes, the pod and each container', () => {
  const volume = podOf('p', { volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }] })
  const holding = (usedMi: number) => uses(0, 0, [{ name: 'v', usedBytes: usedMi * mi, inodes: 1, inMemory: false }])
  assert.equal(storageViolation(volume, holding(1)), undefined)
  assert.deepEqual(storageViolation(volume, holding(2)), {
    signal: 'emptydirfs.limit',
    message: 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". ',
  })
  const limited = (name: string) => ({ name, resources: { limits: { 'ephemeral-storage': '2Mi' } } })
  const two = podOf('p', { containers: [limited('c'), limited('d')] })
  assert.equal(storageViolation(two, uses(0, 2)), undefined)
  assert.equal(
    storageViolation(two, uses(0, 3))?.message,
    'Container c exceeded its local ephemeral storage limit "2Mi". ',
  )
  assert.equal(
    storageViolation(two, uses(0, 5))?.message,
    'Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. ',
  )
})
