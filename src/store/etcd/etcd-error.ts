/** etcd's errors as the store's. */
import { GrpcCode, GrpcError } from '../../base/grpc/grpc-error.ts'
import {
  InvalidRequestError,
  LeaseExistsError,
  LeaseNotFoundError,
  LeaseTtlTooLargeError,
  OutcomeUnknownError,
  StoreUnavailableError,
} from '../store.ts'

export const isCompacted = (error: unknown): boolean =>
  error instanceof GrpcError && /required revision has been compacted/.test(error.details)
export const isFuture = (error: unknown): boolean =>
  error instanceof GrpcError && /required revision is a future revision/.test(error.details)

/** Of a call that is not repeated. `wrote`: it may have changed something, unless etcd itself said no. */
export function storeErrorOf(error: unknown, wrote: boolean): Error {
  if (!(error instanceof GrpcError)) return error as Error
  const { code, details } = error
  switch (code) {
    case GrpcCode.notFound:
      return new LeaseNotFoundError()
    case GrpcCode.failedPrecondition:
      return /lease already exists/.test(details) ? new LeaseExistsError() : new InvalidRequestError(details)
    case GrpcCode.outOfRange:
      return /too large lease TTL/.test(details) ? new LeaseTtlTooLargeError() : new InvalidRequestError(details)
    case GrpcCode.invalidArgument:
      return new InvalidRequestError(details)
    case GrpcCode.resourceExhausted:
      // Said before anything is written: too many requests, no space, too large a message.
      return new StoreUnavailableError(details)
    default:
      return wrote && !error.notSent ? new OutcomeUnknownError(details) : new StoreUnavailableError(details)
  }
}
