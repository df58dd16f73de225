/** An answer to an Upgrade request that no handler took over: a plain HTTP/1.1 response, and the connection ends. */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ServerResponse } from '../chain/server-request.ts'

/** Answers of this way are errors: longer ones are cut. */
const maxBytes = 1_048_576

export async function writeUpgradeResponse(socket: Duplex, { status, headers, body }: ServerResponse): Promise<void> {
  if (body.is === 'watch') body.source.close()
  const chunks = body.is === 'bytes' ? [...body.chunks] : []
  const bytes = Buffer.concat(chunks).subarray(0, maxBytes)
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`]
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`)
  }
  lines.push(`content-length: ${bytes.length}`, 'connection: close', '', '')
  await new Promise<void>(resolve =>
    socket.end(Buffer.concat([Buffer.from(lines.join('\r\n')), bytes]), () => resolve()),
  )
}
