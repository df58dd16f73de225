/** What custom resources must keep beyond their schema: whole objects inside of them, and the numbers of their scale. */
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { type FieldError, invalid, required } from '../../schema/field-error.ts'
import { dns1035LabelErrors } from '../../schema/formats.ts'
import { isObject, type JsonObject } from '../patch/json-value.ts'
import type { CustomFacts } from './custom-kind.ts'
import { namesOf } from './json-path.ts'
import { schemaOfMember } from './member-schema.ts'

type Errors = FieldError[]

const maxReplicas = 2147483647

/** Upstream: ValidateScaleSpec and ValidateScaleStatus. */
export function checkScaleValues(out: Errors, { version }: CustomFacts, object: JsonObject): void {
  const scale = version.subresources?.scale
  if (!scale) return
  for (const path of [scale.specReplicasPath, scale.statusReplicasPath]) checkReplicas(out, path, object)
  const path = scale.labelSelectorPath
  if (!path) return
  const selector = valueAt(path, object)
  if (selector !== undefined && typeof selector !== 'string')
    out.push(invalid(path, '', accessorFault(path, selector, 'string')))
}

function checkReplicas(out: Errors, path: string, object: JsonObject): void {
  const value = valueAt(path, object)
  if (value === undefined) return
  const isInteger = typeof value === 'bigint' || Number.isInteger(value)
  if (!isInteger) out.push(invalid(path, 0, accessorFault(path, value, 'int64')))
  else if ((value as number) < 0) out.push(invalid(path, value, 'should be a non-negative integer'))
  else if ((value as number) > maxReplicas)
    out.push(invalid(path, value, `should be less than or equal to ${maxReplicas}`))
}

function valueAt(path: string, object: JsonObject): unknown {
  let value: unknown = object
  for (const name of namesOf(path)) value = isObject(value) ? value[name] : undefined
  return value ?? undefined
}

function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'int64'
  if (typeof value === 'number') return 'float64'
  return typeof value === 'string' ? 'string' : 'map[string]interface {}'
}

const accessorFault = (path: string, value: unknown, wanted: string): string =>
  `${path} accessor error: ${String(value)} is of the type ${goTypeOf(value)}, expected ${wanted}`

/** Upstream: schema/objectmeta.Validate. Its metadata are read as those of an object when it is decoded. */
export function checkEmbedded(out: Errors, path: string, value: unknown, schema: JSONSchemaProps): void {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items && !Array.isArray(items))
      value.forEach((item, i) => {
        checkEmbedded(out, `${path}[${i}]`, item, items)
      })
    return
  }
  if (!isObject(value)) return
  if (schema['x-kubernetes-embedded-resource']) checkTypeOf(out, path, value)
  for (const [name, member] of Object.entries(value)) {
    const inner = schemaOfMember(schema, name)
    if (inner) checkEmbedded(out, path === '' ? name : `${path}.${name}`, member, inner)
  }
}

function checkTypeOf(out: Errors, path: string, value: JsonObject): void {
  for (const name of ['apiVersion', 'kind']) {
    const at = `${path}.${name}`
    const text = value[name]
    if (text === undefined) out.push(required(at))
    else if (typeof text !== 'string') out.push(invalid(at, text, 'must be a string'))
    else if (text === '') out.push(invalid(at, text, 'must not be empty'))
    else if (name === 'apiVersion' && text.split('/').length > 2)
      out.push(invalid(at, text, `unexpected GroupVersion string: ${text}`))
    else if (name === 'kind') {
      const errors = dns1035LabelErrors(text.toLowerCase())
      if (errors.length > 0)
        out.push(invalid(at, text, `may have mixed case, but should otherwise match: ${errors.join(',')}`))
    }
  }
}
