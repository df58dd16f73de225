/** DeleteOptions from the body and the query, checked. */
import { DeleteOptions } from '../../api/meta/v1/options.ts'
import { badRequestError, invalidError } from '../../machinery/api-error.ts'
import { type FieldError, invalid, notSupported } from '../../schema/field-error.ts'
import { DecodeError, decodeValue } from '../../schema/json-decode.ts'
import { isTrue } from '../chain/request-info.ts'

export interface DeletionOptions {
  readonly gracePeriodSeconds?: number
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly orphanDependents?: boolean
  readonly propagationPolicy?: string
  readonly dryRun: boolean
}

/** `body` is the parsed DeleteOptions, if the request has one; the query is read where it has none, as upstream does. */
export function deletionOptionsOf(body: unknown, query: URLSearchParams): DeletionOptions {
  const sent = body === undefined ? fromQuery(query) : fromBody(body)
  const dryRun = sent.dryRun ?? query.getAll('dryRun')
  const errors: FieldError[] = []
  if (dryRun.some(value => value !== 'All')) errors.push(notSupported('dryRun', dryRun, ['All']))
  if (sent.orphanDependents !== undefined && sent.propagationPolicy !== undefined) {
    errors.push(
      invalid(
        'propagationPolicy',
        sent.propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    )
  }
  const policies = ['Foreground', 'Background', 'Orphan']
  if (sent.propagationPolicy !== undefined && !policies.includes(sent.propagationPolicy)) {
    errors.push(notSupported('propagationPolicy', sent.propagationPolicy, [...policies, 'nil']))
  }
  if (errors.length > 0) throw invalidError('meta.k8s.io', 'DeleteOptions', '', errors)
  return { ...sent, dryRun: dryRun.length > 0 }
}

interface Sent {
  gracePeriodSeconds?: number
  preconditions?: { uid?: string; resourceVersion?: string }
  orphanDependents?: boolean
  propagationPolicy?: string
  dryRun?: string[]
}

function fromBody(body: unknown): Sent {
  try {
    return decodeValue(DeleteOptions, body).object as Sent
  } catch (error) {
    if (error instanceof DecodeError) throw badRequestError(error.message)
    throw error
  }
}

function fromQuery(query: URLSearchParams): Sent {
  const sent: Sent = {}
  const grace = query.get('gracePeriodSeconds')
  if (grace !== null && grace !== '') {
    if (!/^-?\d+$/.test(grace))
      throw badRequestError(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`)
    sent.gracePeriodSeconds = Number(grace)
  }
  const policy = query.get('propagationPolicy')
  if (policy !== null && policy !== '') sent.propagationPolicy = policy
  const orphan = query.get('orphanDependents')
  if (orphan !== null && orphan !== '') sent.orphanDependents = isTrue(orphan)
  return sent
}
