import { f } from '../../../schema/field.ts'
import { int32, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const QueuingConfiguration = message(
  'QueuingConfiguration',
  {
    queues: f(1, int32).always().doc('Number of queues; 64 by default. More queues disturb each other less.'),
    handSize: f(2, int32).always().doc('Number of queues among which a flow chooses the shortest; 8 by default.'),
    queueLengthLimit: f(3, int32).always().doc('Most requests that wait in one queue; 50 by default.'),
  },
  { doc: 'How the requests of a priority level wait.' },
)
export type QueuingConfiguration = TypeOf<typeof QueuingConfiguration>

export const LimitResponse = message(
  'LimitResponse',
  {
    type: f(1, str)
      .go('v1.LimitResponseType')
      .required()
      .always()
      .doc('`Queue` to wait in a queue, `Reject` to be sent away.'),
    queuing: f(2, QueuingConfiguration).doc('Settings of the queues, where the type is `Queue`.'),
  },
  {
    doc: 'What happens with a request that cannot run at once.',
    unions: [{ discriminator: 'type', members: ['queuing'] }],
  },
)
export type LimitResponse = TypeOf<typeof LimitResponse>

export const LimitedPriorityLevelConfiguration = message(
  'LimitedPriorityLevelConfiguration',
  {
    nominalConcurrencyShares: f(1, int32)
      .orNull()
      .explicit()
      .doc('Weight by which the level shares the capacity of the server with the other levels; 30 by default.'),
    limitResponse: f(2, LimitResponse).required().always().doc('What happens with a request that cannot run at once.'),
    lendablePercent: f(3, int32)
      .explicit()
      .doc('Percentage of the capacity that other levels may borrow while it is not used here; 0 by default.'),
    borrowingLimitPercent: f(4, int32)
      .explicit()
      .doc('The most that the level may borrow, as a percentage of its own capacity; no limit if unset.'),
  },
  { doc: 'How many requests may run at a time, and what happens with the others.' },
)
export type LimitedPriorityLevelConfiguration = TypeOf<typeof LimitedPriorityLevelConfiguration>

export const ExemptPriorityLevelConfiguration = message(
  'ExemptPriorityLevelConfiguration',
  {
    nominalConcurrencyShares: f(1, int32).explicit().doc('Weight in the sharing of the capacity; 0 by default.'),
    lendablePercent: f(2, int32)
      .explicit()
      .doc('Percentage of the capacity that other levels may borrow; 0 by default.'),
  },
  { doc: 'What an exempt level counts for among the others.' },
)
export type ExemptPriorityLevelConfiguration = TypeOf<typeof ExemptPriorityLevelConfiguration>

export const PriorityLevelConfigurationSpec = message(
  'PriorityLevelConfigurationSpec',
  {
    type: f(1, str)
      .go('v1.PriorityLevelEnablement')
      .required()
      .always()
      .doc('`Exempt` for requests that never wait, `Limited` for those with a share of the capacity.'),
    limited: f(2, LimitedPriorityLevelConfiguration).doc('Settings of a level of type `Limited`.'),
    exempt: f(3, ExemptPriorityLevelConfiguration).doc('Settings of a level of type `Exempt`.'),
  },
  {
    doc: 'How requests of a priority level are treated.',
    unions: [{ discriminator: 'type', members: ['exempt', 'limited'] }],
  },
)
export type PriorityLevelConfigurationSpec = TypeOf<typeof PriorityLevelConfigurationSpec>

export const PriorityLevelConfigurationCondition = message(
  'PriorityLevelConfigurationCondition',
  {
    type: f(1, str)
      .go('v1.PriorityLevelConfigurationConditionType')
      .required()
      .doc('Type of the condition, such as `ConcurrencyShared`.'),
    status: f(2, str).go('v1.ConditionStatus').doc('`True`, `False` or `Unknown`.'),
    lastTransitionTime: f(3, time).orNull().doc('When the status last changed.'),
    reason: f(4, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(5, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of a priority level.' },
)
export type PriorityLevelConfigurationCondition = TypeOf<typeof PriorityLevelConfigurationCondition>

export const PriorityLevelConfigurationStatus = message(
  'PriorityLevelConfigurationStatus',
  {
    conditions: f(1, list(PriorityLevelConfigurationCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of a priority level.' },
)
export type PriorityLevelConfigurationStatus = TypeOf<typeof PriorityLevelConfigurationStatus>

export const PriorityLevelConfiguration = kind(
  'PriorityLevelConfiguration',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, PriorityLevelConfigurationSpec).required().always().doc('How requests of this level are treated.'),
    status: f(3, PriorityLevelConfigurationStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: "A share of the server's capacity, with queues for the requests that wait for it.",
    resource: {
      plural: 'prioritylevelconfigurations',
      singular: 'prioritylevelconfiguration',
      namespaced: false,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type PriorityLevelConfiguration = TypeOf<typeof PriorityLevelConfiguration>
