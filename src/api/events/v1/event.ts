import { f } from '../../../schema/field.ts'
import { int32, microTime, str, type TypeOf, time } from '../../../schema/type.ts'
import { EventSource } from '../../core/v1/event.ts'
import { ObjectReference } from '../../core/v1/object-reference.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const EventSeries = message(
  'EventSeries',
  {
    count: f(1, int32).required().always().doc('How often the event has occurred.'),
    lastObservedTime: f(2, microTime).orNull().required().doc('When it last occurred.'),
  },
  { doc: 'A run of equal events.' },
)
export type EventSeries = TypeOf<typeof EventSeries>

export const Event = kind(
  'Event',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    eventTime: f(2, microTime).orNull().required().doc('When it was first observed, in microseconds.'),
    series: f(3, EventSeries).doc('The run that the event belongs to, if it has occurred more than once.'),
    reportingController: f(4, str).doc('Controller that reported it, as `kubernetes.io/kubelet`.'),
    reportingInstance: f(5, str).doc('Instance of the controller, such as the name of its pod.'),
    action: f(6, str).doc('What was done about the object.'),
    reason: f(7, str).doc('Why it happened, one word in CamelCase.'),
    regarding: f(8, ObjectReference).always().doc('Object that the event is about.'),
    related: f(9, ObjectReference).doc('Another object that had a part in it.'),
    note: f(10, str).doc('What happened, for people; at most 1 KiB.'),
    type: f(11, str).doc('`Normal` or `Warning`.'),
    deprecatedSource: f(12, EventSource).always().doc('`source` of the core event.'),
    deprecatedFirstTimestamp: f(13, time).orNull().doc('`firstTimestamp` of the core event.'),
    deprecatedLastTimestamp: f(14, time).orNull().doc('`lastTimestamp` of the core event.'),
    deprecatedCount: f(15, int32).doc('`count` of the core event.'),
  },
  {
    doc: 'Something that happened to an object; kept for a limited time.',
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
