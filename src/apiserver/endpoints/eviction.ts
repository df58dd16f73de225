import { Status } from '../../api/meta/v1/status.ts'
import { Eviction } from '../../api/policy/v1/eviction.ts'
import {
  ApiError,
  badRequestError,
  conflictError,
  internalError,
  tooManyRequestsError,
} from '../../machinery/api-error.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { decodeBody } from '../chain/decode-body.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { admitMutating, admitValidating } from '../registry/admit.ts'
import { cloneJson } from '../registry/clone.ts'
import { checkPreconditions, deleteObject } from '../registry/delete.ts'
import { type DeletionOptions, deletionOptionsOf } from '../registry/delete-options.ts'
import { getObject } from '../registry/get.ts'
import type { Resource } from '../registry/resource.ts'
import type { ObjectJson, StoredObject } from '../registry/stored-object.ts'
import { at, textAt } from '../registry/strategies/base.ts'
import { updateObject } from '../registry/update.ts'
import { attributesOf, isoSeconds, type WriteRequest, writeRequestOf } from '../registry/write-request.ts'
import type { ResourceServer } from './resource-server.ts'
import { respondObject } from './respond.ts'

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }

const terminalPhases = new Set(['Succeeded', 'Failed'])

export async function serveEviction(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const { info } = context
  const write = writeRequestOf(context, resource, server.clock.now(), 'CreateOptions')
  const { object: eviction } = await decodeBody(context, Eviction)
  context.keepRequest(eviction)
  if (eviction.metadata.name && eviction.metadata.name !== info.name) {
    throw badRequestError('name in URL does not match name in Eviction object')
  }
  const sent = eviction.deleteOptions as Record<string, unknown> | undefined
  const options = deletionOptionsOf(sent ?? {}, context.request.query)
  const dryRun = write.dryRun || options.dryRun
  const stored = await getObject(server.deps, resource, info.namespace, info.name)
  const pod = stored.object
  const attributes = attributesOf(write, {
    operation: 'CREATE',
    object: eviction,
    oldObject: undefined,
    kind: Eviction,
  })
  await admitMutating(server.deps.admission, attributes)
  await admitValidating(server.deps.admission, attributes)
  // Nothing is disrupted by the end of a pod that runs nowhere, is over, or ends already.
  const phase = textAt(pod, 'status', 'phase')
  const harmless = terminalPhases.has(phase) || phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined
  const deletion: DeletionOptions = {
    ...options,
    dryRun,
    preconditions: { uid: pod.metadata.uid, ...options.preconditions },
  }
  const podWrite: WriteRequest = { ...write, subresource: '', dryRun }
  checkPreconditions(podWrite, deletion, pod)
  const spared = !harmless && (await spendBudget(server, context, pod, dryRun)) === 'spared'
  if (dryRun) {
    await deleteObject(server.deps, podWrite, deletion)
  } else {
    const told = await noteDisruption(server, podWrite, deletion, spared)
    // The pod that the preconditions were checked on is the one that was told.
    const { resourceVersion, ...preconditions } = deletion.preconditions ?? {}
    const still = resourceVersion === undefined && !spared ? {} : { resourceVersion: String(told.revision) }
    await deleteObject(server.deps, podWrite, { ...deletion, preconditions: { ...preconditions, ...still } })
  }
  return respondObject(context, 201, success, Status)
}

/** Tells the pod, and whoever looks into why it ended, of its eviction (KEP-3329). */
async function noteDisruption(
  server: ResourceServer,
  write: WriteRequest,
  deletion: DeletionOptions,
  mustBeUnready: boolean,
): Promise<StoredObject> {
  const { stored } = await updateObject(server.deps, write, {
    make: found => {
      const current = found as ObjectJson
      checkPreconditions(write, deletion, current)
      if (mustBeUnready && isReady(current))
        throw conflictError('', 'pods', write.name, 'the pod became ready while its eviction was judged')
      const next = cloneJson(current)
      const status = (next.status ?? {}) as { conditions?: { type: string; status?: string }[] }
      const known = status.conditions?.find(({ type }) => type === 'DisruptionTarget') as
        | { status?: string; lastTransitionTime?: string }
        | undefined
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: known?.status === 'True' ? known.lastTransitionTime : isoSeconds(write.nowMs),
        reason: 'EvictionByEvictionAPI',
        message: 'Eviction API: evicting',
        ...(current.metadata.generation === undefined ? {} : { observedGeneration: current.metadata.generation }),
      }
      const others = (status.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget')
      next.status = { ...status, conditions: [...others, condition] }
      return { object: next, managedBy: 'update' }
    },
    create: false,
    unconditional: true,
    direct: true,
  })
  return stored
}

