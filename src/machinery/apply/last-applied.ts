/** The annotation of client-side apply, which `kubectl apply --server-side` keeps in step (upstream: lastappliedmanager). */
import { stringifyJson } from '../../schema/json-encode.ts'
import { ownMember } from '../../schema/json-exact.ts'
import { isObject, type JsonObject } from '../patch/json-value.ts'
import { type FieldSet, leafNode } from './field-set.ts'
import { fieldSetOf } from './object-field-set.ts'
import type { Shape } from './shape.ts'

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
/** All annotations of an object together, in bytes. */
const maxAnnotationsLength = 256 * 1024

function annotationsOf(object: JsonObject | undefined): JsonObject | undefined {
  const metadata = object && ownMember(object, 'metadata')
  const annotations = isObject(metadata) ? ownMember(metadata, 'annotations') : undefined
  return isObject(annotations) ? annotations : undefined
}

export const lastAppliedOf = (object: JsonObject | undefined): string => {
  const value = annotationsOf(object)?.[annotation]
  return typeof value === 'string' ? value : ''
}

/** The fields that client-side apply set last: `kubectl` may take these over without force. */
export function lastAppliedFields(shape: Shape, object: JsonObject | undefined): FieldSet {
  const text = lastAppliedOf(object)
  if (text === '') return leafNode
  try {
    return fieldSetOf(shape, JSON.parse(text))
  } catch {
    return leafNode
  }
}

/** The object with the applied configuration as its annotation, or without the annotation if that is too long. */
export function withLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const metadata = ownMember(object, 'metadata') as JsonObject
  const annotations = { ...annotationsOf(object) }
  annotations[annotation] = `${stringifyJson(withoutAnnotation(applied))}\n`
  const length = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0)
  if (length > maxAnnotationsLength) delete annotations[annotation]
  return { ...object, metadata: { ...metadata, annotations } }
}

function withoutAnnotation(applied: JsonObject): JsonObject {
  const annotations = annotationsOf(applied)
  if (annotations?.[annotation] === undefined) return applied
  const { [annotation]: _, ...rest } = annotations
  return { ...applied, metadata: { ...(applied.metadata as JsonObject), annotations: rest } }
}
