/** Whether an applied custom resource has the types of its schema: faults in upstream's words, as `typed-check.ts`. */
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { schemaOfMember } from '../custom/member-schema.ts'
import { isObject } from '../patch/json-value.ts'
import { fieldElement, showElement } from './path-element.ts'

/** Says what is wrong with a scalar, as `typed-check.ts` has it. */
type ScalarFault = (name: 'string' | 'bool' | 'double', value: unknown) => string | undefined

interface Walk {
  readonly scalarFault: ScalarFault
  readonly showGo: (value: unknown) => string
  readonly add: (path: string, fault: string) => void
}

const scalars: Readonly<Record<string, 'string' | 'bool' | 'double'>> = {
  string: 'string',
  boolean: 'bool',
  integer: 'double',
  number: 'double',
}

export function checkCustomTypes(schema: JSONSchemaProps, value: unknown, path: string, walk: Walk): void {
  if (value === null || value === undefined || schema['x-kubernetes-int-or-string']) return
  const scalar = scalars[schema.type ?? '']
  if (scalar) {
    const fault = walk.scalarFault(scalar, value)
    if (fault !== undefined) walk.add(path, fault)
  } else if (schema.type === 'array') {
    if (!Array.isArray(value)) return void walk.add(path, `expected list, got ${walk.showGo(value)}`)
    const { items } = schema
    // Items of keyed lists are named by their keys, which the gathering of fields looks at.
    const isKeyed = schema['x-kubernetes-list-type'] === 'map' || schema['x-kubernetes-list-type'] === 'set'
    if (!items || Array.isArray(items) || isKeyed) return
    value.forEach((item, i) => {
      checkCustomTypes(items, item, `${path}[${i}]`, walk)
    })
  } else if (schema.type === 'object') {
    if (!isObject(value)) return void walk.add(path, `expected map, got ${walk.showGo(value)}`)
    for (const [name, member] of Object.entries(value)) {
      const inner = schemaOfMember(schema, name)
      if (inner) checkCustomTypes(inner, member, path + showElement(fieldElement(name)), walk)
    }
  }
}
