/**
 * The CRC-32 of bytes joined of parts whose own are known (RFC 1952, section 8). A CRC is a polynomial over GF(2) modulo
 * `polynomial`, its highest power in the lowest bit; zeros behind a part multiply its CRC by a power of x.
 */

const polynomial = 0xedb88320
/** 1 and x. */
const one = 0x80000000
const x = 0x40000000

function multiply(a: number, b: number): number {
  let product = 0
  let shifted = b
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= shifted
    shifted = shifted & 1 ? (shifted >>> 1) ^ polynomial : shifted >>> 1
  }
  return product >>> 0
}

/** x to the power of two to the n. */
const powers: number[] = [x]
for (let n = 1; n < 56; n++) powers.push(multiply(powers[n - 1] as number, powers[n - 1] as number))

/** What a CRC is multiplied by when so many bytes follow. */
export function crcShift(bytes: number): number {
  let shift = one
  let rest = bytes
  // Bytes have two to the third bits.
  for (let n = 3; rest > 0; n++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shift = multiply(powers[n] as number, shift)
  }
  return shift
}

/** The CRC of both parts, `shift` being that of the second one's length. */
export const combineCrc = (first: number, second: number, shift: number): number =>
  (multiply(shift, first) ^ second) >>> 0
