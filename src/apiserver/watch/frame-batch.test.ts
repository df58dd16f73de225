import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextFrames } from './frame-batch.ts'
import type { WatchSource } from './watch-source.ts'

function sourceOf(frames: readonly Buffer[]): WatchSource {
  const waiting = [...frames]
  return {
    take() {
      const next = waiting.shift()
      return next && { type: 'ADDED', frame: () => next, object: () => undefined }
    },
  } as WatchSource
}

test('frames come together in their order until they are long enough', () => {
  const frames = ['aa', 'bb', 'cc', 'dddddd', 'e'].map(text => Buffer.from(text))
  const source = sourceOf(frames)
  const taken = () => nextFrames(source, 5)?.toString()
  assert.deepEqual([taken(), taken(), taken(), taken()], ['aabbcc', 'dddddd', 'e', undefined])
})

test('watchers that take the same frames get the same bytes', () => {
  const frames = ['one', 'two', 'three'].map(text => Buffer.from(text))
  const first = nextFrames(sourceOf(frames), 100)
  assert.equal(nextFrames(sourceOf(frames), 100), first)
  const others = [...frames.slice(0, 2), Buffer.from('three')]
  const second = nextFrames(sourceOf(others), 100)
  assert.notEqual(second, first)
  assert.equal(second?.toString(), 'onetwothree')
  assert.equal(nextFrames(sourceOf(frames.slice(0, 2)), 100)?.toString(), 'onetwo')
})
