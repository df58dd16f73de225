/** OpenAPI v3 in protobuf, as client-go's openapi client asks for it. */
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { GnosticConversion, type Json, namedValues } from './gnostic.ts'
import type { OpenApiDocument } from './v3.ts'
import {
  Components,
  Document,
  ExternalDocs,
  Info,
  MediaType,
  Operation,
  Parameter,
  PathItem,
  Reference,
  RequestBody,
  Response,
  Schema,
  SecurityScheme,
} from './v3-messages.ts'

/** gnostic's `openapi.v3.Document`. Throws on members that `v3-messages.ts` does not declare: nothing is lost silently. */
export function openApiV3Protobuf(document: OpenApiDocument): Uint8Array {
  return encodeMessage(Document, new Conversion().document(document))
}

const verbs = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']

class Conversion {
  readonly #gnostic = new GnosticConversion('specificationExtension')

  document(document: OpenApiDocument): Json {
    return this.#gnostic.members(Document, document as unknown as Json, {
      info: (info: Json) => this.#gnostic.members(Info, info),
      paths: (paths: Json) => ({ path: namedValues(paths, item => this.#pathItem(item)) }),
      components: (components: Json) =>
        this.#gnostic.members(Components, components, {
          schemas: (schemas: Json) => ({ additionalProperties: namedValues(schemas, each => this.#orReference(each)) }),
          securitySchemes: (schemes: Json) => ({
            additionalProperties: namedValues(schemes, each => ({
              securityScheme: this.#gnostic.members(SecurityScheme, each),
            })),
          }),
        }),
    })
  }

  #pathItem(item: Json): Json {
    const operation = (value: Json) => this.#operation(value)
    return this.#gnostic.members(PathItem, item, {
      ...Object.fromEntries(verbs.map(verb => [verb, operation])),
      parameters: (parameters: Json[]) => parameters.map(each => this.#parameter(each)),
    })
  }

  #operation(operation: Json): Json {
    return this.#gnostic.members(Operation, operation, {
      parameters: (parameters: Json[]) => parameters.map(each => this.#parameter(each)),
      requestBody: (body: Json) => ({
        requestBody: this.#gnostic.members(RequestBody, body, { content: (content: Json) => this.#content(content) }),
      }),
      responses: ({ default: otherwise, ...responses }: Json) => ({
        ...(otherwise === undefined ? {} : { default: this.#response(otherwise as Json) }),
        responseOrReference: namedValues(responses, each => this.#response(each)),
      }),
    })
  }

  #parameter(parameter: Json): Json {
    return {
      parameter: this.#gnostic.members(Parameter, parameter, { schema: (value: Json) => this.#orReference(value) }),
    }
  }

  #response(response: Json): Json {
    return {
      response: this.#gnostic.members(Response, response, { content: (content: Json) => this.#content(content) }),
    }
  }

  #content(content: Json): Json {
    const mediaType = (each: Json) =>
      this.#gnostic.members(MediaType, each, { schema: (value: Json) => this.#orReference(value) })
    return { additionalProperties: namedValues(content, mediaType) }
  }

  #orReference(value: Json): Json {
    if (typeof value.$ref === 'string') return { reference: this.#gnostic.members(Reference, value) }
    return { schema: this.#schema(value) }
  }

  #schema(schema: Json): Json {
    const inner = (value: Json) => this.#orReference(value)
    const all = (schemas: Json[]) => schemas.map(inner)
    return this.#gnostic.members(Schema, schema, {
      default: defaultType,
      example: (value: unknown) => this.#gnostic.any(value),
      enum: (values: unknown[]) => values.map(value => this.#gnostic.any(value)),
      externalDocs: (docs: Json) => this.#gnostic.members(ExternalDocs, docs),
      items: (items: Json) => ({ schemaOrReference: [inner(items)] }),
      allOf: all,
      oneOf: all,
      anyOf: all,
      not: (value: Json) => this.#schema(value),
      properties: (properties: Json) => ({ additionalProperties: namedValues(properties, inner) }),
      additionalProperties: (value: Json | boolean) =>
        typeof value === 'boolean' ? { boolean: value } : { schemaOrReference: inner(value) },
    })
  }
}

/** Only scalars have a form: the default of an object or list is there, and empty. */
function defaultType(value: unknown): Json {
  if (typeof value === 'number' || typeof value === 'bigint') return { number: Number(value) }
  if (typeof value === 'boolean') return { boolean: value }
  return typeof value === 'string' ? { string: value } : {}
}
