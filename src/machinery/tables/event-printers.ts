/** Events of both groups, which show the same columns. */
import type { Event as CoreEvent } from '../../api/core/v1/event.ts'
import type { Event } from '../../api/events/v1/event.ts'
import { ageOf } from './human-duration.ts'
import { type Cell, column, nameColumn, type Printer, wideColumn } from './printer.ts'

const columns = [
  column('Last Seen', 'How long ago it happened last.'),
  column('Type', 'Normal or Warning.'),
  column('Reason', 'Why it happened, in one word.'),
  column('Object', 'What it happened to.'),
  wideColumn('Subobject', 'The part of the object that it happened to.'),
  wideColumn('Source', 'Who reported it.'),
  column('Message', 'What happened.'),
  wideColumn('First Seen', 'How long ago it happened first.'),
  wideColumn('Count', 'How often it happened.'),
  { ...nameColumn, priority: 1 },
]

interface Facts {
  readonly firstTime: string | undefined
  readonly lastTime: string | undefined
  readonly count: number | undefined
  readonly object: { readonly kind?: string; readonly name?: string; readonly fieldPath?: string } | undefined
  readonly component: string | undefined
  readonly host: string | undefined
  readonly message: string | undefined
}
type Common = Pick<CoreEvent, 'metadata' | 'eventTime' | 'series' | 'type' | 'reason'>

function cellsOf(event: Common, facts: Facts, nowMs: number): Cell[] {
  const firstSeen = ageOf(facts.firstTime || event.eventTime, nowMs)
  const lastSeen = event.series
    ? ageOf(event.series.lastObservedTime, nowMs)
    : facts.lastTime
      ? ageOf(facts.lastTime, nowMs)
      : firstSeen
  const kind = (facts.object?.kind ?? '').toLowerCase()
  return [
    lastSeen,
    event.type ?? '',
    event.reason ?? '',
    facts.object?.name ? `${kind}/${facts.object.name}` : kind,
    facts.object?.fieldPath ?? '',
    [facts.component, facts.host].filter(text => text).join(', '),
    (facts.message ?? '').trim(),
    firstSeen,
    event.series ? (event.series.count ?? 0) : facts.count || 1,
    event.metadata.name,
  ]
}

export const coreEventPrinter: Printer<CoreEvent> = {
  columns,
  cells: (event, nowMs) =>
    cellsOf(
      event,
      {
        firstTime: event.firstTimestamp,
        lastTime: event.lastTimestamp,
        count: event.count,
        object: event.involvedObject,
        component: event.source?.component || event.reportingComponent,
        host: event.source?.host || event.reportingInstance,
        message: event.message,
      },
      nowMs,
    ),
}

export const eventPrinter: Printer<Event> = {
  columns,
  cells: (event, nowMs) =>
    cellsOf(
      event,
      {
        firstTime: event.deprecatedFirstTimestamp,
        lastTime: event.deprecatedLastTimestamp,
        count: event.deprecatedCount,
        object: event.regarding,
        component: event.deprecatedSource?.component || event.reportingController,
        host: event.deprecatedSource?.host || event.reportingInstance,
        message: event.note,
      },
      nowMs,
    ),
}
