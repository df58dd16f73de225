/**
 * Failures as `metav1.Status`. Reasons, codes and messages are the ones that Kubernetes' clients know (API conventions,
 * "Response Status Kind").
 */
import type { FieldError } from '../schema/field-error.ts'

export interface StatusCause {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

export interface FailureStatus {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: Record<string, never>
  readonly status: 'Failure'
  readonly message: string
  readonly reason?: string
  readonly details?: StatusDetails
  readonly code: number
}

/** `pods`, or `deployments.apps`: how messages name a resource. */
export const qualifiedResource = (group: string, resource: string): string =>
  group === '' ? resource : `${resource}.${group}`

export class ApiError extends Error {
  readonly status: FailureStatus
  constructor(code: number, reason: string | undefined, message: string, details?: StatusDetails) {
    super(message)
    this.name = 'ApiError'
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    }
  }
  get code(): number {
    return this.status.code
  }
  get reason(): string {
    return this.status.reason ?? ''
  }
}

const named = (group: string, resource: string, name: string): StatusDetails => ({
  name,
  ...(group === '' ? {} : { group }),
  kind: resource,
})

export const notFoundError = (group: string, resource: string, name: string): ApiError =>
  new ApiError(
    404,
    'NotFound',
    `${qualifiedResource(group, resource)} "${name}" not found`,
    named(group, resource, name),
  )

export const alreadyExistsError = (group: string, resource: string, name: string): ApiError =>
  new ApiError(
    409,
    'AlreadyExists',
    `${qualifiedResource(group, resource)} "${name}" already exists`,
    named(group, resource, name),
  )

export const conflictError = (group: string, resource: string, name: string, why: string): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedResource(group, resource)} "${name}": ${why}`,
    named(group, resource, name),
  )

/** What an update with an outdated resourceVersion gets. */
export const modifiedError = (group: string, resource: string, name: string): ApiError =>
  conflictError(
    group,
    resource,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  )

export const forbiddenError = (group: string, resource: string, name: string, why: string): ApiError => {
  const qualified = qualifiedResource(group, resource)
  const message =
    resource === ''
      ? `forbidden: ${why}`
      : name === ''
        ? `${qualified} is forbidden: ${why}`
        : `${qualified} "${name}" is forbidden: ${why}`
  return new ApiError(
    403,
    'Forbidden',
    message,
    resource === '' ? {} : { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource },
  )
}

export const unauthorizedError = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized')

export const badRequestError = (message: string): ApiError => new ApiError(400, 'BadRequest', message)

export const internalError = (message: string): ApiError =>
  new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })

export const methodNotSupportedError = (group: string, resource: string, action: string): ApiError =>
  new ApiError(
    405,
    'MethodNotAllowed',
    `${action} is not supported on resources of kind "${qualifiedResource(group, resource)}"`,
    {
      ...(group === '' ? {} : { group }),
      kind: resource,
    },
  )

export const expiredError = (message: string): ApiError => new ApiError(410, 'Expired', message)

export const tooManyRequestsError = (message: string, retryAfterSeconds: number): ApiError =>
  new ApiError(429, 'TooManyRequests', message, { retryAfterSeconds })

export const serviceUnavailableError = (message: string): ApiError => new ApiError(503, 'ServiceUnavailable', message)

export const timeoutError = (message: string, retryAfterSeconds = 0): ApiError =>
  new ApiError(504, 'Timeout', `Timeout: ${message}`, retryAfterSeconds === 0 ? undefined : { retryAfterSeconds })

export const entityTooLargeError = (message: string): ApiError =>
  new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`)

/** 422 with one cause a field error, as upstream's `errors.NewInvalid`. */
export function invalidError(group: string, kind: string, name: string, errors: readonly FieldError[]): ApiError {
  const lines = [...new Set(errors.map(error => `${error.field}: ${error.message}`))]
  const aggregate = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  const qualified = group === '' ? kind : `${kind}.${group}`
  const causes = errors.map(error => ({ reason: error.reason, message: error.message, field: error.field }))
  return new ApiError(422, 'Invalid', `${qualified} "${name}" is invalid: ${aggregate}`, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    ...(kind === '' ? {} : { kind }),
    causes,
  })
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.reason === 'NotFound'
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.reason === 'Conflict'
export const isAlreadyExists = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'AlreadyExists'

/** A kind that nobody knows, in the words of upstream's scheme. */
export const notRegistered = (apiVersion: string, kind: string): string =>
  `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`
