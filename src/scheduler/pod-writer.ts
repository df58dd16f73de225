/** What the scheduler tells about pods besides binding them: conditions, nominations, events, and the removal of victims. */
import { Pod } from '../api/core/v1/pod.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Client } from '../client/client.ts'
import { referenceTo } from '../client/event-recorder.ts'
import type { SeriesEventRecorder } from '../client/series-event-recorder.ts'
import { timeOf } from '../client/timestamps.ts'
import { ApiError, isNotFound } from '../machinery/api-error.ts'
import { type PreemptionPlan, preemptionCondition, preemptionReason } from './plugins/default-preemption.ts'
import type { PodInfo } from './pod-info.ts'

/** Status writes under way; what comes beyond them is left out, for the next attempt writes it again. */
const maxWrites = 256

interface Written {
  readonly message: string
  readonly nominated: string | undefined
}

export interface PodWriterOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly events: SeriesEventRecorder
}

export class PodWriter {
  readonly #options: PodWriterOptions
  readonly #running = new Set<Promise<void>>()
  /** What was last written of pods whose write is under way, so that the same is not written twice. */
  readonly #writing = new Map<string, Written>()

  constructor(options: PodWriterOptions) {
    this.#options = options
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#running)
  }

  scheduled(info: PodInfo, node: string): void {
    this.#event(info, 'Normal', 'Scheduled', 'Binding', `Successfully assigned ${info.key} to ${node}`)
  }

  /** Also writes the nominated node, unless it is undefined. */
  unschedulable(
    info: PodInfo,
    reason: 'Unschedulable' | 'SchedulerError',
    message: string,
    nominated: string | undefined,
  ): void {
    this.#event(info, 'Warning', 'FailedScheduling', 'Scheduling', message)
    const { status, metadata } = info.pod
    const before = status.conditions?.find(({ type }) => type === 'PodScheduled')
    const written = this.#writing.get(info.uid)
    const sameCondition = before?.status === 'False' && before.reason === reason && before.message === message
    const sameNomination = nominated === undefined || nominated === (status.nominatedNodeName ?? '')
    if (sameCondition && sameNomination && written === undefined) return
    if (written?.message === message && written.nominated === nominated) return
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : timeOf(this.#options.clock.now()),
      ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    }
    this.#writing.set(info.uid, { message, nominated })
    const patch = {
      conditions: [condition],
      ...(nominated === undefined ? {} : { nominatedNodeName: nominated || null }),
    }
    this.#run(
      info,
      () => this.#patchStatus(info, patch),
      () => this.#writing.delete(info.uid),
    )
  }

  clearNomination(info: PodInfo): void {
    this.#run(info, () => this.#patchStatus(info, { nominatedNodeName: null }))
  }

  bindingFailed(info: PodInfo, error: Error): void {
    if (isNotFound(error)) return
    this.#options.log.warn({ pod: info.key, error: error.message }, 'binding failed')
    this.unschedulable(info, 'SchedulerError', error.message, undefined)
  }

  /** Removes the victims; the pod is tried again when they are gone. */
  preempt(info: PodInfo, { node, victims }: PreemptionPlan): void {
    for (const victim of victims) {
      if (victim.pod.metadata.deletionTimestamp !== undefined) continue
      this.#run(victim, async () => {
        const condition = {
          type: preemptionCondition,
          status: 'True',
          reason: preemptionReason,
          message: `${info.pod.spec.schedulerName || 'default-scheduler'}: preempting to accommodate a higher priority pod`,
          lastTransitionTime: timeOf(this.#options.clock.now()),
        }
        await this.#patchStatus(victim, { conditions: [condition] })
        await this.#options.client.of(Pod).delete(victim.namespace, victim.name, { preconditions: { uid: victim.uid } })
        const note = `Preempted by pod ${info.uid} on node ${node}`
        this.#event(victim, 'Normal', 'Preempted', 'Preempting', note, info)
      })
    }
  }

  #event(
    info: PodInfo,
    type: 'Normal' | 'Warning',
    reason: string,
    action: string,
    note: string,
    related?: PodInfo,
  ): void {
    const reference = ({ pod: { metadata } }: PodInfo) => referenceTo({ apiVersion: 'v1', kind: 'Pod', metadata })
    const regarding = reference(info)
    this.#options.events.record({
      regarding,
      ...(related === undefined ? {} : { related: reference(related) }),
      type,
      reason,
      action,
      note,
    })
  }

  async #patchStatus({ namespace, name, uid }: PodInfo, status: object): Promise<void> {
    // The UID keeps a new pod of the same name from getting the old one's status.
    await this.#options.client.of(Pod).patch(namespace, name, 'strategic', { metadata: { uid }, status }, 'status')
  }

  #run(info: PodInfo, write: () => Promise<void>, done: () => void = () => {}): void {
    if (this.#running.size >= maxWrites) {
      done()
      return
    }
    const task = write()
      .catch(error => {
        const expected = isNotFound(error) || (error instanceof ApiError && error.code === 409)
        if (!expected) this.#options.log.warn({ pod: info.key, error: error.message }, 'writing a pod failed')
      })
      .finally(() => {
        this.#running.delete(task)
        done()
      })
    this.#running.add(task)
  }
}
