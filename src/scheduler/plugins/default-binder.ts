/**
 * Writes decisions to the API server, a bounded number at a time. When the server forbids it, everything stops until a single
 * attempt, repeated with back-off, goes through again.
 */
import { Pod } from '../../api/core/v1/pod.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Client } from '../../client/client.ts'
import { ApiError } from '../../machinery/api-error.ts'
import type { QueuedPod } from '../queue.ts'

/** Bindings under way at a time. */
const maxBindings = 64
/** How long a bound pod may take to show up on its node in the informer. */
const lostAfterMs = 30_000
const firstPauseMs = 1000
const longestPauseMs = 30_000

export interface BinderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  onBound(queued: QueuedPod, node: string): void
  onFailed(queued: QueuedPod, error: Error): void
  /** Some time after `onBound`, for the caller to check that the pod arrived. */
  onLost(queued: QueuedPod): void
  /** There may be room again. */
  onReady(): void
}

export class PodBinder {
  readonly #options: BinderOptions
  readonly #running = new Set<Promise<void>>()
  /** As many as pods were bound in the last `lostAfterMs`. */
  readonly #timers = new Set<Timer>()
  /** 0 while bindings are allowed. */
  #pauseMs = 0
  #pauseTimer: Timer | undefined

  constructor(options: BinderOptions) {
    this.#options = options
  }

  hasRoom(): boolean {
    if (this.#pauseTimer !== undefined) return false
    return this.#running.size < (this.#pauseMs > 0 ? 1 : maxBindings)
  }

  bind(queued: QueuedPod, node: string): void {
    const task = this.#bind(queued, node).finally(() => {
      this.#running.delete(task)
      this.#options.onReady()
    })
    this.#running.add(task)
  }

  async stop(): Promise<void> {
    this.#pauseTimer?.cancel()
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    await Promise.allSettled(this.#running)
  }

  async #bind(queued: QueuedPod, node: string): Promise<void> {
    const { namespace, name, uid } = queued.info
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { kind: 'Node', name: node },
    }
    try {
      await this.#options.client.of(Pod).subresource('POST', namespace, name, 'binding', binding)
    } catch (error) {
      if (error instanceof ApiError && error.code === 403) this.#pause(error)
      this.#options.onFailed(queued, error as Error)
      return
    }
    if (this.#pauseMs > 0) this.#options.log.info('binding is allowed again; scheduling goes on')
    this.#pauseMs = 0
    this.#options.onBound(queued, node)
    const timer = this.#options.clock.after(lostAfterMs, () => {
      this.#timers.delete(timer)
      this.#options.onLost(queued)
    })
    this.#timers.add(timer)
  }

  #pause(error: ApiError): void {
    if (this.#pauseTimer !== undefined) return
    this.#pauseMs = this.#pauseMs === 0 ? firstPauseMs : Math.min(longestPauseMs, this.#pauseMs * 2)
    this.#options.log.error(
      { code: error.code, reason: error.reason, error: error.message, retryMs: this.#pauseMs },
      'scheduling has stopped: the API server forbids binding pods; check the roles of system:kube-scheduler',
    )
    this.#pauseTimer = this.#options.clock.after(this.#pauseMs, () => {
      this.#pauseTimer = undefined
      this.#options.onReady()
    })
  }
}
