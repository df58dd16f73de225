/** What the scheduling plugins are: pure questions about a pod, the nodes and the pods on them. */
import type { ClusterState, ReadyNode } from './cluster-state.ts'
import type { PodInfo } from './pod-info.ts'
import type { ClusterEvent } from './queueing-hints.ts'
import type { VolumeView } from './volumes/volume-view.ts'

export interface Rejection {
  readonly plugin: string
  readonly reasons: readonly string[]
  /** Whether no removal of pods from the node could help. */
  readonly unresolvable: boolean
  /** Whether the reason is the pod's, the same for every node. */
  readonly ofPod?: boolean
}

/** Says why a node will not do. */
export type NodeFilter = (node: ReadyNode) => Rejection | undefined

export interface FilterPlugin {
  readonly name: string
  /** True if the answer depends on the pod's shape and the node object alone, so that it can be kept. */
  readonly onlyNodeObject?: boolean
  /** Looks at the pod and the whole cluster once; undefined if the plugin has nothing to say about the pod. */
  prepare(info: PodInfo, cluster: ClusterView): NodeFilter | undefined
  /** Whether an event may let a pod through that this plugin has rejected. */
  mayHelp(event: ClusterEvent, info: PodInfo): boolean
}

export interface ScorePlugin {
  readonly name: string
  readonly weight: number
  /** `feasible` are the nodes that are scored. Undefined if all would get the same. */
  prepare(info: PodInfo, cluster: ClusterView, feasible: readonly ReadyNode[]): Scorer | undefined
}

export interface Scorer {
  score(node: ReadyNode): number
  /** Brings the scores of the feasible nodes, in their order, to 0..100 in place. */
  normalise?(scores: Float64Array, feasible: readonly ReadyNode[]): void
}

export const maxNodeScore = 100

export interface OwnersSelector {
  /** The same for selectors that select the same. */
  readonly id: string
  matches(labels: Readonly<Record<string, string>>): boolean
}

/** What plugins may read. */
export interface ClusterView {
  readonly state: ClusterState
  /** Absent: no pod has claims. */
  readonly volumes?: VolumeView
  /** Selectors of the services and workloads that a pod belongs to; undefined if there are none. */
  selectorOfOwners(info: PodInfo): OwnersSelector | undefined
}

/** Scales so that the best gets 100; `reverse`: so that the highest gets 0. */
export function normaliseToMax(scores: Float64Array, reverse: boolean): void {
  let max = 0
  for (const score of scores) max = Math.max(max, score)
  for (let i = 0; i < scores.length; i++) {
    if (max === 0) {
      if (reverse) scores[i] = maxNodeScore
      continue
    }
    const score = Math.floor((scores[i]! * maxNodeScore) / max)
    scores[i] = reverse ? maxNodeScore - score : score
  }
}
