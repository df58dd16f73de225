/** Events: one storage behind core/v1 and events.k8s.io/v1, converted at the edge. They go after an hour. */
import type { PureConversion } from '../resource.ts'
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy } from '../strategy.ts'
import { at, strategyOf, textAt } from './base.ts'

const ttlSeconds = 3_600

/** Fields of core/v1 and, behind them, of events.k8s.io/v1: both name the same stored values. */
function selectable(object: ObjectJson): Record<string, string> {
  const involved = (name: string) => textAt(object, 'involvedObject', name)
  const names = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
  const fields: Record<string, string> = {}
  for (const name of names) {
    fields[`involvedObject.${name}`] = involved(name)
    fields[`regarding.${name}`] = involved(name)
  }
  const reporter = textAt(object, 'reportingComponent')
  return {
    ...fields,
    reason: textAt(object, 'reason'),
    reportingComponent: reporter,
    reportingController: reporter,
    source: textAt(object, 'source', 'component') || reporter,
    type: textAt(object, 'type'),
  }
}

const referenceFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']

const eventStrategy = (fieldNames: readonly string[]): Strategy =>
  strategyOf({
    createOnUpdate: true,
    defaultPropagation: 'Unsupported',
    ttlSeconds,
    fieldNames,
    selectableFields: selectable,
  })

export const coreEventStrategy = eventStrategy([
  ...referenceFields.map(name => `involvedObject.${name}`),
  'reason',
  'reportingComponent',
  'source',
  'type',
])

export const eventsEventStrategy = eventStrategy([
  ...referenceFields.map(name => `regarding.${name}`),
  'reason',
  'reportingController',
  'type',
])

/** [events.k8s.io/v1 name, core/v1 name] of fields that are only renamed. */
const renamed: readonly (readonly [string, string])[] = [
  ['reportingController', 'reportingComponent'],
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
]

function rename(object: ObjectJson, apiVersion: string, from: 0 | 1, to: 0 | 1): ObjectJson {
  const result: Record<string, unknown> = { ...object, apiVersion }
  for (const pair of renamed) {
    const value = at(object, pair[from])
    delete result[pair[from]]
    if (value !== undefined) result[pair[to]] = value
  }
  return result as ObjectJson
}

/** core/v1 always shows who reports, and this version only where somebody does. */
function withoutEmpty(object: ObjectJson): ObjectJson {
  for (const name of ['reportingController', 'reportingInstance']) if (object[name] === '') delete object[name]
  return object
}

export const eventConversion: PureConversion = {
  toStorage: object => rename(object, 'v1', 0, 1),
  fromStorage: object => withoutEmpty(rename(object, 'events.k8s.io/v1', 1, 0)),
}
