/** Removes pods that no kubelet will: of nodes that are gone, ended before they were bound, and ended ones beyond a number. */
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { epochMsOf, timeOf } from '../../client/timestamps.ts'
import { type Action, mergePatch, remove } from '../runtime/action.ts'
import type { ControllerDefinition } from '../runtime/controller.ts'
import { isFinished, isTerminating } from '../runtime/pods.ts'

export interface PodGcOptions {
  /** Ended pods that may stay (`--terminated-pod-gc-threshold`). */
  readonly maxTerminated: number
}

/** Upstream's gcCheckPeriod and quarantineTime. */
const everyMs = 20_000
const quarantineMs = 40_000

export const podGarbageCollector = (options: PodGcOptions): ControllerDefinition => ({
  name: 'pod-garbage-collector',
  workers: 1,
  build(context) {
    const pods = context.informer(Pod)
    const nodes = context.informer(Node)
    /** When the node of a pod was first missed. */
    const missedSinceMs = new Map<string, number>()

    const end = (pod: Pod, message: string): Action[][] => {
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message,
        lastTransitionTime: timeOf(context.clock.now()),
      }
      const conditions = [...(pod.status.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget'), condition]
      const { uid } = pod.metadata
      const patch = { metadata: { uid }, status: { phase: 'Failed', conditions } }
      const failed = isFinished(pod) ? [] : [mergePatch(Pod, pod, patch, 'status')]
      return [failed, [remove(Pod, pod, { gracePeriodSeconds: 0 })]]
    }

    const orphaned = (nowMs: number): Pod[] => {
      const missing = new Set<string>()
      for (const pod of pods.list()) {
        const name = pod.spec.nodeName
        if (name && nodes.get('', name) === undefined) missing.add(name)
      }
      for (const name of missedSinceMs.keys()) if (!missing.has(name)) missedSinceMs.delete(name)
      for (const name of missing) if (!missedSinceMs.has(name)) missedSinceMs.set(name, nowMs)
      const gone = (name: string | undefined): boolean =>
        nowMs - (missedSinceMs.get(name ?? '') ?? nowMs) >= quarantineMs
      return pods.list().filter(pod => gone(pod.spec.nodeName))
    }

    return {
      started: () => context.enqueue('pods'),
      plan() {
        const nowMs = context.clock.now()
        const all = pods.list()
        const ended = all.filter(pod => isFinished(pod) && !isTerminating(pod))
        const oldest = ended.toSorted(
          (a, b) => epochMsOf(a.metadata.creationTimestamp) - epochMsOf(b.metadata.creationTimestamp),
        )
        const unbound = all.filter(pod => isTerminating(pod) && !pod.spec.nodeName)
        const steps = [
          oldest
            .slice(0, Math.max(0, ended.length - options.maxTerminated))
            .map(pod => remove(Pod, pod, { gracePeriodSeconds: 0 })),
          ...orphaned(nowMs).flatMap(pod => end(pod, 'PodGC: node no longer exists')),
          ...unbound.flatMap(pod => end(pod, 'PodGC: unscheduled pod is being deleted')),
        ]
        return { steps, requeueAfterMs: everyMs }
      },
    }
  },
})
