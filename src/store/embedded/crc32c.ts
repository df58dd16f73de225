/** CRC-32C (Castagnoli), as etcd hashes its history; Node's `zlib.crc32` has the other polynomial. */
const polynomial = 0x82f63b78

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  return crc
})

/** Of `bytes` behind what gave `crc`. */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  let state = ~crc
  for (let i = 0; i < bytes.length; i++) state = table[(state ^ bytes[i]!) & 0xff]! ^ (state >>> 8)
  return ~state >>> 0
}
