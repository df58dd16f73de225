/**
 * Subresources that connect a client to something that runs: exec, attach, port-forward and log of pods, and the
 * proxies of pods, services and nodes. A handler may take the connection over, or throw ApiError.
 */

import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { KubeletAccess } from './kubelet-location.ts'
import { podLog } from './pod-log.ts'
import { podAttach, podExec, podPortForward } from './pod-streams.ts'
import { nodeProxy, podProxy, serviceProxy } from './proxy-targets.ts'

export interface ConnectDeps {
  readonly reader: ObjectReader
  readonly kubelet: KubeletAccess
  readonly random: () => number
}

export type ConnectHandler = (context: RequestContext, deps: ConnectDeps) => Promise<ServerResponse>

/** By `resource/subresource` of the core group. */
export const connectHandlers: ReadonlyMap<string, ConnectHandler> = new Map([
  ['pods/exec', podExec],
  ['pods/attach', podAttach],
  ['pods/portforward', podPortForward],
  ['pods/log', podLog],
  ['pods/proxy', podProxy],
  ['services/proxy', serviceProxy],
  ['nodes/proxy', nodeProxy],
])
