import type { UnaryHandler } from '../../base/grpc/grpc-server.ts'
import type { MaintainedStore } from '../maintained-store.ts'
import type { Identity } from './identity.ts'
import { rpcErrorOf } from './rpc-error.ts'

export interface ServiceDeps {
  readonly store: MaintainedStore
  readonly identity: Identity
}

/** Names the methods of one of etcd's services; what they throw becomes etcd's error. */
export const prefixedBy =
  (service: string) =>
  (method: string, handler: UnaryHandler): [string, UnaryHandler] => [
    `/etcdserverpb.${service}/${method}`,
    async request => {
      try {
        return await handler(request)
      } catch (error) {
        throw rpcErrorOf(error)
      }
    },
  ]
