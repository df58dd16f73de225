/** The query of a list, watch or deletecollection, read and checked once. */
import { badRequestError, invalidError } from '../../machinery/api-error.ts'
import {
  allFields,
  type FieldSelector,
  fieldSelectorOf,
  parseFieldSelector,
} from '../../machinery/selectors/field-selector.ts'
import { everything, parseLabelSelector, type Selector } from '../../machinery/selectors/label-selector.ts'
import { type FieldError, forbidden, notSupported } from '../../schema/field-error.ts'
import { isTrue } from '../chain/request-info.ts'
import type { Resource } from './resource.ts'
import type { StoredObject } from './stored-object.ts'

export interface ListQuery {
  readonly labelSelector: Selector
  readonly fieldSelector: FieldSelector
  readonly limit: number
  readonly continue: string
  /** As given: '', '0' or a revision. */
  readonly resourceVersion: string
  readonly resourceVersionMatch: string
  readonly timeoutSeconds: number | undefined
  readonly allowBookmarks: boolean
  readonly sendInitialEvents: boolean | undefined
}

const maxInt64 = 2n ** 63n - 1n
const maxUint64 = 2n ** 64n - 1n

const parseFault = (type: 'ParseInt' | 'ParseUint', text: string, fault: string): string =>
  `strconv.${type}: parsing ${JSON.stringify(text)}: ${fault}`

/** Numbers beyond a double's exactness are as good as infinite here. */
function integerOf(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw badRequestError(parseFault('ParseInt', text, 'invalid syntax'))
  const value = BigInt(text.replace('+', ''))
  if (value > maxInt64 || value < -maxInt64 - 1n) {
    throw badRequestError(parseFault('ParseInt', text, 'value out of range'))
  }
  return Number(value)
}

/** Throws 400 or 422, as upstream does for what it cannot read. */
export function listQueryOf(resource: Resource, query: URLSearchParams, isWatch: boolean): ListQuery {
  const labels = query.get('labelSelector') ?? ''
  const fields = query.get('fieldSelector') ?? ''
  const limit = query.get('limit')
  const timeout = query.get('timeoutSeconds')
  const read: ListQuery = {
    labelSelector: labels === '' ? everything : parseLabelSelector(labels),
    fieldSelector:
      fields === '' ? allFields : checkedFields(resource, withoutAliases(resource, parseFieldSelector(fields))),
    limit: limit === null ? 0 : Math.max(0, integerOf(limit)),
    continue: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    ...initialEventsOf(query),
    timeoutSeconds: timeout === null ? undefined : integerOf(timeout),
    allowBookmarks: isTrue(query.get('allowWatchBookmarks')),
  }
  const errors = isWatch ? watchOptionErrors(read) : listOptionErrors(read)
  if (errors.length > 0) throw invalidError('meta.k8s.io', 'ListOptions', '', errors)
  return read
}

/** A watch that names no version begins with what there is, as if it had said so (upstream: `SetListOptionsDefaults`). */
function initialEventsOf(query: URLSearchParams): Pick<ListQuery, 'resourceVersionMatch' | 'sendInitialEvents'> {
  const match = query.get('resourceVersionMatch') ?? ''
  const given = query.get('sendInitialEvents')
  const version = query.get('resourceVersion') ?? ''
  const byDefault = given === null && match === '' && (version === '' || version === '0')
  if (byDefault && isTrue(query.get('watch'))) return { resourceVersionMatch: 'NotOlderThan', sendInitialEvents: true }
  return { resourceVersionMatch: match, sendInitialEvents: given === null ? undefined : isTrue(given) }
}

/** Pods are selected by an older name of their node too. */
function withoutAliases({ group, plural }: Resource, selector: FieldSelector): FieldSelector {
  const isAlias = ({ field }: { field: string }) => field === 'spec.host'
  if (group !== '' || plural !== 'pods' || !selector.requirements.some(isAlias)) return selector
  return fieldSelectorOf(selector.requirements.map(one => (isAlias(one) ? { ...one, field: 'spec.nodeName' } : one)))
}

