import { f } from '../../../schema/field.ts'
import { int32, microTime, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { ObjectReference } from './object-reference.ts'
import { kind, message } from './package.ts'

export const EventSeries = message('EventSeries', {
  count: f(1, int32),
  lastObservedTime: f(2, microTime),
})
export type EventSeries = TypeOf<typeof EventSeries>

export const EventSource = message('EventSource', {
  component: f(1, str),
  host: f(2, str),
})
export type EventSource = TypeOf<typeof EventSource>

export const Event = kind(
  'Event',
  {
    metadata: f(1, ObjectMeta).required().always(),
    involvedObject: f(2, ObjectReference).required().always(),
    reason: f(3, str),
    message: f(4, str),
    source: f(5, EventSource).always(),
    firstTimestamp: f(6, time),
    lastTimestamp: f(7, time),
    count: f(8, int32),
    type: f(9, str),
    eventTime: f(10, microTime),
    series: f(11, EventSeries),
    action: f(12, str),
    related: f(13, ObjectReference),
    reportingComponent: f(14, str).always(),
    reportingInstance: f(15, str).always(),
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
