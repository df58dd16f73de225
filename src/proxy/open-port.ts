/** An HTTP port that another program may have for a while: it is asked for again until it is free. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Clock, Timer } from '../base/clock.ts'

export interface PortOptions {
  readonly port: number
  readonly host: string
  readonly answer: RequestListener
  readonly clock: Clock
  readonly retryMs: number
  /** `tries`: so many have failed. */
  onFailure(error: Error, tries: number): void
}

export interface OpenPort {
  close(): void
}

export function openPort({ port, host, answer, clock, retryMs, onFailure }: PortOptions): OpenPort {
  let server: Server | undefined
  let retry: Timer | undefined
  let tries = 0
  let closed = false
  const open = () => {
    server = createServer(answer)
    server.on('error', error => {
      if (closed) return
      onFailure(error, ++tries)
      retry = clock.after(retryMs, open)
    })
    server.listen(port, host)
    server.unref()
  }
  open()
  return {
    close() {
      closed = true
      retry?.cancel()
      server?.close()
      server?.closeAllConnections()
    },
  }
}
