/**
 * Step: bounds on requests under way, reads, writes and long-running ones apart. Whoever comes above a bound is sent away
 * with 429 and Retry-After instead of waiting in an unbounded queue.
 */
import { tooManyRequestsError } from '../../machinery/api-error.ts'
import { mastersGroup } from '../authentication/users.ts'
import type { RequestContext } from './request-context.ts'

export type RequestClass = 'readOnly' | 'mutating' | 'longRunning'

export interface FlowLimits {
  readonly readOnly: number
  readonly mutating: number
  readonly longRunning: number
}

/** Upstream's `--max-requests-inflight` and `--max-mutating-requests-inflight`; watches are bounded by memory. */
export const defaultFlowLimits: FlowLimits = { readOnly: 400, mutating: 200, longRunning: 20_000 }

const longRunningSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

export function classOf(context: RequestContext): RequestClass {
  const { info } = context
  if (info.verb === 'watch' || (info.isResourceRequest && longRunningSubresources.has(info.subresource)))
    return 'longRunning'
  return info.verb === 'get' || info.verb === 'list' || !info.isResourceRequest ? 'readOnly' : 'mutating'
}

export class FlowControl {
  readonly #limits: FlowLimits
  readonly inFlight: Record<RequestClass, number> = { readOnly: 0, mutating: 0, longRunning: 0 }

  constructor(limits: FlowLimits) {
    this.#limits = limits
  }

  /** Takes a place, to be given back by the returned function, which may be called once. Throws 429. */
  enter(context: RequestContext): () => void {
    const kind = classOf(context)
    // Administrators and the health checks must come through an overload that others cause.
    const exempt = context.user.groups.includes(mastersGroup) || isHealthPath(context.info.path)
    if (!exempt && this.inFlight[kind] >= this.#limits[kind]) {
      throw tooManyRequestsError('Too many requests, please try again later.', 1)
    }
    this.inFlight[kind]++
    return () => {
      this.inFlight[kind]--
    }
  }
}

const isHealthPath = (path: string): boolean =>
  path.startsWith('/readyz') || path.startsWith('/livez') || path.startsWith('/healthz')
