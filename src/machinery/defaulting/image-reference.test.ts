import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLatest } from './image-reference.ts'

const sha = `sha256:${'a'.repeat(64)}`

test('without tag and digest an image is the latest', () => {
  for (const image of [
    'busybox',
    'busybox:latest',
    'a/b',
    'localhost/a',
    'Example.com:5000/a/b',
    '[::1]:5000/a',
    `a:latest@${sha}`,
  ])
    assert.equal(isLatest(image), true, image)
  for (const image of ['busybox:1', `a@${sha}`, 'example.com:5000/a:1']) assert.equal(isLatest(image), false, image)
})

test('what is no reference has no tag', () => {
  for (const image of ['', '-a', '../x', 'A', 'example.com/A', 'a b', 'é', 'a/', 'f'.repeat(64), 'b'.repeat(300)])
    assert.equal(isLatest(image), false, image)
})
