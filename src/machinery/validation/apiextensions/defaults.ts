/** Defaults that a schema gives must themselves be what it asks for (upstream: schema/defaulting). */
import type { JSONSchemaProps } from '../../../api/apiextensions/v1/json-schema-props.ts'
import { invalid } from '../../../schema/field-error.ts'
import { checkValue } from '../../custom/check.ts'
import { pruneMembers } from '../../custom/prune.ts'
import type { Errors } from '../checks.ts'

/** For structural schemas. Below `additionalProperties` no defaults are allowed. */
export function checkDefaults(out: Errors, path: string, schema: JSONSchemaProps): void {
  const { default: value, items, properties = {} } = schema
  if (value !== undefined) {
    let isPruned = true
    pruneMembers({ properties: { value: schema } }, { value }, () => {
      isPruned = false
    })
    if (!isPruned) out.push(invalid(`${path}.default`, value, 'must not have unknown fields'))
    // Messages name what is inside of the default alone.
    const found: Errors = []
    checkValue(found, '', value, schema)
    for (const { reason, field, message } of found) {
      const inside = field === '' || field.startsWith('[') ? field : `.${field}`
      out.push({ reason, field: `${path}.default${inside}`, message: message.replace(': in body ', ':  in body ') })
    }
  }
  if (items && !Array.isArray(items)) checkDefaults(out, `${path}.items`, items)
  for (const [name, property] of Object.entries(properties)) checkDefaults(out, `${path}.properties[${name}]`, property)
}
