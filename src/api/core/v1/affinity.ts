import { f } from '../../../schema/field.ts'
import { int32, int64, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { message } from './package.ts'
import { NodeSelector, NodeSelectorTerm } from './selectors.ts'

export const PreferredSchedulingTerm = message(
  'PreferredSchedulingTerm',
  {
    weight: f(1, int32).required().always().doc('Points that a matching node gets, 1 to 100.'),
    preference: f(2, NodeSelectorTerm).required().always().doc('Which nodes are preferred.'),
  },
  { doc: 'A node preference with a weight; an empty one matches every node.' },
)
export type PreferredSchedulingTerm = TypeOf<typeof PreferredSchedulingTerm>

export const NodeAffinity = message(
  'NodeAffinity',
  {
    requiredDuringSchedulingIgnoredDuringExecution: f(1, NodeSelector).doc(
      'Nodes that the pod may be placed on; later changes do not evict it.',
    ),
    preferredDuringSchedulingIgnoredDuringExecution: f(2, list(PreferredSchedulingTerm))
      .listOf('atomic')
      .doc('Preferences, added up by weight, among the nodes that are possible.'),
  },
  { doc: 'Which nodes a pod must or should run on.' },
)
export type NodeAffinity = TypeOf<typeof NodeAffinity>

export const PodAffinityTerm = message(
  'PodAffinityTerm',
  {
    labelSelector: f(1, LabelSelector).doc('Which pods are meant; none if unset.'),
    namespaces: f(2, list(str))
      .listOf('atomic')
      .doc("Namespaces in which they are; the pod's own if this and the selector are unset."),
    topologyKey: f(3, str)
      .required()
      .always()
      .doc('Node label whose equal values make a domain, as `kubernetes.io/hostname`.'),
    namespaceSelector: f(4, LabelSelector).doc('Further namespaces, by label; an empty selector means all.'),
    matchLabelKeys: f(5, list(str)).listOf('atomic').doc('Labels in which the pods must equal the incoming one.'),
    mismatchLabelKeys: f(6, list(str))
      .listOf('atomic')
      .doc('Labels in which the pods must differ from the incoming one.'),
  },
  { doc: 'A set of pods, and the domain to share with them or to avoid.' },
)
export type PodAffinityTerm = TypeOf<typeof PodAffinityTerm>

export const WeightedPodAffinityTerm = message(
  'WeightedPodAffinityTerm',
  {
    weight: f(1, int32).required().always().doc('Points for a node that satisfies the term, 1 to 100.'),
    podAffinityTerm: f(2, PodAffinityTerm).required().always().doc('The term.'),
  },
  { doc: 'A pod affinity term with a weight.' },
)
export type WeightedPodAffinityTerm = TypeOf<typeof WeightedPodAffinityTerm>

export const PodAffinity = message(
  'PodAffinity',
  {
    requiredDuringSchedulingIgnoredDuringExecution: f(1, list(PodAffinityTerm))
      .listOf('atomic')
      .doc('Terms that must all hold when the pod is placed.'),
    preferredDuringSchedulingIgnoredDuringExecution: f(2, list(WeightedPodAffinityTerm))
      .listOf('atomic')
      .doc('Terms that are preferred, added up by weight.'),
  },
  { doc: 'Pods near which a pod must or should run.' },
)
export type PodAffinity = TypeOf<typeof PodAffinity>

export const PodAntiAffinity = message(
  'PodAntiAffinity',
  {
    requiredDuringSchedulingIgnoredDuringExecution: f(1, list(PodAffinityTerm))
      .listOf('atomic')
      .doc('Terms of which none may hold when the pod is placed.'),
    preferredDuringSchedulingIgnoredDuringExecution: f(2, list(WeightedPodAffinityTerm))
      .listOf('atomic')
      .doc('Terms to avoid, added up by weight.'),
  },
  { doc: 'Pods away from which a pod must or should run.' },
)
export type PodAntiAffinity = TypeOf<typeof PodAntiAffinity>

export const Affinity = message(
  'Affinity',
  {
    nodeAffinity: f(1, NodeAffinity).doc('Rules about nodes.'),
    podAffinity: f(2, PodAffinity).doc('Pods to be near to.'),
    podAntiAffinity: f(3, PodAntiAffinity).doc('Pods to keep away from.'),
  },
  { doc: 'Rules about the nodes and the other pods that a pod runs with.' },
)
export type Affinity = TypeOf<typeof Affinity>

export const Taint = message(
  'Taint',
  {
    key: f(1, str).required().always().doc('Label key that names the taint.'),
    value: f(2, str).doc('Label value of the taint.'),
    effect: f(3, oneOf('NoExecute', 'NoSchedule', 'PreferNoSchedule'))
      .go('v1.TaintEffect')
      .required()
      .always()
      .doc('What happens to pods that do not tolerate it.'),
    timeAdded: f(4, time).explicit().doc('When a `NoExecute` taint was added.'),
  },
  { doc: 'A mark on a node that keeps pods away which do not tolerate it.' },
)
export type Taint = TypeOf<typeof Taint>

export const Toleration = message(
  'Toleration',
  {
    key: f(1, str).doc('Key of the taint; empty with `Exists` means every taint.'),
    operator: f(2, oneOf('Equal', 'Exists', 'Gt', 'Lt'))
      .go('v1.TolerationOperator')
      .doc('How key and value relate: `Equal` (default), `Exists`, or `Lt` and `Gt` for integers.'),
    value: f(3, str).doc('Value to compare with; empty for `Exists`.'),
    effect: f(4, oneOf('NoExecute', 'NoSchedule', 'PreferNoSchedule'))
      .go('v1.TaintEffect')
      .doc('Effect that is tolerated; all of them if empty.'),
    tolerationSeconds: f(5, int64).explicit().doc('Seconds for which `NoExecute` is tolerated; for ever if unset.'),
  },
  { doc: 'Which taints a pod puts up with.' },
)
export type Toleration = TypeOf<typeof Toleration>

export const TopologySpreadConstraint = message(
  'TopologySpreadConstraint',
  {
    maxSkew: f(1, int32)
      .required()
      .always()
      .doc('Largest difference allowed between the pod counts of two domains; at least 1.'),
    topologyKey: f(2, str).required().always().doc('Node label whose values are the domains.'),
    whenUnsatisfiable: f(3, oneOf('DoNotSchedule', 'ScheduleAnyway'))
      .go('v1.UnsatisfiableConstraintAction')
      .required()
      .always()
      .doc('Whether to leave the pod pending or only to prefer less skew.'),
    labelSelector: f(4, LabelSelector).doc('Which pods of the namespace are counted.'),
    minDomains: f(5, int32)
      .explicit()
      .doc('Domains expected; while there are fewer, the least count is taken as 0. 1 by default.'),
    nodeAffinityPolicy: f(6, oneOf('Honor', 'Ignore'))
      .go('v1.NodeInclusionPolicy')
      .explicit()
      .doc('Whether only nodes that fit the affinity of the pod count; `Honor` by default.'),
    nodeTaintsPolicy: f(7, oneOf('Honor', 'Ignore'))
      .go('v1.NodeInclusionPolicy')
      .explicit()
      .doc('Whether only nodes with tolerated taints count; `Ignore` by default.'),
    matchLabelKeys: f(8, list(str))
      .listOf('atomic')
      .doc('Labels whose values on the incoming pod narrow the pods that count.'),
  },
  { doc: 'How evenly matching pods are to be spread over topology domains.' },
)
export type TopologySpreadConstraint = TypeOf<typeof TopologySpreadConstraint>

export const VolumeNodeAffinity = message(
  'VolumeNodeAffinity',
  {
    required: f(1, NodeSelector).doc('Nodes that can use the volume.'),
  },
  { doc: 'From which nodes a volume can be reached.' },
)
export type VolumeNodeAffinity = TypeOf<typeof VolumeNodeAffinity>
