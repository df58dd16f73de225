/** Extension points: what other rooms serve under resources of ours. */

import type { Kind } from '../../schema/kind.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import type { ObjectJson } from '../registry/stored-object.ts'

export interface CreateCall {
  readonly context: RequestContext
  readonly user: UserInfo
  /** Decoded, with defaults; owned by the handler. */
  readonly object: ObjectJson
  readonly namespace: string
  /** Of the parent object, for a subresource. */
  readonly name: string
  readonly dryRun: boolean
}

/** A POST that stores nothing, as a SubjectAccessReview or a TokenRequest. Answers the object to send back (201). */
export interface CreateHandler {
  readonly kind: Kind
  create(call: CreateCall): Promise<ObjectJson>
}

/**
 * A subresource that speaks with the node: exec, attach, portforward, log, proxy. Runs behind the whole chain. It finds the
 * connection in `context.request.connection` and may take it over: then it answers `hijacked`, and owns the socket or the
 * response until `finished` resolves.
 */
export type ConnectHandler = (context: RequestContext) => Promise<ServerResponse>

export interface Handlers {
  /** By `group/resource` or `group/resource/subresource`, as `authentication.k8s.io/tokenreviews`, `/serviceaccounts/token`. */
  readonly create: ReadonlyMap<string, CreateHandler>
  /** By `resource/subresource` of the core group, as `pods/exec`. */
  readonly connect: ReadonlyMap<string, ConnectHandler>
}
