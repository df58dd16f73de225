import { f } from '../../../schema/field.ts'
import { int32, int64, intOrString, list, map, oneOf, type TypeOf, time } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const PodDisruptionBudgetSpec = message(
  'PodDisruptionBudgetSpec',
  {
    minAvailable: f(1, intOrString)
      .explicit()
      .doc('Pods, or percentage, that must stay healthy; excludes `maxUnavailable`.'),
    selector: f(2, LabelSelector).patch('replace').doc('Pods that the budget is for; all if empty, none if unset.'),
    maxUnavailable: f(3, intOrString)
      .explicit()
      .doc('Pods, or percentage, that may be missing; excludes `minAvailable`.'),
    unhealthyPodEvictionPolicy: f(4, oneOf('AlwaysAllow', 'IfHealthyBudget'))
      .go('v1.UnhealthyPodEvictionPolicyType')
      .explicit()
      .doc('Whether pods that are not ready may go at any time or while the budget holds.'),
  },
  { doc: 'How many pods must stay while others are evicted.' },
)
export type PodDisruptionBudgetSpec = TypeOf<typeof PodDisruptionBudgetSpec>

export const PodDisruptionBudgetStatus = message(
  'PodDisruptionBudgetStatus',
  {
    observedGeneration: f(1, int64).doc('Generation of the specification that this status reflects.'),
    disruptedPods: f(2, map(time)).doc('Pods whose eviction was granted and not seen yet, with the time.'),
    disruptionsAllowed: f(3, int32).always().doc('Number of pods that may be evicted now.'),
    currentHealthy: f(4, int32).always().doc('Number of healthy pods.'),
    desiredHealthy: f(5, int32).always().doc('Number of pods that must stay healthy.'),
    expectedPods: f(6, int32).always().doc('Number of pods that the budget is for.'),
    conditions: f(7, list(Condition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of a disruption budget.' },
)
export type PodDisruptionBudgetStatus = TypeOf<typeof PodDisruptionBudgetStatus>

export const PodDisruptionBudget = kind(
  'PodDisruptionBudget',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, PodDisruptionBudgetSpec).always().doc('How many pods must stay.'),
    status: f(3, PodDisruptionBudgetStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'A bound on how many pods may be evicted at a time.',
    resource: {
      plural: 'poddisruptionbudgets',
      singular: 'poddisruptionbudget',
      shortNames: ['pdb'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type PodDisruptionBudget = TypeOf<typeof PodDisruptionBudget>
