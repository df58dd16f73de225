import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Pod } from '../../api/core/v1/pod.ts'
import { systemClock } from '../../base/clock.ts'
import { loggerOf } from '../../base/log.ts'
import { allocationOf, withAllocation } from './allocation.ts'
import { AllocationStore } from './allocation-store.ts'
import { byUrgency, type Candidate, PodResizes, type ResizableWorker } from './pod-resizes.ts'
import { ResizeMetrics } from './resize-metrics.ts'

const directory = mkdtempSync('/tmp/clipper-allocations-')
after(() => rmSync(directory, { recursive: true }))
const log = loggerOf('test')

const podOf = (uid: string, cpu: string, more: object = {}, limits?: object): Pod =>
  ({
    metadata: { name: uid, namespace: 'n', uid, generation: 1 },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu }, ...(limits ? { limits } : {}) } }], ...more },
    status: {},
  }) as unknown as Pod

test('what asks for no more goes first, then by priority, class of service and age', () => {
  const since = (second: number) => ({ lastTransitionTime: `2026-01-01T00:00:0${second}Z` }) as never
  const candidate = (name: string, more: Partial<Candidate> = {}, spec: object = {}): Candidate => ({
    pod: podOf(name, '2', spec),
    allocated: podOf(name, '1', spec),
    since: since(5),
    ...more,
  })
  const both = { cpu: '2', memory: '1Mi' }
  const guaranteed = podOf('guaranteed', '2', {
    containers: [{ name: 'c', resources: { requests: both, limits: both } }],
  })
  const sorted = [
    candidate('new', { since: undefined }),
    candidate('young'),
    candidate('old', { since: since(1) }),
    candidate('guaranteed', { pod: guaranteed }),
    candidate('important', {}, { priority: 5 }),
    candidate('shrinks', { allocated: podOf('shrinks', '4') }),
  ].sort(byUrgency)
  assert.deepEqual(
    sorted.map(({ pod }) => pod.metadata.name),
    ['shrinks', 'important', 'guaranteed', 'old', 'young', 'new'],
  )
})

test('allocations are read again, a broken file is dropped, and one half-written is ignored', () => {
  const path = join(directory, 'read-again')
  const store = new AllocationStore(path, log)
  store.setAllocated('a', allocationOf(podOf('a', '1')))
  store.setActuated('a', allocationOf(podOf('a', '500m')))
  writeFileSync(join(path, 'b.json'), '{"allocated":')
  writeFileSync(join(path, 'a.json.new'), '{')
  const again = new AllocationStore(path, log)
  assert.deepEqual(again.uids(), ['a'])
  assert.equal(withAllocation(podOf('a', '3'), again.allocated('a')).spec.containers[0]?.resources?.requests?.cpu, '1')
  assert.equal(again.actuated('a')?.containers.c?.requests?.cpu, '500m')
  again.remove('a')
  assert.deepEqual(new AllocationStore(path, log).uids(), [])
})

test('an allocation that says the same in other words is the same', () => {
  const pod = podOf('a', '1')
  assert.equal(withAllocation(pod, allocationOf(podOf('a', '1000m'))), pod)
})

test('a resize that fails for the moment waits for the next round', async () => {
  let problem: () => Promise<string | undefined> = () => Promise.reject(new Error('no such luck'))
  let done: () => void = () => {}
  const granted = new Promise<void>(resolve => {
    done = resolve
  })
  const pod = podOf('w', '1')
  const worker: ResizableWorker = { uid: 'w', source: podOf('w', '2'), isActive: true, reallocated: () => done() }
  const events: string[] = []
  const resizes = new PodResizes({
    store: new AllocationStore(join(directory, 'waits'), log),
    clock: systemClock,
    log,
    metrics: new ResizeMetrics(),
    problem: () => problem(),
    worker: () => worker,
    event: (_pod, _type, reason) => events.push(reason),
  })
  resizes.admitted(pod)
  resizes.updated(pod, worker.source)
  await new Promise<void>(resolve => setImmediate(resolve))
  assert.deepEqual(events, [])
  problem = async () => undefined
  resizes.retry('periodic_retry')
  await granted
  resizes.stop()
  assert.deepEqual(events, ['ResizeStarted'])
  assert.equal(resizes.allocatedPod(worker.source), worker.source)
  assert.equal(resizes.actuated(worker.source).containers.c?.requests?.cpu, '1')
})
