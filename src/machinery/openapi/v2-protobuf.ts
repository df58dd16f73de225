/** OpenAPI v2 in protobuf: the form that client-go's discovery asks for. */
import { stringifyJson } from '../../schema/json-encode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import type { Message } from '../../schema/type.ts'
import { toYaml } from '../../schema/yaml.ts'
import type { OpenApiV2Document } from './v2.ts'
import {
  ApiKeySecurity,
  BodyParameter,
  Document,
  Info,
  Operation,
  PathItem,
  PathParameterSubSchema,
  QueryParameterSubSchema,
  Response,
  Schema,
} from './v2-messages.ts'

type Json = Readonly<Record<string, unknown>>
type Convert = (value: never) => unknown

/** gnostic's `openapi.v2.Document`. Throws on members that `v2-messages.ts` does not declare: nothing is lost silently. */
export function openApiV2Protobuf(document: OpenApiV2Document): Uint8Array {
  return encodeMessage(Document, new Conversion().document(document))
}

/** Turns the JSON form into the values of the messages. */
class Conversion {
  /** Most of the values recur: their YAML by their JSON, while the conversion lasts. */
  readonly #yaml = new Map<string, string>()

  document(document: OpenApiV2Document): Json {
    return this.#members(Document, document as unknown as Json, {
      info: (info: Json) => this.#members(Info, info),
      paths: (paths: Json) => ({ path: namedValues(paths, item => this.#pathItem(item)) }),
      definitions: (schemas: Json) => ({ additionalProperties: namedValues(schemas, each => this.#schema(each)) }),
      security: (requirements: Json[]) => requirements.map(securityRequirement),
      securityDefinitions: (definitions: Json) => ({
        additionalProperties: namedValues(definitions, each => ({
          apiKeySecurity: this.#members(ApiKeySecurity, each),
        })),
      }),
    })
  }

  #pathItem(item: Json): Json {
    const operation = (value: Json) => this.#operation(value)
    return this.#members(PathItem, item, {
      ...{ get: operation, put: operation, post: operation, delete: operation },
      ...{ options: operation, head: operation, patch: operation },
      parameters: (parameters: Json[]) => parameters.map(each => this.#parameter(each)),
    })
  }

  #operation(operation: Json): Json {
    return this.#members(Operation, operation, {
      parameters: (parameters: Json[]) => parameters.map(each => this.#parameter(each)),
      responses: (responses: Json) => ({
        responseCode: namedValues(responses, each => ({ response: this.#response(each) })),
      }),
      security: (requirements: Json[]) => requirements.map(securityRequirement),
    })
  }

  #parameter(parameter: Json): Json {
    if (parameter.in === 'body') {
      const schema = (value: Json) => this.#schema(value)
      return { parameter: { bodyParameter: this.#members(BodyParameter, parameter, { schema }) } }
    }
    if (parameter.in === 'query') {
      const queryParameterSubSchema = this.#members(QueryParameterSubSchema, parameter)
      return { parameter: { nonBodyParameter: { queryParameterSubSchema } } }
    }
    if (parameter.in === 'path') {
      const pathParameterSubSchema = this.#members(PathParameterSubSchema, parameter)
      return { parameter: { nonBodyParameter: { pathParameterSubSchema } } }
    }
    throw new Error(`no protobuf form of an OpenAPI v2 parameter in "${parameter.in}"`)
  }

  #response(response: Json): Json {
    return this.#members(Response, response, { schema: (value: Json) => ({ schema: this.#schema(value) }) })
  }

  #schema(schema: Json): Json {
    const inner = (value: Json) => this.#schema(value)
    const any = (value: unknown) => this.#any(value)
    return this.#members(Schema, schema, {
      default: any,
      enum: (values: unknown[]) => values.map(any),
      type: (type: string | string[]) => ({ value: [type].flat() }),
      items: (items: Json) => ({ schema: [inner(items)] }),
      allOf: (schemas: Json[]) => schemas.map(inner),
      properties: (properties: Json) => ({ additionalProperties: namedValues(properties, inner) }),
      additionalProperties: (value: Json | boolean) =>
        typeof value === 'boolean' ? { boolean: value } : { schema: inner(value) },
    })
  }

  /** The members of a value by the fields of its message; vendor extensions gathered in their own. */
  #members(message: Message, value: Json, conversions: Readonly<Record<string, Convert>> = {}): Json {
    const members: Record<string, unknown> = {}
    const vendorExtension: Json[] = []
    for (const [name, member] of Object.entries(value)) {
      if (name.startsWith('x-')) vendorExtension.push({ name, value: this.#any(member) })
      else if (Object.hasOwn(message.fields, name)) {
        const convert = conversions[name] as ((member: unknown) => unknown) | undefined
        members[name] = convert ? convert(member) : member
      } else throw new Error(`${message.name} is declared without "${name}"`)
    }
    if (vendorExtension.length === 0) return members
    if (!('vendorExtension' in message.fields)) throw new Error(`${message.name} is declared without extensions`)
    return { ...members, vendorExtension }
  }

  #any(value: unknown): Json {
    const key = stringifyJson(value)
    let yaml = this.#yaml.get(key)
    if (yaml === undefined) {
      yaml = toYaml(value)
      this.#yaml.set(key, yaml)
    }
    return { yaml }
  }
}

const namedValues = (values: Json, convert: (value: Json) => Json): Json[] =>
  Object.entries(values).map(([name, value]) => ({ name, value: convert(value as Json) }))

const securityRequirement = (requirement: Json): Json => ({
  additionalProperties: Object.entries(requirement).map(([name, value]) => ({ name, value: { value } })),
})
