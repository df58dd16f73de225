/** What a watch gives to whoever carries it to the client: the HTTP adapter takes frames, the in-process one objects. */
export interface WatchItem {
  /** ADDED, MODIFIED, DELETED, BOOKMARK or ERROR. */
  readonly type: string
  frame(): Buffer
  object(): unknown
}

export interface WatchSource {
  readonly mediaType: string
  /** The next item, if one is waiting. After the last one `ended` is true. */
  take(): WatchItem | undefined
  readonly ended: boolean
  /** Set by the carrier: called when items wait or the watch ended. */
  onReady: (() => void) | undefined
  /** Calls back once when the watch has ended, by the server or by `close`. */
  whenEnded(done: () => void): void
  close(): void
}
