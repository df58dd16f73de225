/** Asks a server whether it is ready: by its certificate it must be one of the cluster. */
import { request } from 'node:https'
import type { ServerAddress } from './server-states.ts'

/** Less than the time in which a component gives a server up, so that it finds another one by then. */
const timeoutMs = 2_000

/** Rejects where it does not answer, or is none of the cluster's. */
export function readinessOf(server: ServerAddress, ca: string): Promise<'ready' | 'leaving'> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `https://${server}/readyz`,
      { ca, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      answer => {
        answer.resume()
        resolve(answer.statusCode === 200 ? 'ready' : 'leaving')
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}
