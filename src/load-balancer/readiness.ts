/** Asks a server whether it is ready: by its certificate it must be one of the cluster. */
import { request } from 'node:https'
import type { ServerAddress, ServerState } from './server-states.ts'

export type Readiness = Extract<ServerState, 'ready' | 'unready' | 'leaving'>

/**
 * Less than the time in which a component gives a server up, so that it finds another one by then; more than that in which
 * a server says that its store does not answer.
 */
const timeoutMs = 2_000
/** The names of a server's checks, and what they found. */
const maxAnswerBytes = 64 * 1024

/** Rejects where it does not answer, or is none of the cluster's. */
export function readinessOf(server: ServerAddress, ca: string): Promise<Readiness> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `https://${server}/readyz`,
      { ca, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      answer => {
        let text = ''
        answer.on('data', (part: Buffer) => {
          if (text.length < maxAnswerBytes) text += part.toString('latin1')
        })
        answer.on('error', reject)
        answer.on('end', () => resolve(meaningOf(answer.statusCode ?? 0, text)))
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

/** kube-apiserver's check is of that name too. */
export const meaningOf = (status: number, text: string): Readiness =>
  status === 200 ? 'ready' : /^\[-\]shutdown /m.test(text) ? 'leaving' : 'unready'
