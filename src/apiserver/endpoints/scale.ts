/** The scale subresource: replicas of a workload in one shape for all kinds (autoscaling/v1 Scale). */
import { Scale } from '../../api/autoscaling/v1/scale.ts'
import { badRequestError, invalidError } from '../../machinery/api-error.ts'
import { applyConfiguration } from '../../machinery/apply/apply-configuration.ts'
import { customFactsOf } from '../../machinery/custom/custom-kind.ts'
import { namesOf } from '../../machinery/custom/json-path.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { invalid } from '../../schema/field-error.ts'
import { decodeBody } from '../chain/decode-body.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { cloneJson } from '../registry/clone.ts'
import { getObject } from '../registry/get.ts'
import { checkPatchOptions, checkType, type Patch, patched } from '../registry/patch.ts'
import { type Resource, viewOf } from '../registry/resource.ts'
import type { ObjectJson } from '../registry/stored-object.ts'
import { at, textAt } from '../registry/strategies/base.ts'
import { type NewObject, updateObject } from '../registry/update.ts'
import { isoSeconds, reportStrictErrors, type WriteRequest, writeRequestOf } from '../registry/write-request.ts'
import type { ResourceServer } from './resource-server.ts'
import { respondObject } from './respond.ts'
import { readPatch } from './serve-patch.ts'

/** Where the replicas stand. */
interface ScalePaths {
  readonly spec: readonly string[]
  readonly status: readonly string[]
  /** Of the selector as text; undefined: the label selector of `spec`. */
  readonly selector: readonly string[] | undefined
}

const workloadPaths: ScalePaths = {
  spec: ['spec', 'replicas'],
  status: ['status', 'replicas'],
  selector: undefined,
}

function scalePathsOf({ kind }: Resource): ScalePaths {
  const scale = customFactsOf(kind)?.version.subresources?.scale
  if (!scale) return workloadPaths
  return {
    spec: namesOf(scale.specReplicasPath),
    status: namesOf(scale.statusReplicasPath),
    selector: namesOf(scale.labelSelectorPath ?? ''),
  }
}

function selectorText(object: ObjectJson, path: readonly string[] | undefined): string {
  if (path) return path.length === 0 ? '' : textAt(object, ...path)
  const selector = at(object, 'spec', 'selector')
  if (selector === undefined) return ''
  const isLabelSelector = at(selector, 'matchLabels') !== undefined || at(selector, 'matchExpressions') !== undefined
  // A ReplicationController's selector is a plain map.
  if (isLabelSelector) return labelSelectorOf(selector as object).toString()
  return labelSelectorOf({ matchLabels: selector as Record<string, string> }).toString()
}

export function scaleOf(object: ObjectJson, paths: ScalePaths = workloadPaths): ObjectJson {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = selectorText(object, paths.selector)
  const wanted = (at(object, ...paths.spec) as number | undefined) ?? 0
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: wanted === 0 ? {} : { replicas: wanted },
    status: {
      replicas: (at(object, ...paths.status) as number | undefined) ?? 0,
      ...(selector === '' ? {} : { selector }),
    },
  }
}

export async function serveScale(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const { info } = context
  if (info.verb === 'get') {
    const stored = await getObject(server.deps, resource, info.namespace, info.name)
    return respondObject(context, 200, scaleOf(viewOf(resource, stored), scalePathsOf(resource)), Scale)
  }
  const write = { ...writeRequestOf(context, resource, server.clock.now(), 'UpdateOptions') }
  const make = info.verb === 'patch' ? await patchedScale(context, write) : await sentScale(context, write)
  const { stored } = await updateObject(
    server.deps,
    { ...write, subresource: '' },
    {
      make: current => make(current as ObjectJson),
      create: false,
      unconditional: true,
      managed: { subresource: 'scale', shown: workload => withoutNone(workload, scalePathsOf(resource).spec) },
    },
  )
  return respondObject(context, 200, scaleOf(viewOf(resource, stored), scalePathsOf(resource)), Scale)
}

