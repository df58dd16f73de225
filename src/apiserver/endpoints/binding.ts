/** pods/binding and bindings: the scheduler's word. */
import { Binding } from '../../api/core/v1/binding.ts'
import { Status } from '../../api/meta/v1/status.ts'
import { ApiError, badRequestError, conflictError } from '../../machinery/api-error.ts'
import { notSupported, required } from '../../schema/field-error.ts'
import { decodeBody } from '../chain/decode-body.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { admitMutating, admitValidating } from '../registry/admit.ts'
import { cloneJson } from '../registry/clone.ts'
import type { Resource } from '../registry/resource.ts'
import type { ObjectJson } from '../registry/stored-object.ts'
import { at, textAt } from '../registry/strategies/base.ts'
import { updateObject } from '../registry/update.ts'
import {
  attributesOf,
  checkNamespace,
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
  reportStrictErrors(write, unknownFields, duplicateFields, Binding)
  context.keepRequest(binding)
  const name = context.info.name !== '' ? context.info.name : (binding.metadata.name ?? '')
  if ((binding.metadata.name ?? '') !== '' && binding.metadata.name !== name) {
    throw badRequestError('name in URL does not match name in Binding object')
  }
  checkNamespace(write, binding)
  checkBinding(binding)
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

function checkBinding(binding: ObjectJson): void {
  const errors = []
  const kind = textAt(binding, 'target', 'kind')
  if (kind !== '' && kind !== 'Node') errors.push(notSupported('target.kind', kind, ['Node', '<empty>']))
  if (textAt(binding, 'target', 'name') === '') errors.push(required('target.name'))
  // Upstream takes these for faults of its own: 500 without a reason.
  if (errors.length > 0) {
    const texts = errors.map(({ field, message }) => `${field}: ${message}`)
    throw new ApiError(500, undefined, texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`)
  }
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
