/** OpenAPI v3 schemas of declared messages, with the extensions that kubectl and server-side apply clients read. */

import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import type { FieldFacts } from '../../schema/field.ts'
import { messageOf, shownDefault } from '../../schema/field.ts'
import type { GroupVersionKind, Message, ScalarName, Type } from '../../schema/type.ts'
import { customFactsOf } from '../custom/custom-kind.ts'

/** Begins with words that clients look for. */
const apiVersionText = 'APIVersion defines the group and version of the kind, as `apps/v1`.'

export type Schema = Readonly<Record<string, unknown>>

const metaV1 = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** Scalars that are schemas of their own. */
const namedScalars: Readonly<Partial<Record<ScalarName, { readonly name: string; readonly schema: Schema }>>> = {
  quantity: {
    name: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
    schema: {
      oneOf: [{ type: 'string' }, { type: 'number' }],
      description: 'A number, possibly with a suffix such as `m`, `k` or `Gi`; kept in its canonical form.',
    },
  },
  intOrString: {
    name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    schema: {
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
      description: 'An integer or a string, such as a port or its name, or a number or a percentage.',
    },
  },
  time: {
    name: `${metaV1}.Time`,
    schema: { type: 'string', format: 'date-time', description: 'A time by RFC 3339, to the second.' },
  },
  microTime: {
    name: `${metaV1}.MicroTime`,
    schema: { type: 'string', format: 'date-time', description: 'A time by RFC 3339, to the microsecond.' },
  },
  duration: {
    name: `${metaV1}.Duration`,
    schema: { type: 'string', description: 'A duration, as `1h30m`.' },
  },
  raw: {
    name: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
    schema: { type: 'object', description: 'Any JSON object.' },
  },
  json: {
    name: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
    schema: { description: 'Any JSON value.' },
  },
  fieldsV1: {
    name: `${metaV1}.FieldsV1`,
    schema: {
      type: 'object',
      description: 'A set of fields as a tree of `f:<name>`, `k:<keys>`, `v:<value>` and `.` for the node itself.',
    },
  },
}

export const patchSchemaName = `${metaV1}.Patch`

const plainScalars: Readonly<Partial<Record<ScalarName, Schema>>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  uint32: { type: 'integer', format: 'int64' },
  uint64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
}

export const referenceTo = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

/** The schemas of one document; those that others refer to are added as they are met. */
export class SchemaSet {
  readonly schemas: Record<string, Schema> = {}
  readonly #extraKinds: ReadonlyMap<string, readonly GroupVersionKind[]>

  /** `extraKinds`: by schema name, the kinds that a message stands for besides its own. */
  constructor(extraKinds: ReadonlyMap<string, readonly GroupVersionKind[]> = new Map()) {
    this.#extraKinds = extraKinds
  }

  /** A reference to the message's schema, which is added. */
  of(message: Message): Schema {
    if (!(message.name in this.schemas)) {
      this.schemas[message.name] = {}
      this.schemas[message.name] = this.#message(message)
    }
    return referenceTo(message.name)
  }

  /** The body of any patch. */
  patch(): Schema {
    this.schemas[patchSchemaName] = {
      type: 'object',
      description: 'A patch; the content type of the request says in which form.',
    }
    return referenceTo(patchSchemaName)
  }

  #message(message: Message): Schema {
    if (message.options.listForm) return this.#type(message.fields.items!.facts.type)
    const custom = customFactsOf(message)
    if (custom) return this.#custom(message, custom.schema)
    if (message.options.choice) return { description: message.options.doc }
    const properties: Record<string, Schema> = {}
    const required: string[] = []
    if (message.gvk && !message.options.typeless) {
      properties.apiVersion = { type: 'string', description: apiVersionText }
      properties.kind = { type: 'string', description: 'Kind of the object, in CamelCase.' }
    }
    for (const [name, { facts }] of Object.entries(message.fields)) {
      properties[name] = this.#field(facts)
      if (facts.required) required.push(name)
    }
    const kinds = [...(this.#extraKinds.get(message.name) ?? []), ...(message.gvk ? [message.gvk] : [])]
    const { doc, mapType, unions } = message.options
    return {
      type: 'object',
      ...(doc === undefined ? {} : { description: doc }),
      ...(Object.keys(properties).length === 0 ? {} : { properties }),
      ...(required.length === 0 ? {} : { required }),
      ...(kinds.length === 0 ? {} : { 'x-kubernetes-group-version-kind': distinctKinds(kinds) }),
      ...(mapType === undefined ? {} : { 'x-kubernetes-map-type': mapType }),
      ...(unions === undefined ? {} : { 'x-kubernetes-unions': unions.map(unionSchema) }),
    }
  }

  /** A custom resource is described by its own schema; what every object has is added. */
  #custom({ gvk }: Message, schema: JSONSchemaProps): Schema {
    const { 'x-kubernetes-validations': _, ...rest } = schema
    const typeMeta = { type: 'string' }
    return {
      ...rest,
      properties: {
        ...schema.properties,
        apiVersion: { ...typeMeta, description: apiVersionText },
        kind: { ...typeMeta, description: 'Kind of the object, in CamelCase.' },
        metadata: {
          allOf: [this.of(ObjectMeta)],
          description: "Standard object's metadata: name, labels and the like.",
        },
      },
      'x-kubernetes-group-version-kind': [gvk],
    }
  }

  #field(facts: FieldFacts): Schema {
    const type = this.#type(facts.type)
    const value = shownDefault(facts)
    return {
      ...('$ref' in type ? { allOf: [type] } : type),
      ...(value === undefined ? {} : { default: value }),
      ...(facts.docText === undefined ? {} : { description: facts.docText }),
      ...(facts.listKind === undefined ? {} : { 'x-kubernetes-list-type': facts.listKind }),
      ...(facts.listKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': facts.listKeys }),
      ...(facts.mapKind === undefined ? {} : { 'x-kubernetes-map-type': facts.mapKind }),
      ...(facts.patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': facts.patchStrategy }),
      ...(facts.patchMergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': facts.patchMergeKey }),
    }
  }

  #type(type: Type): Schema {
    switch (type.is) {
      case 'scalar':
        return this.#scalar(type.name)
      case 'enum':
        return { type: 'string', enum: [...type.values, ...(type.alsoShown ?? [])].sort() }
      case 'list':
        return { type: 'array', items: this.#type(type.of) }
      case 'map':
        return { type: 'object', additionalProperties: this.#type(type.of) }
      default: {
        const message = messageOf(type)!
        return message.options.listForm ? this.#message(message) : this.of(message)
      }
    }
  }

  #scalar(name: ScalarName): Schema {
    const named = namedScalars[name]
    if (!named) return plainScalars[name] ?? {}
    this.schemas[named.name] = named.schema
    return referenceTo(named.name)
  }
}

const unionSchema = ({ discriminator, members }: { discriminator?: string; members: readonly string[] }) => ({
  ...(discriminator === undefined ? {} : { discriminator }),
  'fields-to-discriminateBy': Object.fromEntries(
    members.map(member => [member, member.charAt(0).toUpperCase() + member.slice(1)]),
  ),
})

const distinctKinds = (kinds: readonly GroupVersionKind[]): GroupVersionKind[] => [
  ...new Map(kinds.map(kind => [`${kind.group}/${kind.version}/${kind.kind}`, kind])).values(),
]
