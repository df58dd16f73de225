import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../base/clock.ts'
import { type ProcessMemory, thisProcessMemory, watchIdleMemory } from './idle-memory.ts'

const mib = 1024 * 1024

/** A process whose state the test sets; `look` lets the next look come. */
function processOf() {
  let next = (): void => {}
  let nowMs = 0
  const after = (delayMs: number, run: () => void) => {
    next = () => {
      nowMs += delayMs
      run()
    }
  }
  const clock = { after, monotonic: () => nowMs } as unknown as Clock
  const state = { busy: 0, resident: 100, heap: 50, garbage: 0, collected: 0, trimmed: 0 }
  const memory: ProcessMemory = {
    busyPart: () => state.busy,
    residentBytes: () => state.resident * mib,
    heapBytes: () => state.heap * mib,
    collect: () => void state.collected++,
    trim() {
      state.trimmed++
      state.resident -= state.garbage
      state.garbage = 0
    },
  }
  watchIdleMemory(clock, memory)
  return { state, look: () => next() }
}

test('memory is given back after work, once', () => {
  const { state, look } = processOf()
  state.garbage = 40
  look()
  assert.equal(state.trimmed, 0)
  look()
  assert.deepEqual([state.collected, state.trimmed, state.resident], [1, 1, 60])
  for (let i = 0; i < 5; i++) look()
  assert.equal(state.trimmed, 1)
  state.resident = 70
  for (let i = 0; i < 5; i++) look()
  assert.equal(state.trimmed, 1)
  state.resident = 77
  for (let i = 0; i < 5; i++) look()
  assert.equal(state.trimmed, 2)
})

test('what is held for some minutes after work is given back too', () => {
  const { state, look } = processOf()
  for (let i = 0; i < 100; i++) look()
  assert.equal(state.trimmed, 1)
  for (let i = 0; i < 200; i++) look()
  assert.equal(state.trimmed, 2)
})

test('nothing is collected while there is work', () => {
  const { state, look } = processOf()
  for (let i = 0; i < 10; i++) {
    state.busy = i % 2
    look()
  }
  assert.equal(state.trimmed, 0)
})

test('a large heap is not collected', () => {
  const { state, look } = processOf()
  state.heap = 300
  for (let i = 0; i < 4; i++) look()
  assert.deepEqual([state.collected, state.trimmed], [0, 1])
})

test('garbage of this process is collected', () => {
  const memory = thisProcessMemory()
  memory.collect()
  const before = memory.heapBytes()
  let garbage: unknown = Array.from({ length: 300_000 }, (_, i) => ({ i }))
  assert.ok(garbage && memory.heapBytes() > before + 5 * mib)
  garbage = undefined
  memory.collect()
  memory.trim()
  assert.ok(memory.heapBytes() < before + 5 * mib)
  assert.ok(memory.busyPart() >= 0)
})
