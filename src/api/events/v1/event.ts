import { f } from '../../../schema/field.ts'
import { int32, microTime, str, type TypeOf, time } from '../../../schema/type.ts'
import { EventSource } from '../../core/v1/event.ts'
import { ObjectReference } from '../../core/v1/object-reference.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const EventSeries = message('EventSeries', {
  count: f(1, int32).required().always(),
  lastObservedTime: f(2, microTime).required(),
})
export type EventSeries = TypeOf<typeof EventSeries>

export const Event = kind(
  'Event',
  {
    metadata: f(1, ObjectMeta).always(),
    eventTime: f(2, microTime).required(),
    series: f(3, EventSeries),
    reportingController: f(4, str),
    reportingInstance: f(5, str),
    action: f(6, str),
    reason: f(7, str),
    regarding: f(8, ObjectReference).always(),
    related: f(9, ObjectReference),
    note: f(10, str),
    type: f(11, str),
    deprecatedSource: f(12, EventSource).always(),
    deprecatedFirstTimestamp: f(13, time),
    deprecatedLastTimestamp: f(14, time),
    deprecatedCount: f(15, int32),
  },
  {
    resource: {
      plural: 'events',
      singular: 'event',
      shortNames: ['ev'],
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type Event = TypeOf<typeof Event>
