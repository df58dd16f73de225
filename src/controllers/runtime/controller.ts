/** Runs a controller: keys from its queue, a plan for each from what its informers show, the plan carried out. */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Client } from '../../client/client.ts'
import { EventRecorder } from '../../client/event-recorder.ts'
import type { Informer, InformerEvent } from '../../client/informer.ts'
import type { InformerFactory } from '../../client/informer-factory.ts'
import { WorkQueue } from '../../client/work-queue.ts'
import type { WorkQueueMetrics } from '../../client/work-queue-metrics.ts'
import { isConflict } from '../../machinery/api-error.ts'
import type { Kind } from '../../schema/kind.ts'
import type { Plan } from './action.ts'
import { execute } from './executor.ts'
import { PendingWrites } from './pending-writes.ts'

/** What a controller is built from. */
export interface ControllerContext {
  readonly name: string
  readonly client: Client
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
  readonly recorder: EventRecorder
  /** The local copy of a kind; the controller starts when all that it asked for are synced. */
  informer<T>(kind: Kind<T>): Informer<T>
  enqueue(key: string): void
  enqueueAfter(key: string, delayMs: number): void
}

export interface Controller {
  /** What to do for a key, from the informers alone. Undefined: nothing. */
  plan(key: string): Plan | undefined | Promise<Plan | undefined>
  /** Called once after all informers are synced, before the first key. */
  started?(): void
}

export interface ControllerDefinition {
  /** As in `deployment-controller`: the service account and the events' source. */
  readonly name: string
  /** Keys worked on at a time. */
  readonly workers: number
  build(context: ControllerContext): Controller
}

export interface ControllerDependencies {
  readonly client: Client
  readonly informers: InformerFactory
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Told of the work of every queue. */
  readonly queueMetrics?: WorkQueueMetrics | undefined
}

/** How often a key that waits for its own writes is looked at; their events usually come first. */
const unseenRetryMs = 20

/** A plan that wants to be made again at once, and does nothing, must not keep the process from all else. */
const leastRequeueMs = 10

/** Runs until the signal aborts; resolves when the work under way has ended. */
export async function runController(
  definition: ControllerDefinition,
  needs: ControllerDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { client, clock, log, random, informers } = needs
  const { queueMetrics } = needs
  const queue = new WorkQueue({
    clock,
    ...(queueMetrics ? { meter: metered => queueMetrics.meter(definition.name, metered) } : {}),
  })
  const used = new Map<string, Informer<unknown>>()
  const recorder = new EventRecorder({ client, clock, log, component: definition.name })
  const controller = definition.build({
    name: definition.name,
    client,
    clock,
    random,
    log,
    recorder,
    informer: kind => {
      const informer = informers.of(kind)
      used.set(kind.name, informer as Informer<unknown>)
      return informer
    },
    enqueue: key => queue.add(key),
    enqueueAfter: (key, delayMs) => queue.addAfter(key, delayMs),
  })
  const onAbort = () => queue.shutDown()
  if (signal.aborted) return
  signal.addEventListener('abort', onAbort, { once: true })
  const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
  await Promise.race([Promise.all([...used.values()].map(informer => informer.synced())), aborted])
  if (!signal.aborted) controller.started?.()
  const pending = new PendingWrites(clock, used)
  const work = async () => {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      try {
        if (pending.allSeen(key)) await workOn(key)
        else queue.addAfter(key, unseenRetryMs)
      } finally {
        queue.done(key)
      }
    }
  }
  const workOn = async (key: string) => {
    try {
      const plan = await controller.plan(key)
      if (plan) {
        await execute({ client, recorder, pending }, key, plan)
        if (plan.requeueAfterMs !== undefined) queue.addAfter(key, Math.max(leastRequeueMs, plan.requeueAfterMs))
      }
      queue.forget(key)
    } catch (error) {
      if (signal.aborted) return
      const level = isConflict(error) ? 'debug' : 'warn'
      log[level]({ controller: definition.name, key, error: (error as Error).message }, 'will try again')
      queue.addRateLimited(key)
    }
  }
  await Promise.all(Array.from({ length: definition.workers }, work))
  recorder.stop()
}

interface Named {
  readonly metadata: { readonly namespace?: string; readonly name: string }
}

/** `namespace/name`, or `name` without a namespace. */
export const keyOf = (object: Named): string =>
  object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/** The object of a key in an informer. */
export function objectOf<T>(informer: Informer<T>, key: string): T | undefined {
  const { namespace, name } = splitKey(key)
  return informer.get(namespace, name)
}

/** Enqueues an object whenever it changes. */
export const enqueueChanged = <T extends Named>(informer: Informer<T>, context: ControllerContext): void => {
  informer.subscribe((event: InformerEvent<T>) => context.enqueue(keyOf(event.object)))
}
