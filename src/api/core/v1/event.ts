import { f } from '../../../schema/field.ts'
import { int32, microTime, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { ObjectReference } from './object-reference.ts'
import { kind, message } from './package.ts'

export const EventSeries = message(
  'EventSeries',
  {
    count: f(1, int32).doc('How often the event has occurred.'),
    lastObservedTime: f(2, microTime).orNull().doc('When it last occurred.'),
  },
  { doc: 'A run of equal events.' },
)
export type EventSeries = TypeOf<typeof EventSeries>

export const EventSource = message(
  'EventSource',
  {
    component: f(1, str).doc('Component that reported it.'),
    host: f(2, str).doc('Node on which the component runs.'),
  },
  { doc: 'Who reported an event.' },
)
export type EventSource = TypeOf<typeof EventSource>

export const Event = kind(
  'Event',
  {
    metadata: f(1, ObjectMeta).required().always().doc('Name, labels and other standard metadata.'),
    involvedObject: f(2, ObjectReference).required().always().doc('Object that the event is about.'),
    reason: f(3, str).doc('Why it happened, one word in CamelCase.'),
    message: f(4, str).doc('What happened, for people.'),
    source: f(5, EventSource).always().doc('Who reported it.'),
    firstTimestamp: f(6, time).orNull().doc('When it was first reported.'),
    lastTimestamp: f(7, time).orNull().doc('When it was last reported.'),
    count: f(8, int32).doc('How often it has occurred.'),
    type: f(9, str).doc('`Normal` or `Warning`.'),
    eventTime: f(10, microTime).orNull().doc('When it was first observed, in microseconds.'),
    series: f(11, EventSeries).doc('The run that the event belongs to, if it has occurred more than once.'),
    action: f(12, str).doc('What was done about the object.'),
    related: f(13, ObjectReference).doc('Another object that had a part in it.'),
    reportingComponent: f(14, str).always().doc('Controller that reported it, as `kubernetes.io/kubelet`.'),
    reportingInstance: f(15, str).always().doc('Instance of the controller, such as the name of its pod.'),
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
