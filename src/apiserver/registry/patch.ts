/** PATCH in its four types. The patch is applied to the current object inside of the compare-and-swap's loop. */

import { ApiError, badRequestError, invalidError } from '../../machinery/api-error.ts'
import { applyConfiguration } from '../../machinery/apply/apply-configuration.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import { applyJsonPatch } from '../../machinery/patch/json-patch.ts'
import { applyMergePatch } from '../../machinery/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '../../machinery/patch/strategic-merge-patch.ts'
import { forbidden, required } from '../../schema/field-error.ts'
import { DecodeError, decodeValue } from '../../schema/json-decode.ts'
import { cloneJson } from './clone.ts'
import type { RegistryDeps } from './registry-deps.ts'
import type { ObjectJson } from './stored-object.ts'
import { updateObject, type WriteResult } from './update.ts'
import { isoSeconds, reportStrictErrors, type WriteRequest } from './write-request.ts'

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export const patchMediaTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
}

export interface Patch {
  readonly type: PatchType
  /** The parsed body: nobody else changes it. */
  readonly value: unknown
  readonly force: boolean
  /** Whether the client named a field manager: apply demands it. */
  readonly managerGiven: boolean
  readonly forceGiven: boolean
}

export async function patchObject(deps: RegistryDeps, write: WriteRequest, patch: Patch): Promise<WriteResult> {
  checkPatchOptions(patch)
  if (patch.type === 'apply') return applyObject(deps, write, patch)
  return updateObject(deps, write, {
    make: current => ({ object: patched(write, patch, current as ObjectJson), managedBy: 'update' }),
    create: false,
    unconditional: true,
  })
}

export function checkPatchOptions(patch: Patch): void {
  const errors = []
  if (patch.type === 'apply' && !patch.managerGiven)
    errors.push(required('fieldManager', 'is required for apply patch'))
  if (patch.type !== 'apply' && patch.forceGiven) {
    errors.push(forbidden('force', 'may not be specified for non-apply patch'))
  }
  if (errors.length > 0) throw invalidError('meta.k8s.io', 'PatchOptions', '', errors)
}

/** The current object with a patch applied; a new value that nobody shares. */
export function patched(write: WriteRequest, patch: Patch, current: ObjectJson): ObjectJson {
  const { kind } = write.resource
  const value =
    patch.type === 'json'
      ? applyJsonPatch(current, patch.value)
      : patch.type === 'merge'
        ? applyMergePatch(current, patch.value)
        : applyStrategicMergePatch(kind, current, patch.value)
  return decodedOwn(write, value)
}

function decodedOwn(write: WriteRequest, value: unknown): ObjectJson {
  const { kind, plural, group } = write.resource
  try {
    const decoded = decodeValue(kind, value)
    const object = cloneJson(decoded.object) as ObjectJson
    checkType(write, object)
    reportStrictErrors(write, decoded.unknownFields, decoded.duplicateFields)
    applyDefaults(kind, object)
    return object
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new ApiError(
      422,
      'Invalid',
      ` "" is invalid: patch: Invalid value: ${JSON.stringify(JSON.stringify(value)).slice(0, 1_000)}: ${error.message}`,
      {
        ...(group === '' ? {} : { group }),
        kind: plural,
        causes: [{ reason: 'FieldValueInvalid', field: 'patch', message: error.message }],
      },
    )
  }
}

function checkType(write: WriteRequest, object: ObjectJson): void {
  const { kind } = write.resource
  const sent = object as unknown as { apiVersion?: string; kind?: string }
  if ((sent.kind ?? kind.gvk.kind) === kind.gvk.kind && (sent.apiVersion ?? kind.apiVersion) === kind.apiVersion) return
  throw badRequestError(
    `the API version in the data (${sent.apiVersion}) does not match the expected API version (${kind.apiVersion})`,
  )
}

async function applyObject(deps: RegistryDeps, write: WriteRequest, patch: Patch): Promise<WriteResult> {
  const { kind } = write.resource
  if (patch.value === null || typeof patch.value !== 'object' || Array.isArray(patch.value)) {
    throw badRequestError('error decoding YAML: the applied configuration is no object')
  }
  const applied = cloneJson(patch.value) as ObjectJson
  if (applied.metadata === undefined || applied.metadata === null) applied.metadata = {} as ObjectJson['metadata']
  checkType(write, applied)
  try {
    const { unknownFields, duplicateFields } = decodeValue(kind, applied)
    reportStrictErrors(write, unknownFields, duplicateFields)
  } catch (error) {
    if (error instanceof DecodeError) throw badRequestError(`error decoding patch: ${error.message}`)
    throw error
  }
  if ((applied.metadata.name ?? '') === '') applied.metadata.name = write.name
  if (write.resource.namespaced && (applied.metadata.namespace ?? '') === '')
    applied.metadata.namespace = write.namespace
  return updateObject(deps, write, {
    make: current => {
      const result = applyConfiguration({
        kind,
        live: current,
        applied,
        manager: write.fieldManager,
        force: patch.force,
        timeIso: isoSeconds(write.nowMs),
        subresource: write.subresource,
      })
      const object = cloneJson(decodeValue(kind, result.object).object) as ObjectJson
      if (current === undefined) delete (object.metadata as Record<string, unknown>).resourceVersion
      applyDefaults(kind, object)
      return { object, managedBy: 'apply' }
    },
    create: true,
    unconditional: true,
  })
}
