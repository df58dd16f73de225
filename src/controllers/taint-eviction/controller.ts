/** Ends pods that do not tolerate a NoExecute taint of their node, or no longer (documentation: "Taints and Tolerations"). */
import type { Taint } from '../../api/core/v1/affinity.ts'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { epochMsOf, timeOf } from '../../client/timestamps.ts'
import { toleratesTaint } from '../../machinery/selectors/tolerations.ts'
import { type Plan, remove, updateStatus } from '../runtime/action.ts'
import { type ControllerDefinition, keyOf, objectOf } from '../runtime/controller.ts'
import { same } from '../runtime/same.ts'

const noExecute = (node: Node | undefined): Taint[] =>
  (node?.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')

/** When the pod has to go, in ms since the epoch; Infinity: never. */
export function evictionAtMs(pod: Pod, taints: readonly Taint[], nowMs: number): number {
  let atMs = Number.POSITIVE_INFINITY
  for (const taint of taints) {
    const matching = (pod.spec.tolerations ?? []).filter(toleration => toleratesTaint(toleration, taint))
    if (matching.length === 0) return nowMs
    const limits = matching.flatMap(({ tolerationSeconds }) =>
      tolerationSeconds === undefined ? [] : [tolerationSeconds],
    )
    if (limits.length === 0) continue
    atMs = Math.min(atMs, (epochMsOf(taint.timeAdded) || nowMs) + Math.max(0, Math.min(...limits)) * 1000)
  }
  return atMs
}

function evict(pod: Pod, nowMs: number): Plan {
  const { namespace, name } = pod.metadata
  const message = 'Taint manager: deleting due to NoExecute taint'
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message,
    lastTransitionTime: timeOf(nowMs),
  }
  const conditions = [...(pod.status.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget'), condition]
  const text = `Marking for deletion Pod ${namespace}/${name}`
  return {
    steps: [
      [{ do: 'event', on: pod, type: 'Normal', reason: 'TaintManagerEviction', message: text }],
      [updateStatus(Pod, { ...pod, status: { ...pod.status, conditions } })],
      [remove(Pod, pod)],
    ],
  }
}

/** Upstream runs it under the node controller's account. */
export const taintEvictionController: ControllerDefinition = {
  name: 'node-controller',
  workers: 8,
  build(context) {
    const nodes = context.informer(Node)
    const pods = context.informer(Pod)
    pods.addIndex('node', pod => [pod.spec.nodeName ?? ''])
    pods.subscribe(({ type, object, old }) => {
      const settled =
        old !== undefined &&
        old.spec.nodeName === object.spec.nodeName &&
        same(old.spec.tolerations, object.spec.tolerations)
      if (type !== 'deleted' && !settled && noExecute(nodes.get('', object.spec.nodeName ?? '')).length > 0)
        context.enqueue(keyOf(object))
    })
    nodes.subscribe(({ object, old }) => {
      if (noExecute(object).length === 0 || same(noExecute(old), noExecute(object))) return
      for (const pod of pods.byIndex('node', object.metadata.name)) context.enqueue(keyOf(pod))
    })
    return {
      plan(key) {
        const pod = objectOf(pods, key)
        if (!pod?.spec.nodeName || pod.metadata.deletionTimestamp !== undefined) return undefined
        const taints = noExecute(nodes.get('', pod.spec.nodeName))
        if (taints.length === 0) return undefined
        const nowMs = context.clock.now()
        const atMs = evictionAtMs(pod, taints, nowMs)
        if (atMs === Number.POSITIVE_INFINITY) return undefined
        return atMs > nowMs ? { steps: [], requeueAfterMs: atMs - nowMs } : evict(pod, nowMs)
      },
    }
  },
}
