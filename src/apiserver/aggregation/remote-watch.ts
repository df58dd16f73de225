/** A watch on an extension API server, for clients in this process: lines of JSON as events. */
import type { IncomingMessage } from 'node:http'
import { createInterface, type Interface } from 'node:readline'
import type { WatchItem, WatchSource } from '../watch/watch-source.ts'

/** So many events wait; then the backend waits. */
const maxWaiting = 1_000

export class RemoteWatch implements WatchSource {
  readonly mediaType = 'application/json'
  onReady: (() => void) | undefined
  readonly #message: IncomingMessage
  readonly #lines: Interface
  readonly #waiting: WatchItem[] = []
  readonly #whenEnded: (() => void)[] = []
  #closed = false

  constructor(message: IncomingMessage) {
    this.#message = message
    this.#lines = createInterface({ input: message })
    this.#lines.on('line', line => this.#arrived(line))
    this.#lines.on('close', () => this.#end())
    message.on('error', () => this.#end())
  }

  get ended(): boolean {
    return this.#closed && this.#waiting.length === 0
  }

  take(): WatchItem | undefined {
    const item = this.#waiting.shift()
    if (item && this.#waiting.length < maxWaiting / 2 && !this.#closed) this.#lines.resume()
    return item
  }

  whenEnded(done: () => void): void {
    if (this.#closed) done()
    else this.#whenEnded.push(done)
  }

  close(): void {
    this.#message.destroy()
    this.#waiting.length = 0
    this.#end()
  }

  #arrived(line: string): void {
    if (line.trim() === '' || this.#closed) return
    try {
      const { type, object } = JSON.parse(line) as { type: string; object: unknown }
      this.#waiting.push({ type, object: () => object, frame: () => Buffer.from(`${line}\n`) })
    } catch {
      this.close()
      return
    }
    if (this.#waiting.length >= maxWaiting) this.#lines.pause()
    this.onReady?.()
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    for (const done of this.#whenEnded.splice(0)) done()
    this.onReady?.()
  }
}
