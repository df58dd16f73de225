/** Events of both groups (upstream: ValidateEventCreate, ValidateEventUpdate, legacyValidateEvent). */
import type { Event } from '../../../api/core/v1/event.ts'
import type { Event as GroupEvent } from '../../../api/events/v1/event.ts'
import { invalid, required } from '../../../schema/field-error.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'

const inNamespace = (out: Errors, path: string, namespace: string, about: { readonly namespace?: string }): void => {
  const wanted = about.namespace || 'default'
  if (namespace === wanted || (about.namespace === undefined && namespace === 'kube-system')) return
  out.push(invalid(path, about.namespace ?? '', 'does not match event.namespace'))
}

export function checkEvent(out: Errors, event: Event): void {
  const path = 'involvedObject.namespace'
  if (event.involvedObject.namespace !== undefined)
    inNamespace(out, path, event.metadata.namespace, event.involvedObject)
  else if (event.metadata.namespace !== 'default' && event.metadata.namespace !== 'kube-system') {
    out.push(invalid(path, '', 'does not match event.namespace'))
  }
  if (event.eventTime !== undefined) checkModern(out, event.reportingComponent, 'reportingController', event)
}

interface Modern {
  readonly action?: string
  readonly reason?: string
  readonly type?: string
  readonly reportingInstance?: string
}

function checkModern(out: Errors, controller: string | undefined, name: string, event: Modern): void {
  if (!controller) out.push(required(name))
  else pushInvalid(out, name, controller, labelKeyErrors(controller))
  if (!event.reportingInstance) out.push(required('reportingInstance'))
  else if (event.reportingInstance.length > 128)
    out.push(invalid('reportingInstance', '', 'can have at most 128 characters'))
  if (!event.action) out.push(required('action'))
  else if (event.action.length > 128) out.push(invalid('action', '', 'can have at most 128 characters'))
  if (!event.reason) out.push(required('reason'))
  else if (event.reason.length > 128) out.push(invalid('reason', '', 'can have at most 128 characters'))
}

const types: ReadonlySet<string> = new Set(['Normal', 'Warning'])

export function checkGroupEvent(out: Errors, event: GroupEvent): void {
  if (event.regarding.namespace !== undefined) {
    inNamespace(out, 'involvedObject.namespace', event.metadata.namespace, event.regarding)
  } else if (event.metadata.namespace !== 'default' && event.metadata.namespace !== 'kube-system') {
    out.push(invalid('involvedObject.namespace', '', 'does not match event.namespace'))
  }
  if (event.eventTime === undefined) out.push(required('eventTime'))
  checkModern(out, event.reportingController, 'reportingController', event)
  if (!types.has(event.type ?? '')) out.push(invalid('type', '', `has invalid value: ${event.type ?? ''}`))
  if ((event.note?.length ?? 0) > 1024) out.push(invalid('message', '', 'can have at most 1024 characters'))
}

const frozen = [
  'regarding',
  'reason',
  'action',
  'related',
  'note',
  'type',
  'reportingController',
  'reportingInstance',
] as const

export function checkGroupEventUpdate(out: Errors, event: GroupEvent, old: GroupEvent): void {
  if (event.series && old.series && isSame(event.series, old.series)) return
  for (const name of frozen) checkImmutable(out, name, event[name], old[name])
  checkImmutable(out, 'eventTime', event.eventTime, old.eventTime)
}