/**
 * Takes one allowed disruption from the pod's budget. Throws 429 where none is left. `spared`: the pod may go without,
 * because it is not ready.
 */
async function spendBudget(
  server: ResourceServer,
  context: RequestContext,
  pod: ObjectJson,
  dryRun: boolean,
): Promise<'spent' | 'spared'> {
  const budgets = server.table.find('policy', 'v1', 'poddisruptionbudgets')
  if (!budgets?.cache) return 'spent'
  await budgets.cache.fresh()
  const labels = pod.metadata.labels ?? {}
  const inNamespace = budgets.cache.under(`${budgets.cache.prefix}${pod.metadata.namespace}/`)
  const matching = inNamespace.filter(stored => {
    const selector = at(stored.object, 'spec', 'selector')
    return selector !== undefined && labelSelectorOf(selector as object).matches(labels)
  })
  if (matching.length > 1) {
    throw internalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  const [budget] = matching
  if (!budget) return 'spent'
  if (skipsBudget(pod, budget.object)) return 'spared'
  const write: WriteRequest = {
    context,
    resource: budgets,
    namespace: budget.object.metadata.namespace as string,
    name: budget.object.metadata.name,
    subresource: 'status',
    dryRun,
    fieldManager: 'kube-apiserver',
    fieldValidation: 'Ignore',
    nowMs: server.clock.now(),
  }
  await updateObject({ ...server.deps, admission: [] }, write, {
    make: current => ({ object: spent(current as ObjectJson, pod, write.nowMs), managedBy: 'update' }),
    create: false,
    unconditional: true,
  })
  return 'spent'
}

function isReady(pod: ObjectJson): boolean {
  const conditions = (at(pod, 'status', 'conditions') ?? []) as { type: string; status: string }[]
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

/** A pod that is not ready may go where the budget says so, or while enough others are healthy. */
function skipsBudget(pod: ObjectJson, budget: ObjectJson): boolean {
  if (isReady(pod)) return false
  if (textAt(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true
  const healthy = Number(at(budget, 'status', 'currentHealthy') ?? 0)
  const desired = Number(at(budget, 'status', 'desiredHealthy') ?? 0)
  return healthy >= desired && desired > 0
}

/** A pod whose end was allowed counts as disrupted until the controller has seen it go; at most so many are kept. */
const maxDisruptedPods = 2_000

function spent(budget: ObjectJson, pod: ObjectJson, nowMs: number): ObjectJson {
  const { name } = budget.metadata
  const status = (budget.status ?? {}) as {
    observedGeneration?: number
    disruptionsAllowed?: number
    disruptedPods?: Record<string, string>
    currentHealthy?: number
    desiredHealthy?: number
  }
  const refuse = (detail: string, retryAfterSeconds: number): ApiError => {
    const error = tooManyRequestsError(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      retryAfterSeconds,
    )
    Object.assign(error.status, {
      details: {
        ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
        causes: [{ reason: 'DisruptionBudget', message: detail }],
      },
    })
    return error
  }
  if ((status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
    throw refuse(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  const allowed = status.disruptionsAllowed ?? 0
  const disrupted = status.disruptedPods ?? {}
  if (allowed < 0)
    throw new ApiError(
      403,
      'Forbidden',
      `poddisruptionbudgets.policy "${name}" is forbidden: pdb disruptions allowed is negative`,
    )
  if (Object.keys(disrupted).length > maxDisruptedPods) {
    throw new ApiError(
      403,
      'Forbidden',
      `poddisruptionbudgets.policy "${name}" is forbidden: DisruptedPods map too big - too many evictions not confirmed by PDB controller`,
    )
  }
  if (allowed === 0) {
    throw refuse(
      `The disruption budget ${name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`,
      0,
    )
  }
  const next = cloneJson(budget)
  next.status = {
    ...status,
    disruptionsAllowed: allowed - 1,
    disruptedPods: { ...disrupted, [pod.metadata.name]: isoSeconds(nowMs) },
  }
  return next
}
