/** Fills in the defaults of a structural schema (KEP-575 of custom resources, "Defaulting"). */
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fills an object in place. A null that may not be one counts as unset. */
export function fillCustom(schema: JSONSchemaProps, value: unknown): void {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items && !Array.isArray(items)) for (const item of value) fillCustom(items, item)
    return
  }
  if (!isObject(value)) return
  const { properties = {}, additionalProperties: more } = schema
  for (const [name, property] of Object.entries(properties)) {
    if (value[name] === null && !property.nullable) delete value[name]
    if (value[name] === undefined && property.default !== undefined) value[name] = structuredClone(property.default)
    fillCustom(property, value[name])
  }
  if (typeof more !== 'object') return
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(properties, name)) continue
    if (value[name] === null && !more.nullable) {
      if (more.default === undefined) delete value[name]
      else value[name] = structuredClone(more.default)
    }
    fillCustom(more, value[name])
  }
}

/** Whether anything is filled in at all, at any depth. */
export function hasDefaults({ properties = {}, items, additionalProperties: more }: JSONSchemaProps): boolean {
  const parts = [...Object.values(properties), ...(typeof more === 'object' ? [more] : [])]
  if (parts.some(part => part.default !== undefined || hasDefaults(part))) return true
  return items !== undefined && !Array.isArray(items) && hasDefaults(items)
}