/** Kinds with selectable fields of their own say differently what they do not know. */
function unknownField({ kind, plural, strategy }: Resource, field: string): string {
  if (strategy.fieldNames.length === 0) {
    return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
  }
  if (plural === 'jobs') return `field label ${JSON.stringify(field)} not supported for Job`
  if (plural === 'resourceslices') {
    return `field label not supported for ${kind.apiVersion}, Kind=${kind.gvk.kind}: ${field}`
  }
  return `field label not supported: ${field}`
}

function checkedFields(resource: Resource, selector: FieldSelector): FieldSelector {
  const { namespaced, strategy } = resource
  for (const { field } of selector.requirements) {
    if (field === 'metadata.name' || strategy.fieldNames.includes(field)) continue
    if (field === 'metadata.namespace' && (namespaced || strategy.fieldNames.length === 0)) continue
    throw badRequestError(unknownField(resource, field))
  }
  return selector
}

const matchName = 'resourceVersionMatch'

/** KEP-3157. */
function watchOptionErrors({
  resourceVersionMatch: match,
  sendInitialEvents,
  continue: token,
}: ListQuery): FieldError[] {
  const errors: FieldError[] = []
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbidden(matchName, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
  }
  if (match === '') return errors
  if (sendInitialEvents === undefined) {
    errors.push(
      forbidden(matchName, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
    )
  }
  if (match !== 'NotOlderThan') errors.push(notSupported(matchName, match, ['NotOlderThan']))
  if (token !== '') errors.push(forbidden(matchName, 'resourceVersionMatch is forbidden when continue is provided'))
  return errors
}

function listOptionErrors(read: ListQuery): FieldError[] {
  const errors: FieldError[] = []
  const { resourceVersionMatch: match, resourceVersion: version } = read
  if (match !== '') {
    if (version === '') {
      errors.push(forbidden(matchName, 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    }
    if (read.continue !== '') {
      errors.push(forbidden(matchName, 'resourceVersionMatch is forbidden when continue is provided'))
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(notSupported(matchName, match, ['Exact', 'NotOlderThan', '']))
    }
    if (match === 'Exact' && version === '0') {
      errors.push(forbidden(matchName, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    }
  }
  if (read.sendInitialEvents !== undefined) {
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  return errors
}

/** A revision as clients send it. Throws 400 where it is none. */
export function revisionOf(text: string, what = ''): number {
  if (text === '') return 0
  const fault = !/^\d+$/.test(text) ? 'invalid syntax' : BigInt(text) > maxUint64 ? 'value out of range' : undefined
  if (fault === undefined) return Number(text)
  throw badRequestError(
    `${what}resourceVersion: Invalid value: ${JSON.stringify(text)}: ${parseFault('ParseUint', text, fault)}`,
  )
}

export interface Selection {
  matches(stored: StoredObject): boolean
  /** To be awaited before `matches` is asked, where it cannot tell at once. */
  prepare?(stored: readonly StoredObject[]): Promise<void> | undefined
}

const isMetadata = (field: string): boolean => field === 'metadata.name' || field === 'metadata.namespace'

/** undefined where everything is selected. */
export function selectionOf(
  resource: Resource,
  read: Pick<ListQuery, 'labelSelector' | 'fieldSelector'>,
): Selection | undefined {
  const { labelSelector, fieldSelector } = read
  const anyLabel = labelSelector.requirements.length === 0 && labelSelector.matches({})
  const anyField = fieldSelector.requirements.length === 0
  if (anyLabel && anyField) return undefined
  // Names are the same in every version.
  const isSame = anyLabel && fieldSelector.requirements.every(({ field }) => isMetadata(field))
  const viewed = isSame ? undefined : resource.factsOf
  const prepare = viewed && resource.conversion?.prepare?.bind(resource.conversion)
  return {
    matches: stored => {
      const { labels, fields } = viewed ? viewed(stored) : stored.facts
      return (anyField || fieldSelector.matches(field => fields[field])) && (anyLabel || labelSelector.matches(labels))
    },
    ...(prepare ? { prepare } : {}),
  }
}

/** The value that a field selector demands with `=`, if any. */
export function demandedValue(selector: FieldSelector, field: string): string | undefined {
  for (const requirement of selector.requirements) {
    if (requirement.field === field && requirement.operator === '=') return requirement.value
  }
  return undefined
}
