/** The query of a list, watch or deletecollection, read and checked once. */
import { badRequestError, invalidError } from '../../machinery/api-error.ts'
import { allFields, type FieldSelector, parseFieldSelector } from '../../machinery/selectors/field-selector.ts'
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

function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw badRequestError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return value
}

/** Throws 400 or 422, as upstream does for what it cannot read. */
export function listQueryOf(resource: Resource, query: URLSearchParams, isWatch: boolean): ListQuery {
  const labels = query.get('labelSelector') ?? ''
  const fields = query.get('fieldSelector') ?? ''
  const sendInitial = query.get('sendInitialEvents')
  const read: ListQuery = {
    labelSelector: labels === '' ? everything : parseLabelSelector(labels),
    fieldSelector: fields === '' ? allFields : checkedFields(resource, parseFieldSelector(fields), labels, fields),
    limit: Math.max(0, integerOf(query, 'limit') ?? 0),
    continue: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
    allowBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: sendInitial === null ? undefined : isTrue(sendInitial),
  }
  const errors = optionErrors(read, isWatch)
  if (errors.length > 0) throw invalidError('meta.k8s.io', 'ListOptions', '', errors)
  return read
}

function checkedFields(resource: Resource, selector: FieldSelector, labels: string, fields: string): FieldSelector {
  for (const { field } of selector.requirements) {
    if (field === 'metadata.name' || (field === 'metadata.namespace' && resource.namespaced)) continue
    if (resource.strategy.fieldNames.includes(field)) continue
    const { group, version } = resource
    const named = group === '' ? `/${version}` : `${group}/${version}`
    throw badRequestError(
      `Unable to find ${JSON.stringify(`${named}, Resource=${resource.plural}`)} that match label selector ${JSON.stringify(labels)}, field selector ${JSON.stringify(fields)}: field label not supported: ${field}`,
    )
  }
  return selector
}

/** KEP-3157 and `ValidateListOptions`. */
function optionErrors(read: ListQuery, isWatch: boolean): FieldError[] {
  const errors: FieldError[] = []
  const { resourceVersionMatch: match } = read
  if (isWatch) {
    if (read.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
      errors.push(
        forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
      )
    }
    if (match !== '' && read.sendInitialEvents === undefined) {
      errors.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        ),
      )
    }
    return errors
  }
  if (read.sendInitialEvents !== undefined) {
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  if (match === '') return errors
  if (read.resourceVersion === '') {
    errors.push(
      forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    )
  }
  if (read.continue !== '') {
    errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'))
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
  }
  if (match === 'Exact' && read.resourceVersion === '0') {
    errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
  }
  return errors
}

/** A revision as clients send it. Throws 400 where it is none. */
export function revisionOf(text: string): number {
  if (text === '') return 0
  const revision = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(revision)) {
    throw badRequestError(
      `invalid resource version ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  }
  return revision
}

/** Whether an object is selected; undefined where everything is. */
export function predicateOf(
  read: Pick<ListQuery, 'labelSelector' | 'fieldSelector'>,
): ((stored: StoredObject) => boolean) | undefined {
  const anyLabel = read.labelSelector.requirements.length === 0 && read.labelSelector.matches({})
  const anyField = read.fieldSelector.requirements.length === 0
  if (anyLabel && anyField) return undefined
  return stored => {
    const { labels, fields } = stored.facts
    return (
      (anyField || read.fieldSelector.matches(field => fields[field])) &&
      (anyLabel || read.labelSelector.matches(labels))
    )
  }
}

/** The value that a field selector demands with `=`, if any. */
export function demandedValue(selector: FieldSelector, field: string): string | undefined {
  for (const requirement of selector.requirements) {
    if (requirement.field === field && requirement.operator === '=') return requirement.value
  }
  return undefined
}
