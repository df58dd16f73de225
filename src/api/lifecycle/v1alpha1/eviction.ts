import { f } from '../../../schema/field.ts'
import { int32, int64, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

const EvictionPodReference = message(
  'EvictionPodReference',
  {
    name: f(1, str).required().always().doc('Name of the pod.'),
    uid: f(2, str).required().always().doc('UID of the pod.'),
  },
  { doc: 'A pod that is to leave.' },
)

const EvictionTarget = message(
  'EvictionTarget',
  { pod: f(1, EvictionPodReference).doc('Pod that is to leave.') },
  { doc: 'What is to leave.' },
)

const EvictionSpec = message(
  'EvictionSpec',
  { target: f(1, EvictionTarget).required().always().doc('What is to leave.') },
  { doc: 'What an eviction is about.' },
)

const Requester = message(
  'Requester',
  {
    name: f(1, str).required().always().doc('Who asks.'),
    intent: f(2, str).go('v1alpha1.RequesterIntent').required().always().doc('What is asked.'),
  },
  { doc: 'Who has asked for an eviction.' },
)

const TargetResponder = message(
  'TargetResponder',
  {
    name: f(1, str).required().always().doc('Who may respond.'),
    priority: f(2, int32).explicit().doc('Who comes first; the higher, the sooner.'),
    state: f(3, str).go('v1alpha1.ResponderStateType').required().always().doc('How far it is.'),
  },
  { doc: 'Who may respond to an eviction, in turn.' },
)

const ResponderStatus = message(
  'ResponderStatus',
  {
    name: f(1, str).required().always().doc('Who responds.'),
    startTime: f(2, time).explicit().doc('When it began.'),
    heartbeatTime: f(3, time).explicit().doc('When it was last heard of.'),
    expectedCompletionTime: f(4, time).explicit().doc('When it expects to be done.'),
    completionTime: f(5, time).explicit().doc('When it was done.'),
    message: f(6, str).always().doc('How it goes, for people.'),
  },
  { doc: 'How far a responder is.' },
)

const EvictionStatus = message(
  'EvictionStatus',
  {
    conditions: f(1, list(Condition)).listOf('map', 'type').doc('Conditions of the eviction.'),
    observedGeneration: f(2, int64).explicit().doc('Generation that was observed.'),
    requesters: f(3, list(Requester)).listOf('map', 'name').doc('Who has asked for it.'),
    targetResponders: f(4, list(TargetResponder)).listOf('map', 'name').doc('Who may respond, in turn.'),
    responders: f(5, list(ResponderStatus)).listOf('map', 'name').doc('How far they are.'),
  },
  { doc: 'How far an eviction is.' },
)

export const Eviction = kind(
  'Eviction',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, EvictionSpec).always().doc('What is to leave.'),
    status: f(3, EvictionStatus).always().doc('How far it is.'),
  },
  { doc: 'An eviction that several parties take part in.' },
)
export type Eviction = TypeOf<typeof Eviction>

const EvictionRequestSpec = message(
  'EvictionRequestSpec',
  {
    target: f(1, EvictionTarget).required().always().doc('What is to leave.'),
    requester: f(2, str).required().always().doc('Who asks.'),
    intent: f(3, str).go('v1alpha1.EvictionRequestIntent').required().always().doc('What is asked.'),
  },
  { doc: 'Who asks for what to leave.' },
)

const EvictionRequestStatus = message(
  'EvictionRequestStatus',
  {
    conditions: f(1, list(Condition)).listOf('map', 'type').doc('Conditions of the request.'),
    observedGeneration: f(2, int64).explicit().doc('Generation that was observed.'),
  },
  { doc: 'How far a request is.' },
)

export const EvictionRequest = kind(
  'EvictionRequest',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, EvictionRequestSpec).always().doc('Who asks for what.'),
    status: f(3, EvictionRequestStatus).always().doc('How far it is.'),
  },
  { doc: 'One of the requests for an eviction.' },
)
export type EvictionRequest = TypeOf<typeof EvictionRequest>
