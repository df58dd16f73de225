/** The gRPC status codes that are told apart. */
export const GrpcCode = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const

const names = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]

/** A failed call. Its message is what Go's client prints, so that events read as users know them. */
export class GrpcError extends Error {
  readonly code: number
  readonly details: string
  /** The server cannot have seen the request. */
  readonly notSent: boolean
  constructor(code: number, details: string, notSent = false) {
    super(`rpc error: code = ${names[code] ?? `Code(${code})`} desc = ${details}`)
    this.name = 'GrpcError'
    this.code = code
    this.details = details
    this.notSent = notSent
  }
}

export const isNotFoundCall = (error: unknown): boolean =>
  error instanceof GrpcError && error.code === GrpcCode.notFound
export const isUnimplemented = (error: unknown): boolean =>
  error instanceof GrpcError && error.code === GrpcCode.unimplemented
