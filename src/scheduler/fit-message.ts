/** Why no node would do, in upstream's words, which users and tools read. */
import type { Rejection } from './framework.ts'

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).` */
export function fitMessage(nodes: number, reasonLists: Iterable<readonly string[]>): string {
  const counts = new Map<string, number>()
  for (const reasons of reasonLists) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  return `0/${nodes} nodes are available${parts.length === 0 ? '' : `: ${parts.join(', ')}.`}`
}

export const noNodesMessage = 'no nodes available to schedule pods'

/** Why a pod fits nowhere. */
export function rejectionMessage(nodes: number, rejections: Iterable<Rejection>): string {
  const all = [...rejections]
  const ofPod = all.find(rejection => rejection.ofPod)
  if (ofPod) return `0/${nodes} nodes are available: ${ofPod.reasons.join(', ')}.`
  return fitMessage(
    nodes,
    all.map(rejection => rejection.reasons),
  )
}
