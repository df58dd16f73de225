/** OpenAPI v2 in protobuf: the form that client-go's discovery asks for. */
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { GnosticConversion, type Json, namedValues } from './gnostic.ts'
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

/** gnostic's `openapi.v2.Document`. Throws on members that `v2-messages.ts` does not declare: nothing is lost silently. */
export function openApiV2Protobuf(document: OpenApiV2Document): Uint8Array {
  return encodeMessage(Document, new Conversion().document(document))
}

/** Turns the JSON form into the values of the messages. */
class Conversion {
  readonly #gnostic = new GnosticConversion('vendorExtension')

  document(document: OpenApiV2Document): Json {
    return this.#gnostic.members(Document, document as unknown as Json, {
      info: (info: Json) => this.#gnostic.members(Info, info),
      paths: (paths: Json) => ({ path: namedValues(paths, item => this.#pathItem(item)) }),
      definitions: (schemas: Json) => ({ additionalProperties: namedValues(schemas, each => this.#schema(each)) }),
      security: (requirements: Json[]) => requirements.map(securityRequirement),
      securityDefinitions: (definitions: Json) => ({
        additionalProperties: namedValues(definitions, each => ({
          apiKeySecurity: this.#gnostic.members(ApiKeySecurity, each),
        })),
      }),
    })
  }

  #pathItem(item: Json): Json {
    const operation = (value: Json) => this.#operation(value)
    return this.#gnostic.members(PathItem, item, {
      ...{ get: operation, put: operation, post: operation, delete: operation },
      ...{ options: operation, head: operation, patch: operation },
      parameters: (parameters: Json[]) => parameters.map(each => this.#parameter(each)),
    })
  }

  #operation(operation: Json): Json {
    return this.#gnostic.members(Operation, operation, {
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
      return { parameter: { bodyParameter: this.#gnostic.members(BodyParameter, parameter, { schema }) } }
    }
    if (parameter.in === 'query') {
      const queryParameterSubSchema = this.#gnostic.members(QueryParameterSubSchema, parameter)
      return { parameter: { nonBodyParameter: { queryParameterSubSchema } } }
    }
    if (parameter.in === 'path') {
      const pathParameterSubSchema = this.#gnostic.members(PathParameterSubSchema, parameter)
      return { parameter: { nonBodyParameter: { pathParameterSubSchema } } }
    }
    throw new Error(`no protobuf form of an OpenAPI v2 parameter in "${parameter.in}"`)
  }

  #response(response: Json): Json {
    return this.#gnostic.members(Response, response, { schema: (value: Json) => ({ schema: this.#schema(value) }) })
  }

  #schema(schema: Json): Json {
    const inner = (value: Json) => this.#schema(value)
    const any = (value: unknown) => this.#gnostic.any(value)
    return this.#gnostic.members(Schema, schema, {
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
}

const securityRequirement = (requirement: Json): Json => ({
  additionalProperties: Object.entries(requirement).map(([name, value]) => ({ name, value: { value } })),
})
