/** pods/binding and bindings (the scheduler's word), pods/eviction (deletion within disruption budgets). */
import { Binding } from '../../api/core/v1/binding.ts'
import { Status } from '../../api/meta/v1/status.ts'
import { Eviction } from '../../api/policy/v1/eviction.ts'
import {
  ApiError,
  badRequestError,
  conflictError,
  internalError,
  invalidError,
  tooManyRequestsError,
} from '../../machinery/api-error.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { notSupported, required } from '../../schema/field-error.ts'
import { decodeBody } from '../chain/decode-body.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { admitMutating, admitValidating } from '../registry/admit.ts'
import { cloneJson } from '../registry/clone.ts'
import { deleteObject } from '../registry/delete.ts'
import { deletionOptionsOf } from '../registry/delete-options.ts'
import { getObject } from '../registry/get.ts'
import type { Resource } from '../registry/resource.ts'
import type { ObjectJson } from '../registry/stored-object.ts'
import { at, textAt } from '../registry/strategies/base.ts'
import { updateObject } from '../registry/update.ts'
import {
  attributesOf,
  isoSeconds,
  reportStrictErrors,
  type WriteRequest,
  writeRequestOf,
} from '../registry/write-request.ts'
import type { ResourceServer } from './resource-server.ts'
import { respondObject } from './respond.ts'

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }

export async function serveBinding(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const write = writeRequestOf(context, resource, server.clock.now(), 'CreateOptions')
  const { object: binding, unknownFields, duplicateFields } = await decodeBody(context, Binding)
  reportStrictErrors(write, unknownFields, duplicateFields)
  context.keepRequest(binding)
  const name = context.info.name !== '' ? context.info.name : (binding.metadata.name ?? '')
  if ((binding.metadata.name ?? '') !== '' && binding.metadata.name !== name) {
    throw badRequestError('name in URL does not match name in Binding object')
  }
  binding.metadata.namespace ??= write.namespace
  checkBinding(binding, name)
  const pods = server.table.find('', 'v1', 'pods') as Resource
  // Admission sees the binding itself: what a node may bind is judged by it.
  const attributes = attributesOf(
    { ...write, name },
    { operation: 'CREATE', object: binding, oldObject: undefined, kind: Binding, name },
  )
  await admitMutating(server.deps.admission, attributes)
  await admitValidating(server.deps.admission, attributes)
  const admitted = attributes.object as ObjectJson
  const podWrite: WriteRequest = { ...write, resource: pods, name, subresource: '' }
  await updateObject(server.deps, podWrite, {
    make: current => ({ object: bound(write, current as ObjectJson, admitted), managedBy: 'update' }),
    create: false,
    unconditional: true,
    direct: true,
  })
  return respondObject(context, 201, success, Status)
}

function checkBinding(binding: ObjectJson, name: string): void {
  const errors = []
  const kind = textAt(binding, 'target', 'kind')
  if (kind !== '' && kind !== 'Node') errors.push(notSupported('target.kind', kind, ['Node', '']))
  if (textAt(binding, 'target', 'name') === '') errors.push(required('target.name'))
  if (errors.length > 0) throw invalidError('', 'Binding', name, errors)
}

/** The pod with its node, labels of the binding's annotations and the condition PodScheduled (`assignPod`). */
function bound(write: WriteRequest, current: ObjectJson, binding: ObjectJson): ObjectJson {
  const { name, uid } = current.metadata
  const conflict = (why: string) => conflictError('', 'pods/binding', name, why)
  const wantedUid = binding.metadata.uid
  if (wantedUid && wantedUid !== uid) {
    throw conflict(`Precondition failed: UID in precondition: ${wantedUid}, UID in object meta: ${uid}`)
  }
  if (current.metadata.deletionTimestamp) throw conflict(`pod ${name} is being deleted, cannot be assigned to a host`)
  const assigned = textAt(current, 'spec', 'nodeName')
  if (assigned !== '') throw conflict(`pod ${name} is already assigned to node ${JSON.stringify(assigned)}`)
  const gates = at(current, 'spec', 'schedulingGates')
  if (Array.isArray(gates) && gates.length > 0) throw conflict(`pod ${name} has non-empty .spec.schedulingGates`)
  const pod = cloneJson(current)
  pod.spec = { ...(pod.spec as object), nodeName: textAt(binding, 'target', 'name') }
  if (binding.metadata.annotations) {
    pod.metadata.annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations }
  }
  if (binding.metadata.labels) pod.metadata.labels = { ...pod.metadata.labels, ...binding.metadata.labels }
  const status = (pod.status ?? {}) as { conditions?: { type: string }[] }
  const others = (status.conditions ?? []).filter(condition => condition.type !== 'PodScheduled')
  const condition = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: isoSeconds(write.nowMs),
  }
  pod.status = { ...status, conditions: [...others, condition] }
  return pod
}

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
  if (!harmless) await spendBudget(server, context, pod, dryRun)
  await deleteObject(
    server.deps,
    { ...write, subresource: '', dryRun },
    {
      ...options,
      dryRun,
      preconditions: { uid: pod.metadata.uid, ...options.preconditions },
    },
  )
  return respondObject(context, 201, success, Status)
}

/** Takes one allowed disruption from the pod's budget. Throws 429 where none is left. */
async function spendBudget(
  server: ResourceServer,
  context: RequestContext,
  pod: ObjectJson,
  dryRun: boolean,
): Promise<void> {
  const budgets = server.table.find('policy', 'v1', 'poddisruptionbudgets')
  if (!budgets?.cache) return
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
  if (!budget) return
  if (skipsBudget(pod, budget.object)) return
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
}

/** A pod that is not ready may go where the budget says so, or while enough others are healthy. */
function skipsBudget(pod: ObjectJson, budget: ObjectJson): boolean {
  const conditions = (at(pod, 'status', 'conditions') ?? []) as { type: string; status: string }[]
  if (conditions.some(({ type, status }) => type === 'Ready' && status === 'True')) return false
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
