/** The conditions that tell how far a resize is, `PodResizePending` and `PodResizeInProgress`, of all pods of the node. */
import type { Pod, PodCondition } from '../../api/core/v1/pod.ts'

export const resizeConditionTypes = ['PodResizePending', 'PodResizeInProgress'] as const
type ConditionType = (typeof resizeConditionTypes)[number]

type Conditions = Partial<Record<ConditionType, PodCondition>>

export class ResizeConditions {
  readonly #now: () => string
  /** As many as pods on the node. */
  readonly #byPod = new Map<string, Conditions>()

  /** `now` in the form of the API. */
  constructor(now: () => string) {
    this.#now = now
  }

  of(uid: string): readonly PodCondition[] {
    const conditions = this.#byPod.get(uid)
    return resizeConditionTypes.flatMap(type => conditions?.[type] ?? [])
  }

  pending(uid: string): PodCondition | undefined {
    return this.#byPod.get(uid)?.PodResizePending
  }

  inProgress(uid: string): PodCondition | undefined {
    return this.#byPod.get(uid)?.PodResizeInProgress
  }

  uids(): Iterable<string> {
    return this.#byPod.keys()
  }

  /** Gives whether clients should hear of it: a new reason, or a new spec. */
  setPending(uid: string, reason: string, message: string, generation: number | undefined): boolean {
    const before = this.pending(uid)
    this.#set(uid, 'PodResizePending', reason, message, generation)
    return before?.reason !== reason || before.observedGeneration !== generation
  }

  /** One that is there keeps its generation, and its reason where none is given. Gives whether it changed. */
  setInProgress(uid: string, reason: string, message: string, generation: number | undefined): boolean {
    const before = this.inProgress(uid)
    if (!before) {
      this.#set(uid, 'PodResizeInProgress', reason, message, generation)
      return true
    }
    if (reason === '' || (before.reason === reason && before.message === message)) return false
    this.#set(uid, 'PodResizeInProgress', reason, message, before.observedGeneration)
    return true
  }

  clear(uid: string, type: ConditionType): PodCondition | undefined {
    const conditions = this.#byPod.get(uid)
    const cleared = conditions?.[type]
    if (!cleared) return undefined
    const { [type]: _, ...others } = conditions
    this.#byPod.set(uid, others)
    return cleared
  }

  /** What was reported before the kubelet was started again. */
  restore(pod: Pod): void {
    const found = (pod.status.conditions ?? []).filter(({ type }) =>
      (resizeConditionTypes as readonly string[]).includes(type),
    )
    if (found.length > 0)
      this.#byPod.set(pod.metadata.uid, Object.fromEntries(found.map(condition => [condition.type, condition])))
  }

  forget(uid: string): void {
    this.#byPod.delete(uid)
  }

  #set(uid: string, type: ConditionType, reason: string, message: string, generation: number | undefined): void {
    const before = this.#byPod.get(uid)?.[type]
    const now = this.#now()
    const condition: PodCondition = {
      type,
      status: 'True',
      lastProbeTime: now,
      lastTransitionTime: before && (before.reason ?? '') === reason ? (before.lastTransitionTime ?? now) : now,
      ...(reason === '' ? {} : { reason }),
      ...(message === '' ? {} : { message }),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    }
    this.#byPod.set(uid, { ...this.#byPod.get(uid), [type]: condition })
  }
}
