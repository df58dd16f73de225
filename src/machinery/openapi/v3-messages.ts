/**
 * The protobuf form of an OpenAPI v3 document, gnostic's `openapi.v3`: what a document of Kubernetes can have of it. Fields
 * bear the names of the JSON form. A map is a list of names and values there, a choice a message with one field set.
 */
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { bool, double, int64, later, list, type Message, str, type Type } from '../../schema/type.ts'

const message = messagesOf('openapi.v3')

/** Any value, as YAML. Field 1, a google.protobuf.Any, is never set. */
const Any = message('Any', { yaml: f(2, str) })

const named = <T>(name: string, value: Type<T>) => message(name, { name: f(1, str), value: f(2, value) })

const NamedAny = named('NamedAny', Any)
const extensions = (tag: number) => f(tag, list(NamedAny))

export const Reference = message('Reference', { $ref: f(1, str), summary: f(2, str), description: f(3, str) })

// Schemas contain each other, so that their TypeScript type is left open where they do.
const schema: Type<object> = later<object>((): Message => Schema)
const SchemaOrReference = message('SchemaOrReference', { schema: f(1, schema), reference: f(2, Reference) })
const NamedSchemaOrReference = named('NamedSchemaOrReference', SchemaOrReference)

const Properties = message('Properties', { additionalProperties: f(1, list(NamedSchemaOrReference)) })
const AdditionalPropertiesItem = message('AdditionalPropertiesItem', {
  schemaOrReference: f(1, SchemaOrReference),
  boolean: f(2, bool).explicit(),
})
const ItemsItem = message('ItemsItem', { schemaOrReference: f(1, list(SchemaOrReference)) })
const DefaultType = message('DefaultType', {
  number: f(1, double).explicit(),
  boolean: f(2, bool).explicit(),
  string: f(3, str).explicit(),
})
export const ExternalDocs = message('ExternalDocs', {
  description: f(1, str),
  url: f(2, str),
  specificationExtension: extensions(3),
})

export const Schema = message('Schema', {
  nullable: f(1, bool),
  externalDocs: f(6, ExternalDocs),
  example: f(7, Any),
  title: f(9, str),
  multipleOf: f(10, double),
  maximum: f(11, double),
  exclusiveMaximum: f(12, bool),
  minimum: f(13, double),
  exclusiveMinimum: f(14, bool),
  maxLength: f(15, int64),
  minLength: f(16, int64),
  pattern: f(17, str),
  maxItems: f(18, int64),
  minItems: f(19, int64),
  uniqueItems: f(20, bool),
  maxProperties: f(21, int64),
  minProperties: f(22, int64),
  required: f(23, list(str)),
  enum: f(24, list(Any)),
  type: f(25, str),
  allOf: f(26, list(SchemaOrReference)),
  oneOf: f(27, list(SchemaOrReference)),
  anyOf: f(28, list(SchemaOrReference)),
  not: f(29, schema),
  items: f(30, ItemsItem),
  properties: f(31, Properties),
  additionalProperties: f(32, AdditionalPropertiesItem),
  default: f(33, DefaultType),
  description: f(34, str),
  format: f(35, str),
  specificationExtension: extensions(36),
})

export const MediaType = message('MediaType', {
  schema: f(1, SchemaOrReference),
  specificationExtension: extensions(5),
})
const MediaTypes = message('MediaTypes', { additionalProperties: f(1, list(named('NamedMediaType', MediaType))) })

export const Parameter = message('Parameter', {
  name: f(1, str),
  in: f(2, str),
  description: f(3, str),
  required: f(4, bool),
  schema: f(10, SchemaOrReference),
  specificationExtension: extensions(14),
})
const ParameterOrReference = message('ParameterOrReference', { parameter: f(1, Parameter), reference: f(2, Reference) })

export const RequestBody = message('RequestBody', {
  description: f(1, str),
  content: f(2, MediaTypes),
  required: f(3, bool),
  specificationExtension: extensions(4),
})
const RequestBodyOrReference = message('RequestBodyOrReference', { requestBody: f(1, RequestBody) })

export const Response = message('Response', {
  description: f(1, str),
  content: f(3, MediaTypes),
  specificationExtension: extensions(5),
})
const ResponseOrReference = message('ResponseOrReference', { response: f(1, Response) })
const Responses = message('Responses', {
  default: f(1, ResponseOrReference),
  responseOrReference: f(2, list(named('NamedResponseOrReference', ResponseOrReference))),
})

export const Operation = message('Operation', {
  tags: f(1, list(str)),
  summary: f(2, str),
  description: f(3, str),
  operationId: f(5, str),
  parameters: f(6, list(ParameterOrReference)),
  requestBody: f(7, RequestBodyOrReference),
  responses: f(8, Responses),
  deprecated: f(10, bool),
  specificationExtension: extensions(13),
})

export const PathItem = message('PathItem', {
  get: f(4, Operation),
  put: f(5, Operation),
  post: f(6, Operation),
  delete: f(7, Operation),
  options: f(8, Operation),
  head: f(9, Operation),
  patch: f(10, Operation),
  parameters: f(13, list(ParameterOrReference)),
  specificationExtension: extensions(14),
})
const Paths = message('Paths', { path: f(1, list(named('NamedPathItem', PathItem))) })

export const SecurityScheme = message('SecurityScheme', {
  type: f(1, str),
  description: f(2, str),
  name: f(3, str),
  in: f(4, str),
  specificationExtension: extensions(9),
})
const SecuritySchemeOrReference = message('SecuritySchemeOrReference', { securityScheme: f(1, SecurityScheme) })

export const Components = message('Components', {
  schemas: f(1, message('SchemasOrReferences', { additionalProperties: f(1, list(NamedSchemaOrReference)) })),
  securitySchemes: f(
    7,
    message('SecuritySchemesOrReferences', {
      additionalProperties: f(1, list(named('NamedSecuritySchemeOrReference', SecuritySchemeOrReference))),
    }),
  ),
})

export const Info = message('Info', { title: f(1, str), description: f(2, str), version: f(6, str) })

export const Document = message('Document', {
  openapi: f(1, str),
  info: f(2, Info),
  paths: f(4, Paths),
  components: f(5, Components),
})
