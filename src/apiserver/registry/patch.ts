/** PATCH in its four types. The patch is applied to the current object inside of the compare-and-swap's loop. */

import { ApiError, badRequestError, invalidError, notRegistered } from '../../machinery/api-error.ts'
import { applyConfiguration, showApplied } from '../../machinery/apply/apply-configuration.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import { applyJsonPatch } from '../../machinery/patch/json-patch.ts'
import { showGoValue } from '../../machinery/patch/json-value.ts'
import { applyMergePatch } from '../../machinery/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '../../machinery/patch/strategic-merge-patch.ts'
import { jsonTypeOf, WrongTypeError } from '../../schema/decode-error.ts'
import { forbidden, invalid, required } from '../../schema/field-error.ts'
import { DecodeError, decodeValue } from '../../schema/json-decode.ts'
import { stringifyJson } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import { cloneJson } from './clone.ts'
import type { RegistryDeps } from './registry-deps.ts'
import type { ObjectJson } from './stored-object.ts'
import { updateObject, type WriteResult } from './update.ts'
import {
  isoSeconds,
  reportStrictErrors,
  reportYamlDuplicates,
  strictErrorOf,
  type WriteRequest,
} from './write-request.ts'

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
  /** Of the body: paths of members, of an apply lines of YAML. */
  readonly duplicates: readonly string[]
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
  return decodedOwn(write, patch, value)
}

function decodedOwn(write: WriteRequest, patch: Patch, value: unknown): ObjectJson {
  const { kind } = write.resource
  // Upstream shows the whole patched object, but of a strategic merge, which it does on typed values, only the patch.
  const refuse = (detail: string) => {
    const shown = patch.type === 'strategic' ? showGoValue(patch.value) : stringifyJson(value)
    const error = invalid('patch', shown, detail)
    return invalidError('', '', '', [error])
  }
  const own = (value ?? {}) as ObjectJson & { apiVersion?: unknown; kind?: unknown }
  if (patch.type === 'strategic') Object.assign(own, { apiVersion: kind.apiVersion, kind: kind.gvk.kind })
  else if (isOther(own.kind, kind.gvk.kind) || isOther(own.apiVersion, kind.apiVersion)) {
    throw refuse(notRegistered(textOf(own.apiVersion), textOf(own.kind)))
  }
  try {
    const decoded = decodeValue(kind, value)
    const object = cloneJson(decoded.object) as ObjectJson
    // Upstream reads the patched object with its keys in order.
    const unknown = decoded.unknownFields.toSorted(comparePaths)
    const strict = strictErrorOf(unknown, patch.duplicates)
    if (strict !== undefined && write.fieldValidation === 'Strict') throw refuse(strict)
    reportStrictErrors(write, unknown, patch.duplicates)
    applyDefaults(kind, object)
    return object
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw refuse(patch.type === 'strategic' ? conversionFault(error) : error.message)
  }
}

/** What a patched object does not say is what it was. */
const isOther = (said: unknown, known: string): boolean => textOf(said) !== '' && said !== known

/** By their steps, so that `bogus` comes before `metadata.a`. */
function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split(/[.[]/), b.split(/[.[]/)]
  for (let i = 0; i < left.length && i < right.length; i++)
    if (left[i] !== right[i]) return (left[i] as string) < (right[i] as string) ? -1 : 1
  return left.length - right.length
}

/** What is no text is none, as in upstream's unstructured objects. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Throws ApiError 400 where a configuration is of another kind than the resource, or of none. */
export function checkType(kind: Kind, object: ObjectJson): void {
  const sent = object as unknown as { apiVersion?: unknown; kind?: unknown }
  if (sent.kind === kind.gvk.kind && sent.apiVersion === kind.apiVersion) return
  const apiVersion = textOf(sent.apiVersion)
  const shown = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
  throw badRequestError(`invalid object type: ${shown}, Kind=${textOf(sent.kind)}`)
}

async function applyObject(deps: RegistryDeps, write: WriteRequest, patch: Patch): Promise<WriteResult> {
  const { kind } = write.resource
  if (patch.value === null || typeof patch.value !== 'object' || Array.isArray(patch.value)) {
    throw badRequestError(
      `error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonTypeOf(patch.value)} into Go value of type map[string]interface {}`,
    )
  }
  const applied = cloneJson(patch.value) as ObjectJson
  if (applied.metadata === undefined || applied.metadata === null) applied.metadata = {} as ObjectJson['metadata']
  if (typeof applied.metadata !== 'object' || Array.isArray(applied.metadata)) {
    throw badRequestError('error decoding YAML: the metadata of the applied configuration is no object')
  }
  checkType(kind, applied)
  if (applied.metadata.name === undefined) applied.metadata.name = write.name
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
      const object = converted(kind, applied, result.object)
      if (current === undefined) delete (object.metadata as Record<string, unknown>).resourceVersion
      applyDefaults(kind, object)
      reportYamlDuplicates(write, patch.duplicates, 'error strict decoding patch: error converting YAML to JSON: ')
      return { object, managedBy: 'apply' }
    },
    create: true,
    unconditional: true,
  })
}

/** The merged object as one of the kind. What its declaration's check lets pass may still be no time or number. */
function converted(kind: Kind, applied: ObjectJson, merged: object): ObjectJson {
  try {
    return cloneJson(decodeValue(kind, merged).object) as ObjectJson
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const { group, version, kind: name } = kind.gvk
    // Upstream takes this for a fault of its own: 500 without a reason.
    throw new ApiError(
      500,
      undefined,
      `failed to convert new object (${showApplied(kind, applied)}) to proper version: unable to convert unstructured object to ${group}/${version}, Kind=${name}: ${conversionFault(error)}`,
    )
  }
}

/** In the words of the conversion, which reads each value for itself. */
function conversionFault(error: DecodeError): string {
  if (error.message.startsWith('illegal base64')) return `error decoding from json: ${error.message}`
  return error instanceof WrongTypeError ? error.converted : error.message
}
