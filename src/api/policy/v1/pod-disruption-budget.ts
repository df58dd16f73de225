import { f } from '../../../schema/field.ts'
import { int32, int64, intOrString, list, map, oneOf, type TypeOf, time } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const PodDisruptionBudgetSpec = message('PodDisruptionBudgetSpec', {
  minAvailable: f(1, intOrString).explicit(),
  selector: f(2, LabelSelector).patch('replace'),
  maxUnavailable: f(3, intOrString).explicit(),
  unhealthyPodEvictionPolicy: f(4, oneOf('AlwaysAllow', 'IfHealthyBudget')).explicit(),
})
export type PodDisruptionBudgetSpec = TypeOf<typeof PodDisruptionBudgetSpec>

export const PodDisruptionBudgetStatus = message('PodDisruptionBudgetStatus', {
  observedGeneration: f(1, int64),
  disruptedPods: f(2, map(time)),
  disruptionsAllowed: f(3, int32).always(),
  currentHealthy: f(4, int32).always(),
  desiredHealthy: f(5, int32).always(),
  expectedPods: f(6, int32).always(),
  conditions: f(7, list(Condition)).listOf('map', 'type').patch('merge', 'type'),
})
export type PodDisruptionBudgetStatus = TypeOf<typeof PodDisruptionBudgetStatus>

export const PodDisruptionBudget = kind(
  'PodDisruptionBudget',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, PodDisruptionBudgetSpec).always(),
    status: f(3, PodDisruptionBudgetStatus).always(),
  },
  {
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
