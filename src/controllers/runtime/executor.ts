/** Carries out plans: no decisions, only order, bounds and events. */
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event-recorder.ts'
import { ApiError, isAlreadyExists, isConflict, isNotFound } from '../../machinery/api-error.ts'
import type { Action, Plan, Reports } from './action.ts'
import type { PendingWrites } from './pending-writes.ts'

/** Requests of one plan under way at a time. */
const maxParallel = 16

export interface Executor {
  readonly client: Client
  readonly recorder: EventRecorder
  readonly pending: PendingWrites
}

/** Throws the first failure of the steps, after what follows them was written. */
export async function execute(executor: Executor, key: string, plan: Plan): Promise<void> {
  let failure: Error | undefined
  for (const step of plan.steps) {
    failure = await runStep(executor, key, step)
    if (failure) break
  }
  for (const action of plan.after?.(failure) ?? []) await run(executor, key, action)
  if (failure) throw failure
}

/**
 * The actions in batches of 1, 2, 4 and so on: where all will fail alike, as over a quota, few are tried (upstream's
 * slowStartBatch).
 */
async function runStep(executor: Executor, key: string, step: readonly Action[]): Promise<Error | undefined> {
  for (let start = 0, size = 1; start < step.length; ) {
    const batch = step.slice(start, start + size)
    const results = await Promise.allSettled(batch.map(action => run(executor, key, action)))
    const failed = results.find(result => result.status === 'rejected')
    if (failed) return failed.reason instanceof Error ? failed.reason : new Error(String(failed.reason))
    start += size
    size = Math.min(size * 2, maxParallel)
  }
  return undefined
}

async function run(executor: Executor, key: string, action: Action): Promise<void> {
  if (action.do === 'event') {
    executor.recorder.record(action.on, action.type, action.reason, action.message)
    return
  }
  try {
    const name = await write(executor, key, action)
    report(executor, action.reports, 'success', name, '')
  } catch (error) {
    // Pods cannot be made in a namespace that ends: nothing to tell, and nothing to try again.
    if (action.do === 'create' && isNamespaceTerminating(error)) return
    if (!isConflict(error)) report(executor, action.reports, 'failure', nameOf(action), (error as Error).message)
    throw error
  }
}

/** Returns the name of the object written. */
async function write(
  { client, pending }: Executor,
  key: string,
  action: Exclude<Action, { do: 'event' }>,
): Promise<string> {
  const resource = client.of(action.kind)
  switch (action.do) {
    case 'create': {
      try {
        const made = await resource.create(action.namespace, action.object as object)
        pending.wrote(key, action.kind, made)
        return (made as { metadata: { name: string } }).metadata.name
      } catch (error) {
        if (action.mayExist === true && isAlreadyExists(error)) return nameOf(action)
        throw error
      }
    }
    case 'update':
      pending.wrote(key, action.kind, await resource.update(action.object))
      return nameOf(action)
    case 'updateStatus':
      pending.wrote(key, action.kind, await resource.updateStatus(action.object, action.subresource))
      return nameOf(action)
    case 'patch': {
      const { namespace, name, type, patch, subresource, onlyWhileOwned } = action
      if (onlyWhileOwned && !(await isAlive(client, onlyWhileOwned)))
        throw new Error('the owner is gone or being deleted')
      pending.wrote(key, action.kind, await resource.patch(namespace, name, type, patch, subresource))
      return name
    }
    case 'delete': {
      const { kind, namespace, name, uid, options } = action
      try {
        await resource.delete(namespace, name, { ...options, ...(uid === '' ? {} : { preconditions: { uid } }) })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
      pending.deleted(key, kind, namespace, name, uid)
      return name
    }
  }
}

async function isAlive(
  client: Client,
  owner: NonNullable<Extract<Action, { do: 'patch' }>['onlyWhileOwned']>,
): Promise<boolean> {
  const live = (await client.of(owner.kind).get(owner.namespace, owner.name)) as {
    metadata: { uid: string; deletionTimestamp?: string }
  }
  return live.metadata.uid === owner.uid && live.metadata.deletionTimestamp === undefined
}

function report(
  { recorder }: Executor,
  reports: Reports | undefined,
  end: 'success' | 'failure',
  name: string,
  error: string,
): void {
  const text = reports?.[end]
  if (!reports || !text) return
  const [reason, message] = text
  recorder.record(
    reports.on,
    end === 'success' ? 'Normal' : 'Warning',
    reason,
    message.replaceAll('{name}', () => name).replaceAll('{error}', () => error),
  )
}

function nameOf(action: Exclude<Action, { do: 'event' }>): string {
  if (action.do === 'patch' || action.do === 'delete') return action.name
  return (action.object as { metadata?: { name?: string } }).metadata?.name ?? ''
}

export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof ApiError &&
  error.status.details?.causes?.some(cause => cause.reason === 'NamespaceTerminating') === true
