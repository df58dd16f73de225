/** What workloads and groups of pods have in common. */
import { f } from '../../../schema/field.ts'
import { int32, list, type Message, str } from '../../../schema/type.ts'
import { message } from './package.ts'

const TopologyConstraint = message(
  'TopologyConstraint',
  { key: f(1, str).required().always().doc('Node label whose values are the domains.') },
  { doc: 'A domain in which all pods of a group must be.' },
)

/** A choice of two, of which the first is empty. */
const choice = (name: string, first: string, second: string, of: Message, doc: string) =>
  message(
    name,
    { [first]: f(1, message(`${name}First`, {})), [second]: f(2, of) },
    { doc, unions: [{ members: [first, second] }] },
  )

const policy = (prefix: string, count: string) =>
  choice(
    `${prefix}SchedulingPolicy`,
    'basic',
    'gang',
    message(`${prefix}GangSchedulingPolicy`, {
      [count]: f(1, int32).explicit().required().doc('How many must fit at the same time.'),
    }),
    'How the members of a group are placed; exactly one is set.',
  )

const constraints = message(
  'PodGroupSchedulingConstraints',
  { topology: f(1, list(TopologyConstraint)).listOf('atomic').doc('Domains that the pods must share.') },
  { doc: 'Where the pods of a group may be placed together.' },
)

const PodGroupResourceClaim = message(
  'PodGroupResourceClaim',
  {
    name: f(1, str).required().always().doc('Name of the entry, unique in the group.'),
    resourceClaimName: f(2, str).explicit().doc('Existing claim in the namespace.'),
    resourceClaimTemplateName: f(3, str).explicit().doc('Template from which a claim is made for the group.'),
  },
  { doc: 'A resource claim that a group shares.' },
)

const disruptionMode = choice(
  'DisruptionMode',
  'single',
  'all',
  message('AllDisruptionMode', {}),
  'What preemption takes; exactly one member is set.',
)

/** The members that follow one another in specifications and templates, from the tag of the first on. */
const priorities = (tag: number) => ({
  priorityClassName: f(tag, str).doc('Priority class of the group.'),
  priority: f(tag + 1, int32)
    .explicit()
    .doc('Priority of the group.'),
  preemptionPolicy: f(tag + 2, str)
    .explicit()
    .doc('Whether the group preempts others.'),
})

export const groupMembers = (tag: number) => ({
  schedulingPolicy: f(tag, policy('PodGroup', 'minCount')).always().doc('How the pods are placed.'),
  schedulingConstraints: f(tag + 1, constraints).doc('Where the pods may be placed.'),
  resourceClaims: f(tag + 2, list(PodGroupResourceClaim))
    .listOf('map', 'name')
    .doc('Claims that the group shares.'),
  disruptionMode: f(tag + 3, disruptionMode).doc('What preemption takes.'),
  ...priorities(tag + 4),
})

export const compositeMembers = (tag: number) => ({
  schedulingPolicy: f(tag, policy('CompositePodGroup', 'minGroupCount')).always().doc('How the groups are placed.'),
  schedulingConstraints: f(tag + 1, constraints).doc('Where the groups may be placed.'),
  disruptionMode: f(tag + 2, disruptionMode).doc('What preemption takes.'),
  ...priorities(tag + 3),
})
