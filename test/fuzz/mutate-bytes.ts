/** Changes encoded bytes where they stand, without knowledge of what they say. */
import { below, happens, pick, type Random } from './chance.ts'

/** Wrong UTF-8, endless and overlong varints, tags and lengths that lie, heads of CBOR containers. */
const oddBytes: readonly Uint8Array[] = [
  Uint8Array.of(0xff),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
  new Uint8Array(11).fill(0xff),
  new Uint8Array(2_000).fill(0x80),
  Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
  Uint8Array.of(0x0b),
  Uint8Array.of(0x0c),
  Uint8Array.of(0x0d, 1),
  Uint8Array.of(0x0e),
  Uint8Array.of(0x0f),
  Uint8Array.of(0x00, 0x00),
  Uint8Array.of(0xf8, 0xff, 0xff, 0xff, 0xff, 0x01, 0x01),
  Uint8Array.of(0x9f),
  Uint8Array.of(0xbf),
  Uint8Array.of(0x5f),
  Uint8Array.of(0x7f),
  Uint8Array.of(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0xbb, 0, 0, 0, 1, 0, 0, 0, 0),
  Uint8Array.of(0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0xd9, 0xd9, 0xf7),
  Uint8Array.of(0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0),
  Uint8Array.of(0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0),
  Uint8Array.of(0xf7),
  new Uint8Array(5_000).fill(0x81),
  new Uint8Array(5_000).fill(0x5b),
]

export function mutateBytes(random: Random, bytes: Uint8Array): Buffer {
  let changed: Buffer = Buffer.from(bytes)
  const times = happens(random, 0.6) ? 1 : 1 + below(random, 6)
  for (let time = 0; time < times; time++) changed = changeOnce(random, changed)
  return changed
}

function changeOnce(random: Random, bytes: Buffer): Buffer {
  const at = below(random, bytes.length + 1)
  const to = Math.min(bytes.length, at + 1 + below(random, 16))
  const head = bytes.subarray(0, at)
  switch (below(random, 7)) {
    case 0:
    case 1: {
      const changed = Buffer.from(bytes)
      if (at < changed.length) changed[at] = (changed[at] as number) ^ (1 << below(random, 8))
      return changed
    }
    case 2:
      return Buffer.from(head)
    case 3:
      return Buffer.concat([head, bytes.subarray(to)])
    case 4:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)])
    case 5:
      return Buffer.concat([head, pick(random, oddBytes), bytes.subarray(happens(random, 0.5) ? at : to)])
    default: {
      const changed = Buffer.from(bytes)
      if (at < changed.length) changed[at] = below(random, 256)
      return changed
    }
  }
}

/** A field that holds itself `depth` times, as protobuf and as gRPC see it. */
export function nestedProtobuf(depth: number, tag: number): Buffer {
  let bytes = Buffer.alloc(0)
  for (let level = 0; level < depth; level++) {
    const length: number[] = []
    for (let rest = bytes.length; ; rest >>>= 7) {
      if (rest < 0x80) {
        length.push(rest)
        break
      }
      length.push((rest & 0x7f) | 0x80)
    }
    bytes = Buffer.concat([Buffer.of((tag << 3) | 2, ...length), bytes])
  }
  return bytes
}
