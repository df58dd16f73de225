import { f } from '../../../schema/field.ts'
import { int32, int64, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { message } from './package.ts'
import { NodeSelector, NodeSelectorTerm } from './selectors.ts'

export const PreferredSchedulingTerm = message('PreferredSchedulingTerm', {
  weight: f(1, int32).required().always(),
  preference: f(2, NodeSelectorTerm).required().always(),
})
export type PreferredSchedulingTerm = TypeOf<typeof PreferredSchedulingTerm>

export const NodeAffinity = message('NodeAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: f(1, NodeSelector),
  preferredDuringSchedulingIgnoredDuringExecution: f(2, list(PreferredSchedulingTerm)).listOf('atomic'),
})
export type NodeAffinity = TypeOf<typeof NodeAffinity>

export const PodAffinityTerm = message('PodAffinityTerm', {
  labelSelector: f(1, LabelSelector),
  namespaces: f(2, list(str)).listOf('atomic'),
  topologyKey: f(3, str).required().always(),
  namespaceSelector: f(4, LabelSelector),
  matchLabelKeys: f(5, list(str)).listOf('atomic'),
  mismatchLabelKeys: f(6, list(str)).listOf('atomic'),
})
export type PodAffinityTerm = TypeOf<typeof PodAffinityTerm>

export const WeightedPodAffinityTerm = message('WeightedPodAffinityTerm', {
  weight: f(1, int32).required().always(),
  podAffinityTerm: f(2, PodAffinityTerm).required().always(),
})
export type WeightedPodAffinityTerm = TypeOf<typeof WeightedPodAffinityTerm>

export const PodAffinity = message('PodAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: f(1, list(PodAffinityTerm)).listOf('atomic'),
  preferredDuringSchedulingIgnoredDuringExecution: f(2, list(WeightedPodAffinityTerm)).listOf('atomic'),
})
export type PodAffinity = TypeOf<typeof PodAffinity>

export const PodAntiAffinity = message('PodAntiAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: f(1, list(PodAffinityTerm)).listOf('atomic'),
  preferredDuringSchedulingIgnoredDuringExecution: f(2, list(WeightedPodAffinityTerm)).listOf('atomic'),
})
export type PodAntiAffinity = TypeOf<typeof PodAntiAffinity>

export const Affinity = message('Affinity', {
  nodeAffinity: f(1, NodeAffinity),
  podAffinity: f(2, PodAffinity),
  podAntiAffinity: f(3, PodAntiAffinity),
})
export type Affinity = TypeOf<typeof Affinity>

export const Taint = message('Taint', {
  key: f(1, str).required().always(),
  value: f(2, str),
  effect: f(3, oneOf('NoExecute', 'NoSchedule', 'PreferNoSchedule'))
    .required()
    .always(),
  timeAdded: f(4, time).explicit(),
})
export type Taint = TypeOf<typeof Taint>

export const Toleration = message('Toleration', {
  key: f(1, str),
  operator: f(2, oneOf('Equal', 'Exists', 'Gt', 'Lt')),
  value: f(3, str),
  effect: f(4, oneOf('NoExecute', 'NoSchedule', 'PreferNoSchedule')),
  tolerationSeconds: f(5, int64).explicit(),
})
export type Toleration = TypeOf<typeof Toleration>

export const TopologySpreadConstraint = message('TopologySpreadConstraint', {
  maxSkew: f(1, int32).required().always(),
  topologyKey: f(2, str).required().always(),
  whenUnsatisfiable: f(3, oneOf('DoNotSchedule', 'ScheduleAnyway')).required().always(),
  labelSelector: f(4, LabelSelector),
  minDomains: f(5, int32).explicit(),
  nodeAffinityPolicy: f(6, oneOf('Honor', 'Ignore')).explicit(),
  nodeTaintsPolicy: f(7, oneOf('Honor', 'Ignore')).explicit(),
  matchLabelKeys: f(8, list(str)).listOf('atomic'),
})
export type TopologySpreadConstraint = TypeOf<typeof TopologySpreadConstraint>

export const VolumeNodeAffinity = message('VolumeNodeAffinity', {
  required: f(1, NodeSelector),
})
export type VolumeNodeAffinity = TypeOf<typeof VolumeNodeAffinity>
