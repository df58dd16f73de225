/**
 * The zlib stream of a session's header blocks (SPDY 3.1, 2.6.10.1). Its blocks are stored, not compressed: a session has
 * a handful of short ones, and stored blocks need neither state nor an asynchronous compressor.
 */
import { headerDictionary } from './dictionary.ts'

/** An empty stored block: tells the peer's decompressor to hand out what it has. */
const flush = Buffer.from([0, 0, 0, 0xff, 0xff])
const maxBlockBytes = 0xffff

export class HeaderCompressor {
  #started = false

  compress(block: Buffer): Buffer {
    const parts: Buffer[] = this.#started ? [] : [streamHeader()]
    this.#started = true
    for (let at = 0; at < block.length; at += maxBlockBytes) {
      const part = block.subarray(at, at + maxBlockBytes)
      const head = Buffer.alloc(5)
      head.writeUInt16LE(part.length, 1)
      head.writeUInt16LE(~part.length & 0xffff, 3)
      parts.push(head, part)
    }
    return Buffer.concat([...parts, flush])
  }
}

/** Deflate with a window of 32 KiB and a preset dictionary, named by its Adler-32 (RFC 1950, 2.2). */
function streamHeader(): Buffer {
  let a = 1
  let b = 0
  for (const byte of headerDictionary) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  const header = Buffer.from([0x78, 0x20, 0, 0, 0, 0])
  header[1] = 0x20 + (31 - ((0x78 * 256 + 0x20) % 31))
  header.writeUInt32BE(((b << 16) | a) >>> 0, 2)
  return header
}
