/** The store's errors as etcd's server gives them: clients match on code and message. */
import { GrpcCode, GrpcError } from '../../base/grpc/grpc-error.ts'
import { DecodeError } from '../../schema/decode-error.ts'
import {
  CompactedError,
  FutureRevisionError,
  InvalidRequestError,
  LeaseExistsError,
  LeaseNotFoundError,
  LeaseTtlTooLargeError,
  StoreUnavailableError,
} from '../store.ts'

export const compactedMessage = 'etcdserver: mvcc: required revision has been compacted'
export const futureMessage = 'etcdserver: mvcc: required revision is a future revision'
export const noSpaceMessage = 'etcdserver: mvcc: database space exceeded'
export const corruptMessage = 'etcdserver: corrupt cluster'
export const tooLargeMessage = 'etcdserver: request is too large'
export const tooManyRequestsMessage = 'etcdserver: too many requests'

export const invalid = (details: string): GrpcError => new GrpcError(GrpcCode.invalidArgument, details)

function unavailable({ message }: StoreUnavailableError): GrpcError {
  if (message === tooManyRequestsMessage) return new GrpcError(GrpcCode.resourceExhausted, message)
  if (/disk is full/.test(message)) return new GrpcError(GrpcCode.resourceExhausted, noSpaceMessage)
  if (/is closed/.test(message)) return new GrpcError(GrpcCode.unavailable, 'etcdserver: server stopped')
  return new GrpcError(GrpcCode.unavailable, `etcdserver: ${message}`)
}

export function rpcErrorOf(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error
  if (error instanceof CompactedError) return new GrpcError(GrpcCode.outOfRange, compactedMessage)
  if (error instanceof FutureRevisionError) return new GrpcError(GrpcCode.outOfRange, futureMessage)
  if (error instanceof LeaseNotFoundError) return new GrpcError(GrpcCode.notFound, error.message)
  if (error instanceof LeaseExistsError) return new GrpcError(GrpcCode.failedPrecondition, error.message)
  if (error instanceof LeaseTtlTooLargeError) return new GrpcError(GrpcCode.outOfRange, error.message)
  if (error instanceof InvalidRequestError) return invalid(error.message)
  if (error instanceof StoreUnavailableError) return unavailable(error)
  if (error instanceof DecodeError) {
    return new GrpcError(GrpcCode.internal, `grpc: error unmarshalling request: ${error.message}`)
  }
  return new GrpcError(GrpcCode.unknown, (error as Error).message)
}
