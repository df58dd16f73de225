import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from './crc32c.ts'

test('crc32c gives the check value of the polynomial, also in parts', () => {
  const bytes = Buffer.from('123456789')
  assert.equal(crc32c(bytes), 0xe3069283)
  assert.equal(crc32c(bytes.subarray(4), crc32c(bytes.subarray(0, 4))), 0xe3069283)
  // RFC 3720, B.4: 32 bytes of zeros.
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
})
