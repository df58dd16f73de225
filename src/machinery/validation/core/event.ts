/** Events of both groups (upstream: ValidateEventCreate, ValidateEventUpdate, legacyValidateEvent). */
import type { Event } from '../../../api/core/v1/event.ts'
import type { Event as GroupEvent } from '../../../api/events/v1/event.ts'
import { invalid, required } from '../../../schema/field-error.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'

type Parts = Readonly<Record<string, unknown>>

/** Rules of old, for events of both groups; those with an eventTime must say who reports what. */
function checkLegacy(out: Errors, event: Modern, about: { readonly namespace?: string }, reporter: string): void {
  const path = 'involvedObject.namespace'
  const namespace = event.metadata.namespace
  const wanted = about.namespace ?? ''
  if (event.eventTime === undefined) {
    if (wanted === '' ? namespace !== 'default' : namespace !== wanted) {
      out.push(invalid(path, wanted, 'does not match event.namespace'))
    }
    return
  }
  if (wanted === '' && namespace !== 'default' && namespace !== 'kube-system') {
    out.push(invalid(path, wanted, 'does not match event.namespace'))
  }
  const controller = event.reportingComponent ?? event.reportingController ?? ''
  if (controller === '') out.push(required(reporter))
  pushInvalid(out, reporter, controller, labelKeyErrors(controller))
  for (const name of ['reportingInstance', 'action', 'reason'] as const) {
    const text = event[name] ?? ''
    if (text === '') out.push(required(name))
    checkLength(out, name, text, 128)
  }
  checkLength(out, 'message', event.message ?? event.note ?? '', 1024)
}

function checkLength(out: Errors, path: string, text: string, most: number): void {
  if (Buffer.byteLength(text) > most) out.push(invalid(path, '', `can have at most ${most} characters`))
}

interface Modern {
  readonly metadata: { readonly namespace: string }
  readonly eventTime?: string
  readonly reportingComponent?: string
  readonly reportingController?: string
  readonly reportingInstance?: string
  readonly action?: string
  readonly reason?: string
  readonly message?: string
  readonly note?: string
}

export const checkEvent = (out: Errors, event: Event): void =>
  checkLegacy(out, event, event.involvedObject, 'reportingComponent')

const types: ReadonlySet<string> = new Set(['Normal', 'Warning'])

export function checkGroupEvent(out: Errors, event: GroupEvent): void {
  checkLegacy(out, event, event.regarding, 'reportingController')
  checkSeries(out, event)
  if (event.eventTime === undefined) out.push(required('eventTime'))
  if (!types.has(event.type ?? '')) out.push(invalid('type', '', `has invalid value: ${event.type ?? ''}`))
  if (event.deprecatedFirstTimestamp) out.push(invalid('firstTimestamp', '', 'needs to be unset'))
  if (event.deprecatedLastTimestamp) out.push(invalid('lastTimestamp', '', 'needs to be unset'))
  if (event.deprecatedCount) out.push(invalid('count', '', 'needs to be unset'))
  const source = event.deprecatedSource
  if (source?.component || source?.host) out.push(invalid('source', '', 'needs to be unset'))
}

function checkSeries(out: Errors, { series }: GroupEvent): void {
  if (!series) return
  if (series.count < 2) out.push(invalid('series.count', '', 'should be at least 2'))
  if (!series.lastObservedTime) out.push(required('series.lastObservedTime'))
}

/** What an event says never changes. [name here, name that upstream's messages use] */
const frozen = [
  ['regarding', 'involvedObject'],
  ['reason', 'reason'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
] as const

/** An absent one is shown as an empty text. */
const textual: ReadonlySet<string> = new Set([
  'reason',
  'note',
  'type',
  'action',
  'reportingController',
  'reportingInstance',
])

export function checkGroupEventUpdate(out: Errors, event: GroupEvent, old: GroupEvent): void {
  checkLegacy(out, event, event.regarding, 'reportingController')
  if (!isSame(event.series, old.series)) checkSeries(out, event)
  for (const [name, path] of frozen) {
    const value = event[name]
    if (isSame(value, old[name])) continue
    const shown = name === 'regarding' || name === 'related' ? referenceShown(value as Parts | undefined) : value
    checkImmutable(out, path, textual.has(name) ? (shown ?? '') : shown, old[name])
  }
}

const referenceParts = [
  ['Kind', 'kind'],
  ['Namespace', 'namespace'],
  ['Name', 'name'],
  ['UID', 'uid'],
  ['APIVersion', 'apiVersion'],
  ['ResourceVersion', 'resourceVersion'],
  ['FieldPath', 'fieldPath'],
] as const

/** A reference as upstream shows it, whose inner type has no JSON names. */
const referenceShown = (reference: Parts | undefined): unknown =>
  reference && Object.fromEntries(referenceParts.map(([shown, name]) => [shown, reference[name] ?? '']))
