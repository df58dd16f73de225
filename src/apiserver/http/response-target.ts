/** What answers are written to: Node's HTTP/1.1 response, or a stream of HTTP/2. */
export interface ResponseTarget {
  readonly destroyed: boolean
  readonly writableEnded: boolean
  writeHead(status: number, headers: Readonly<Record<string, string | readonly string[] | number>>): void
  /** Whether there is room for more; if not, `drain` follows, or `close`. */
  write(bytes: Uint8Array): boolean
  end(bytes?: Uint8Array): void
  destroy(): void
  /** Sends the head before there is a body. */
  flushHeaders(): void
  on(event: 'close' | 'error' | 'drain', listener: () => void): unknown
  off(event: 'close' | 'error' | 'drain', listener: () => void): unknown
}
