/** The plugins of the default profile, filters in the order in which they are asked. */
import type { FilterPlugin, ScorePlugin } from './framework.ts'
import { dynamicResources } from './plugins/dynamic-resources.ts'
import { imageLocality } from './plugins/image-locality.ts'
import { interPodAffinityFilter, interPodAffinityScore } from './plugins/inter-pod-affinity.ts'
import { nodeAffinityFilter, nodeAffinityScore } from './plugins/node-affinity.ts'
import { nodeDeclaredFeatures } from './plugins/node-declared-features.ts'
import { nodeName } from './plugins/node-name.ts'
import { nodePorts } from './plugins/node-ports.ts'
import { balancedAllocation } from './plugins/node-resources-balanced-allocation.ts'
import { leastAllocated, nodeResourcesFit } from './plugins/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable.ts'
import { podTopologySpreadFilter, podTopologySpreadScore } from './plugins/pod-topology-spread.ts'
import { taintTolerationFilter, taintTolerationScore } from './plugins/taint-toleration.ts'
import { volumeBinding } from './plugins/volume-binding.ts'
import { volumeRestrictions } from './plugins/volume-restrictions.ts'

export const filterPlugins: readonly FilterPlugin[] = [
  nodeUnschedulable,
  nodeName,
  taintTolerationFilter,
  nodeAffinityFilter,
  nodePorts,
  nodeResourcesFit,
  volumeRestrictions,
  volumeBinding,
  nodeDeclaredFeatures,
  dynamicResources,
  podTopologySpreadFilter,
  interPodAffinityFilter,
]

export const scorePlugins: readonly ScorePlugin[] = [
  taintTolerationScore,
  nodeAffinityScore,
  leastAllocated,
  podTopologySpreadScore,
  interPodAffinityScore,
  balancedAllocation,
  imageLocality,
]
