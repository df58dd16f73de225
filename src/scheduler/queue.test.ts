/** Transcripts of the queue under a clock that only the test moves. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { podInfoOf } from './pod-info.ts'
import { SchedulingQueue } from './queue.ts'
import { newNode, newPod, type PodFacts } from './testing/small-cluster.ts'

class Run {
  nowMs = 0
  readonly queue = new SchedulingQueue(
    () => this.nowMs,
    (plugin, event) => plugin === 'Fit' && event.type === 'nodeAdded',
  )
  add(name: string, facts: PodFacts = {}): this {
    this.queue.add(podInfoOf(newPod(name, facts)))
    return this
  }
  /** Names of all that can be popped. */
  drain(): string[] {
    const names: string[] = []
    for (let next = this.queue.pop(); next; next = this.queue.pop()) names.push(next.info.name)
    return names
  }
  reject(plugin: string): string {
    const queued = this.queue.pop()
    assert.ok(queued)
    this.queue.rejected(queued, new Set([plugin]))
    return queued.info.name
  }
}

const nodeAdded = { type: 'nodeAdded', node: newNode('n') } as const

describe('scheduling queue', () => {
  it('gives higher priority first, then what came first', () => {
    const run = new Run().add('a').add('b', { priority: 5 }).add('c', { priority: 5 })
    run.nowMs = 1
    run.add('d', { priority: 9 }).add('e', { priority: -1 })
    assert.deepEqual(run.drain(), ['d', 'b', 'c', 'a', 'e'])
  })

  it('backs off from 1 s to 10 s after failures', () => {
    const run = new Run().add('a')
    const waits: number[] = []
    for (let attempt = 0; attempt < 6; attempt++) {
      const queued = run.queue.pop()
      assert.ok(queued, `attempt ${attempt}`)
      run.queue.failed(queued)
      assert.equal(run.queue.hasReady(), false)
      const wake = run.queue.nextWakeMs()!
      waits.push(wake - run.nowMs)
      run.nowMs = wake - 1
      assert.equal(run.queue.pop(), undefined)
      run.nowMs = wake
    }
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 10_000, 10_000])
  })

  it('leaves an unschedulable pod until an event that concerns what refused it', () => {
    const run = new Run().add('a').add('b')
    assert.equal(run.reject('Fit'), 'a')
    assert.equal(run.reject('Other'), 'b')
    run.nowMs = 5000
    run.queue.moved({ type: 'nodeDeleted' })
    assert.deepEqual(run.drain(), [])
    run.queue.moved(nodeAdded)
    assert.deepEqual(run.drain(), ['a'])
    run.nowMs = 300_000
    assert.deepEqual(run.drain(), ['b'], 'tried again after five minutes whatever happens')
  })

  it('keeps the back-off of a pod that an event releases', () => {
    const run = new Run().add('a')
    run.reject('Fit')
    run.nowMs = 400
    run.queue.moved(nodeAdded)
    assert.deepEqual(run.drain(), [])
    assert.equal(run.queue.nextWakeMs(), 1000)
    run.nowMs = 1000
    assert.deepEqual(run.drain(), ['a'])
  })

  it('holds a pod back while it has scheduling gates (KEP-3521)', () => {
    const run = new Run().add('a', { spec: { schedulingGates: [{ name: 'example.com/quota' }] } })
    assert.equal(run.queue.placeOf('default/a'), 'gated')
    assert.deepEqual(run.drain(), [])
    run.add('a')
    assert.deepEqual(run.drain(), ['a'])
  })

  it('gives a changed pod another chance, but not for a changed status', () => {
    const run = new Run().add('a')
    run.reject('Other')
    run.nowMs = 2000
    run.add('a', { status: { phase: 'Pending', message: 'new' } })
    assert.deepEqual(run.drain(), [])
    run.add('a', { spec: { tolerations: [{ operator: 'Exists' }] } })
    assert.deepEqual(run.drain(), ['a'])
  })

  it('forgets deleted pods wherever they are', () => {
    const run = new Run().add('a').add('b').add('c')
    run.reject('Fit')
    run.queue.delete('default/a')
    run.queue.delete('default/b')
    const flying = run.queue.pop()!
    run.queue.delete('default/c')
    run.queue.failed(flying)
    run.queue.moved(nodeAdded)
    run.nowMs = 20_000
    assert.deepEqual(run.drain(), [])
    assert.equal(run.queue.size, 0)
  })
})
