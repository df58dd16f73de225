/** Writes bytes one behind the other into chunks of about 64 KiB, so that a long list is sent in few writes. */
import { writeVarint } from '../../schema/protobuf-wire.ts'

const chunkBytes = 65_536
const nothing = Buffer.alloc(0)

export class ChunkWriter {
  #chunk: Buffer = nothing
  #length = 0
  #nextBytes: number

  /** `expectedBytes`: in all, where it is known that a chunk need not be whole. */
  constructor(expectedBytes = chunkBytes) {
    this.#nextBytes = Math.min(chunkBytes, expectedBytes)
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#chunk.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Tag and length of a part of protobuf. */
  header(tag: number, length: number): void {
    this.#reserve(6)
    this.#chunk[this.#length] = tag
    this.#length = writeVarint(this.#chunk, this.#length + 1, length)
  }

  /** Lets `write` put so many bytes where they belong. */
  fill(bytes: number, write: (target: Buffer, at: number) => void): void {
    this.#reserve(bytes)
    write(this.#chunk, this.#length)
    this.#length += bytes
  }

  /** Time to take what is there. */
  get isFull(): boolean {
    return this.#length > chunkBytes - 8_192
  }

  /** Everything since the last call; a chunk that was taken is never written again. */
  take(): Uint8Array {
    const taken = this.#chunk.subarray(0, this.#length)
    this.#chunk = nothing
    this.#length = 0
    return taken
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#chunk.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#length + bytes, this.#chunk.length * 2, this.#nextBytes))
    this.#nextBytes = chunkBytes
    this.#chunk.copy(larger, 0, 0, this.#length)
    this.#chunk = larger
  }
}
