import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HpackDecoder } from './hpack-decoder.ts'
import { encodeHeaders } from './hpack-encoder.ts'

const readBack = (block: Buffer) => new HpackDecoder(1 << 20).decode(block)

describe('header blocks of answers', () => {
  it('are read back as they were, whatever their length', () => {
    const long = 'x'.repeat(40_000)
    const block = encodeHeaders(201, {
      'content-type': 'application/json',
      'audit-id': 'a1',
      'content-length': 1234,
      'set-cookie': ['a=1', 'b=2'],
      warning: `299 - "${'é'.repeat(100)}"`,
      left: undefined,
      long,
    })
    assert.deepEqual(readBack(block), [
      [':status', '201'],
      ['content-type', 'application/json'],
      ['audit-id', 'a1'],
      ['content-length', '1234'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['warning', `299 - "${'é'.repeat(100)}"`],
      ['long', long],
    ])
  })

  it('name what the static table has', () => {
    assert.deepEqual([...encodeHeaders(200, {})], [0x88])
    // RFC 7541, 6.2.2: content-type is entry 31, beyond the four bits of the prefix.
    assert.deepEqual([...encodeHeaders(404, { 'content-type': 'a' })], [0x8d, 15, 16, 1, 0x61])
  })

  it('are not changed by the next one', () => {
    const first = encodeHeaders(200, { a: '1' })
    encodeHeaders(200, { b: '2' })
    assert.deepEqual(readBack(first).at(-1), ['a', '1'])
  })
})
