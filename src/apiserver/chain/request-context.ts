/** Everything known about one request while it passes the chain. Each step fills in its part. */
import { randomUUID } from 'node:crypto'
import type { UserInfo } from '../authentication/authenticator.ts'
import type { RequestInfo } from './request-info.ts'
import type { ServerRequest } from './server-request.ts'

export interface AuditEvent {
  readonly auditId: string
  readonly receivedAtMs: number
  readonly annotations: Map<string, string>
}

/** Who hears of every request: called when it was received and when its response is known. */
export interface Audit {
  requestReceived(context: RequestContext): void
  /** `status` is the HTTP status; `error` the message of a failure. Of a watch: called when it starts and when it ends. */
  responseStarted?(context: RequestContext, status: number): void
  responseComplete(context: RequestContext, status: number, error?: string): void
}

export class RequestContext {
  readonly request: ServerRequest
  readonly info: RequestInfo
  readonly audit: AuditEvent
  /** The authenticated user; before impersonation also `user`. */
  user: UserInfo
  /** The user who impersonates `user`. */
  impersonator: UserInfo | undefined
  readonly warnings: string[] = []
  /** The request's body as the decode step read it, and the response object, where one is at hand: for audit. */
  requestObject: unknown
  responseObject: unknown

  constructor(request: ServerRequest, info: RequestInfo, receivedAtMs: number) {
    this.request = request
    this.info = info
    this.user = { username: '', groups: [] }
    const given = request.headers['audit-id']
    this.audit = {
      auditId: typeof given === 'string' && given !== '' && given.length <= 256 ? given : randomUUID(),
      receivedAtMs,
      annotations: new Map(),
    }
  }

  /** Adds a `Warning` header (RFC 7234, code 299). At most 32 a request. */
  warn(message: string): void {
    if (this.warnings.length < 32 && !this.warnings.includes(message)) this.warnings.push(message)
  }
}
