/** Figures of resizes (Kubernetes metrics reference, `kubelet_*_resize*`). */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Pod } from '../../api/core/v1/pod.ts'
import { parseQuantity, Quantity } from '../../machinery/quantity.ts'
import { resizable, sameRequirements } from './allocation.ts'

const pendingName = 'kubelet_pod_pending_resizes'

/** Of a priority, as upstream groups them. */
function priorityBucket(priority = 0): string {
  if (priority >= 2_000_000_000) return 'system-critical'
  if (priority >= 100_000) return 'high'
  if (priority > 0) return 'medium'
  if (priority === 0) return 'normal'
  return priority > -1000 ? 'low' : 'very-low'
}

const zero = new Quantity(0n)
function operationOf(before: string | undefined, now: string | undefined): string | undefined {
  const old = before === undefined ? zero : parseQuantity(before)
  const next = now === undefined ? zero : parseQuantity(now)
  if (old.equals(next)) return undefined
  if (old.isZero) return 'add'
  if (next.isZero) return 'remove'
  return next.compare(old) > 0 ? 'increase' : 'decrease'
}

export class ResizeMetrics {
  readonly #registry = new Registry()
  readonly #requested = new Counter({
    name: 'kubelet_container_requested_resizes_total',
    help: 'Requested resizes of containers, each resource for itself.',
    labelNames: ['resource', 'requirement', 'operation'],
    registers: [this.#registry],
  })
  readonly #duration = new Histogram({
    name: 'kubelet_pod_resize_duration_milliseconds',
    help: 'Duration of giving a pod its new resources, in milliseconds.',
    labelNames: ['success'],
    buckets: [10, 50, 100, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000, 120000, 300000, 600000],
    registers: [this.#registry],
  })
  readonly #pending = new Gauge({
    name: pendingName,
    help: 'Resizes that wait, by reason and by the priority of the pod.',
    labelNames: ['reason', 'priority_bucket'],
    registers: [this.#registry],
  })
  readonly #inProgress = new Gauge({
    name: 'kubelet_pod_in_progress_resizes',
    help: 'Resizes that are being carried out.',
    registers: [this.#registry],
  })
  readonly #accepted = new Counter({
    name: 'kubelet_pod_deferred_accepted_resizes_total',
    help: 'Resizes that were accepted after they had been deferred.',
    labelNames: ['retry_trigger'],
    registers: [this.#registry],
  })
  readonly #deferredSeconds = new Histogram({
    name: 'kubelet_pod_deferred_resize_duration_seconds',
    help: 'How long resizes were deferred, in seconds.',
    labelNames: ['resolution', 'priority_bucket'],
    buckets: [5, 10, 15, 20, 30, 45, 60, 90, 120, 150, 180, 300, 600, 1200, 1800, 3600],
    registers: [this.#registry],
  })

  /** Gives whether cpu, memory or pod-level resources differ at all. */
  requested(before: Pod, now: Pod): boolean {
    let differs = !sameRequirements(before.spec.resources, now.spec.resources)
    const old = new Map(resizable(before).map(({ name, resources }) => [name, resources]))
    for (const { name, resources } of resizable(now))
      for (const resource of ['memory', 'cpu'] as const)
        for (const requirement of ['requests', 'limits'] as const) {
          const was = old.get(name)?.[requirement]?.[resource]
          const operation = operationOf(was, resources?.[requirement]?.[resource])
          if (operation === undefined) continue
          differs = true
          this.#requested.inc({ resource, requirement, operation })
        }
    return differs
  }

  actuated(durationMs: number, success: boolean): void {
    this.#duration.observe({ success: `${success}` }, durationMs)
  }

  accepted(trigger: string): void {
    this.#accepted.inc({ retry_trigger: trigger })
  }

  deferred(seconds: number, resolution: 'accepted' | 'reverted' | 'terminated', priority: number | undefined): void {
    this.#deferredSeconds.observe({ resolution, priority_bucket: priorityBucket(priority) }, seconds)
  }

  /** As they are now. */
  setCounts(
    pending: readonly { readonly reason: string; readonly priority: number | undefined }[],
    inProgress: number,
  ) {
    this.#pending.reset()
    for (const { reason, priority } of pending)
      this.#pending.inc({ reason: reason.toLowerCase(), priority_bucket: priorityBucket(priority) })
    this.#inProgress.set(inProgress)
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
