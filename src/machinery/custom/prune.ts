/** Removes what a structural schema does not know (KEP-1693, "Pruning"). Values are shared and never changed. */
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import { DecodeError, decodeMember } from '../../schema/json-decode.ts'
import { schemaOfMember } from './member-schema.ts'

/** Is told the path, below the object, of everything that goes. */
export type Report = (path: string) => void
type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The members of an object but for metadata, which has its own declaration. */
export function pruneMembers(schema: JSONSchemaProps, object: Json, report: Report): Json {
  let changed: Json | undefined
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const before = object[name]
    if (before === undefined || name === 'metadata' || name === 'kind' || name === 'apiVersion') continue
    const after = prune(property, before, name, report)
    if (after === before) continue
    changed ??= { ...object }
    changed[name] = after
  }
  return changed ?? object
}

function prune(schema: JSONSchemaProps, value: unknown, path: string, report: Report): unknown {
  if (Array.isArray(value)) return pruneList(schema, value, path, report)
  return isObject(value) ? pruneObject(schema, value, path, report) : value
}

function pruneList(schema: JSONSchemaProps, list: unknown[], path: string, report: Report): unknown {
  const { items } = schema
  if (!items || Array.isArray(items)) return list
  let changed: unknown[] | undefined
  list.forEach((before, i) => {
    const after = prune(items, before, `${path}[${i}]`, report)
    if (after === before) return
    changed ??= [...list]
    changed[i] = after
  })
  return changed ?? list
}

const embedded: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

/** It has its own declaration. What is malformed stays, for the checks to find. */
function pruneMetadata(metadata: unknown, path: string, report: Report): unknown {
  try {
    const { object, unknownFields } = decodeMember(ObjectMeta, metadata)
    for (const field of unknownFields) report(`${path}.${field}`)
    return object
  } catch (error) {
    if (error instanceof DecodeError) return metadata
    throw error
  }
}

function pruneObject(schema: JSONSchemaProps, object: Json, path: string, report: Report): unknown {
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  let changed: Json | undefined
  for (const [name, before] of Object.entries(object)) {
    const property = schemaOfMember(schema, name)
    const known = property !== undefined || schema.additionalProperties === true || (isEmbedded && embedded.has(name))
    const at = `${path}.${name}`
    if (!known && preserves) continue
    if (!known) {
      report(at)
      changed ??= { ...object }
      delete changed[name]
      continue
    }
    const isMetadata = isEmbedded && name === 'metadata'
    if (property === undefined && !isMetadata) continue
    const after = isMetadata ? pruneMetadata(before, at, report) : prune(property!, before, at, report)
    if (after === before) continue
    changed ??= { ...object }
    changed[name] = after
  }
  return changed ?? object
}
