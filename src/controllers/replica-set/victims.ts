/** Which pods go first when there are too many (documentation: "ReplicaSet", section Scaling; upstream's ActivePodsWithRanks). */
import type { Pod } from '../../api/core/v1/pod.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import { isReady, readySinceMs, restartsOf } from '../runtime/pods.ts'

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? '0'
  return /^-?\d{1,10}$/.test(text) ? Number(text) : 0
}

/** Ages are compared by their order of magnitude, so that pods of about the same age are picked at random. */
const ageRank = (ageMs: number): number => (ageMs < 1 ? -1 : Math.floor(Math.log2(ageMs / 1000 + 1)))

/** The `count` pods to delete. `related` are the pods that count when pods of one node are many. */
export function victimsOf(pods: readonly Pod[], related: readonly Pod[], count: number, nowMs: number): Pod[] {
  const onNode = new Map<string, number>()
  for (const pod of related) {
    const node = pod.spec.nodeName ?? ''
    onNode.set(node, (onNode.get(node) ?? 0) + 1)
  }
  const ranks = (pod: Pod): number[] => [
    pod.spec.nodeName ? 1 : 0,
    phaseRank[pod.status.phase ?? 'Unknown'] ?? 1,
    isReady(pod) ? 1 : 0,
    deletionCost(pod),
    -(onNode.get(pod.spec.nodeName ?? '') ?? 0),
    isReady(pod) ? ageRank(nowMs - readySinceMs(pod)) : 0,
    -restartsOf(pod),
    ageRank(nowMs - epochMsOf(pod.metadata.creationTimestamp)),
  ]
  const ranked = pods.map(pod => ({ pod, ranks: ranks(pod) }))
  ranked.sort((a, b) => {
    for (let at = 0; at < a.ranks.length; at++) {
      const difference = a.ranks[at]! - b.ranks[at]!
      if (difference !== 0) return difference
    }
    return a.pod.metadata.uid < b.pod.metadata.uid ? -1 : 1
  })
  return ranked.slice(0, count).map(({ pod }) => pod)
}
