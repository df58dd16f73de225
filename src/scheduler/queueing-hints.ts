/** Events in the cluster that may let an unschedulable pod through (KEP-4247). */
import type { Node } from '../api/core/v1/node.ts'
import type { PodInfo } from './pod-info.ts'

export type ClusterEvent =
  | { readonly type: 'nodeAdded'; readonly node: Node }
  | {
      readonly type: 'nodeUpdated'
      readonly node: Node
      readonly allocatable: boolean
      readonly labels: boolean
      readonly taints: boolean
    }
  | { readonly type: 'nodeDeleted' }
  /** A pod on a node, also one that was assumed there, is new, has changed its labels or requests, or is gone. */
  | { readonly type: 'podAdded' | 'podUpdated' | 'podDeleted'; readonly pod: PodInfo }
  | { readonly type: 'namespaceUpdated' | 'volumeChanged' | 'storageClassChanged' }
  | { readonly type: 'claimChanged'; readonly namespace: string; readonly name: string }

export const isNodeEvent = (event: ClusterEvent): event is ClusterEvent & { node: Node } =>
  event.type === 'nodeAdded' || event.type === 'nodeUpdated'

/** A new node, or one whose labels have changed. */
export const nodeLabelsChanged = (event: ClusterEvent): event is ClusterEvent & { node: Node } =>
  event.type === 'nodeAdded' || (event.type === 'nodeUpdated' && event.labels)

/** A new node, or one whose taints have changed. */
export const nodeTaintsChanged = (event: ClusterEvent): event is ClusterEvent & { node: Node } =>
  event.type === 'nodeAdded' || (event.type === 'nodeUpdated' && event.taints)

export const isPodEvent = (event: ClusterEvent): event is ClusterEvent & { pod: PodInfo } =>
  event.type === 'podAdded' || event.type === 'podUpdated' || event.type === 'podDeleted'
