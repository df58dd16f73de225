import { randomFillSync } from 'node:crypto'

/** Drawn from the operating system so many bytes at a time: a call out of JavaScript costs more than the bytes. */
const pool = Buffer.alloc(6 * 512)
let at = pool.length

/** Uniform in [0, 1). */
export function random(): number {
  if (at === pool.length) {
    randomFillSync(pool)
    at = 0
  }
  at += 6
  return pool.readUIntBE(at - 6, 6) / 2 ** 48
}
