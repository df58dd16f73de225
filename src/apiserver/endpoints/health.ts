/** `/livez`, `/readyz` and `/healthz`: single checks by path, all of them with `?verbose`. */
import type { ServerRequest, ServerResponse } from '../chain/server-request.ts'
import { respondText } from './respond.ts'

export interface HealthCheck {
  readonly name: string
  /** Of these endpoints. */
  readonly in: readonly ('livez' | 'readyz')[]
  /** Instead of 5 s. */
  readonly timeoutMs?: number
  /** Throws, or resolves when all is well. */
  check(): Promise<void>
}

const checkTimeoutMs = 5_000

/** Told of the outcome of each check, by the endpoint that was asked (KEP-3466, component health SLIs). */
export type CheckObserver = (check: string, endpoint: string, isWell: boolean) => void

export async function serveHealth(
  request: ServerRequest,
  path: string,
  checks: readonly HealthCheck[],
  observe: CheckObserver = () => {},
): Promise<ServerResponse | undefined> {
  const [endpoint, ...rest] = path.split('/').filter(part => part !== '')
  if (endpoint !== 'livez' && endpoint !== 'readyz' && endpoint !== 'healthz') return undefined
  const scope = endpoint === 'healthz' ? 'livez' : endpoint
  const own = checks.filter(check => check.in.includes(scope))
  if (rest.length > 0) {
    const single = own.find(check => check.name === rest.join('/'))
    if (!single) return undefined
    const failure = await failureOf(single)
    return failure === undefined ? respondText(200, 'ok') : respondText(500, `internal server error: ${failure}\n`)
  }
  const excluded = new Set(request.query.getAll('exclude'))
  const lines: string[] = []
  let failed = false
  for (const check of own) {
    if (excluded.has(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`)
      continue
    }
    const failure = await failureOf(check)
    observe(check.name, endpoint, failure === undefined)
    // The reason may name what an anonymous caller should not learn: it stays with the server.
    lines.push(failure === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`)
    failed ||= failure !== undefined
  }
  if (failed) return respondText(500, `${lines.join('\n')}\n${endpoint} check failed\n`)
  if (request.query.has('verbose')) return respondText(200, `${lines.join('\n')}\n${endpoint} check passed\n`)
  return respondText(200, 'ok')
}

async function failureOf(check: HealthCheck): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), check.timeoutMs ?? checkTimeoutMs)
  })
  try {
    await Promise.race([check.check(), timeout])
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}
