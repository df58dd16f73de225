/** Everything known about one request while it passes the chain. Each step fills in its part. */
import { randomUUID } from 'node:crypto'
import type { FailureStatus } from '../../machinery/api-error.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import { cloneJson } from '../registry/clone.ts'
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
  /** `status` is the HTTP status. Of a watch: called when it starts and when it ends. */
  responseStarted?(context: RequestContext, status: number): void
  responseComplete(context: RequestContext, status: number, failure?: FailureStatus): void
  /** Instead of `responseComplete`, where the request ended with a fault of the server's own code. */
  panic?(context: RequestContext, failure: FailureStatus): void
}

export class RequestContext {
  readonly request: ServerRequest
  readonly info: RequestInfo
  readonly audit: AuditEvent
  /** The authenticated user; before impersonation also `user`. */
  user: UserInfo
  /** The user who impersonates `user`. */
  impersonator: UserInfo | undefined
  /** The uids of the flow schema and the priority level of the request, once flow control has classified it. */
  flow: { readonly schema: string; readonly level: string } | undefined
  readonly warnings: string[] = []
  /** For audit: the request's body as it was decoded, where `keepsRequest` says that it is recorded. */
  requestObject: unknown
  keepsRequest = false
  /** For audit: makes the response's object. Parsing what was only passed on is dear, so it is called only where it is recorded. */
  responseObject: (() => unknown) | undefined

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

  /** Notes a decoded body for audit, before admission and strategies change it. */
  keepRequest(object: unknown): void {
    if (this.keepsRequest) this.requestObject = cloneJson(object)
  }

  /** Adds a `Warning` header (RFC 7234, code 299). At most 32 a request. */
  warn(message: string): void {
    if (this.warnings.length < 32 && !this.warnings.includes(message)) this.warnings.push(message)
  }
}