type MakeWorkload = (current: ObjectJson) => NewObject

async function sentScale(context: RequestContext, write: WriteRequest): Promise<MakeWorkload> {
  const { object, unknownFields, duplicateFields } = await decodeBody(context, Scale)
  reportStrictErrors(write, unknownFields, duplicateFields)
  context.keepRequest(object)
  const named = object.metadata.name ?? ''
  if (named === '')
    throw badRequestError(
      `the name of the object (${write.name} based on URL) was undeterminable: name must be provided`,
    )
  if (named !== write.name)
    throw badRequestError(`the name of the object (${named}) does not match the name on the URL (${write.name})`)
  return current => ({ object: scaled(write, current, object), managedBy: 'update' })
}

async function patchedScale(context: RequestContext, write: WriteRequest): Promise<MakeWorkload> {
  const patch = await readPatch(context)
  checkPatchOptions(patch)
  if (patch.type === 'apply') {
    checkType(Scale, patch.value as ObjectJson)
    return current => applied(write, patch, current)
  }
  const scaleWrite: WriteRequest = { ...write, resource: { ...write.resource, kind: Scale } }
  return current => ({
    object: scaled(write, current, patched(scaleWrite, patch, scaleOf(current, scalePathsOf(write.resource)))),
    managedBy: 'update',
  })
}

/** An applied Scale is an apply of the workload's replicas, and conflicts with who else has set them. */
function applied(write: WriteRequest, patch: Patch, current: ObjectJson): NewObject {
  const { kind } = write.resource
  const wanted = scaled(write, current, {
    ...scaleOf(current, scalePathsOf(write.resource)),
    ...(patch.value as object),
  } as ObjectJson)
  const { object } = applyConfiguration({
    kind,
    live: current,
    applied: {
      apiVersion: kind.apiVersion,
      kind: kind.gvk.kind,
      metadata: { name: write.name, ...(write.namespace === '' ? {} : { namespace: write.namespace }) },
      ...nested(scalePathsOf(write.resource).spec, at(wanted, ...scalePathsOf(write.resource).spec)),
    },
    manager: write.fieldManager,
    force: patch.force,
    timeIso: isoSeconds(write.nowMs),
    subresource: 'scale',
  })
  return { object: cloneJson(object) as ObjectJson, managedBy: 'apply' }
}

/** The workload with the replicas of the scale that a client wants. */
function scaled(write: WriteRequest, current: ObjectJson, scale: ObjectJson): ObjectJson {
  const replicas = at(scale, 'spec', 'replicas') ?? 0
  // What custom resources may have is judged with all else of them.
  if (typeof replicas !== 'number' || (replicas < 0 && !customFactsOf(write.resource.kind))) {
    throw invalidError('autoscaling', 'Scale', write.name, [
      invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ])
  }
  const object = cloneJson(current)
  setAt(object, scalePathsOf(write.resource).spec, replicas)
  const wanted = scale.metadata?.resourceVersion
  if (wanted) object.metadata.resourceVersion = wanted
  const { uid } = scale.metadata ?? {}
  if (uid) object.metadata.uid = uid
  return object
}

/** No replicas are not written in a Scale, so that nobody owns them. */
function withoutNone(workload: ObjectJson, path: readonly string[]): ObjectJson {
  if (at(workload, ...path) !== 0) return workload
  const copy = cloneJson(workload)
  delete (at(copy, ...path.slice(0, -1)) as Record<string, unknown>)[path.at(-1) as string]
  return copy
}

const nested = (path: readonly string[], value: unknown): object =>
  path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object

/** `object` is the write's own. */
function setAt(object: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const last = path.at(-1)
  let place = object
  for (const name of path.slice(0, -1)) {
    place[name] ??= {}
    place = place[name] as Record<string, unknown>
  }
  if (last !== undefined) place[last] = value
}
