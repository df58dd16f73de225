/** Cuts a byte stream into lines. A line is at most `maxLineBytes` long; what is longer ends the stream with an error. */
export class LineSplitter {
  readonly #maxLineBytes: number
  #parts: Buffer[] = []
  #length = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** The lines that `chunk` completes, without their line feeds. */
  push(chunk: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, at))
      lines.push(this.#take())
      start = at + 1
    }
    this.#keep(chunk.subarray(start))
    return lines
  }

  /** What follows the last line feed; '' if nothing does. */
  rest(): string {
    return this.#take()
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return
    this.#length += part.length
    if (this.#length > this.#maxLineBytes) throw new Error(`a line is longer than ${this.#maxLineBytes} bytes`)
    this.#parts.push(part)
  }

  #take(): string {
    const line =
      this.#parts.length === 1 ? this.#parts[0]!.toString('utf8') : Buffer.concat(this.#parts).toString('utf8')
    this.#parts = []
    this.#length = 0
    return line
  }
}
