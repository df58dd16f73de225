/**
 * The protobuf form of an OpenAPI v2 document, gnostic's `openapi.v2`: what a document of Kubernetes can have of it. Fields
 * bear the names of the JSON form. A map is a list of names and values there, a choice a message with one field set.
 */
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { bool, double, int64, later, list, type Message, str, type Type } from '../../schema/type.ts'

const message = messagesOf('openapi.v2')

/** Any value, as YAML. Field 1, a google.protobuf.Any, is never set. */
export const Any = message('Any', { yaml: f(2, str) })

const named = <T>(name: string, value: Type<T>) => message(name, { name: f(1, str), value: f(2, value) })

export const NamedAny = named('NamedAny', Any)
const extensions = (tag: number) => f(tag, list(NamedAny))

// Schemas contain each other, so that their TypeScript type is left open where they do.
const schema: Type<object> = later<object>((): Message => Schema)
const NamedSchema = named('NamedSchema', schema)

export const Definitions = message('Definitions', { additionalProperties: f(1, list(NamedSchema)) })
const Properties = message('Properties', { additionalProperties: f(1, list(NamedSchema)) })
const AdditionalPropertiesItem = message('AdditionalPropertiesItem', { schema: f(1, schema), boolean: f(2, bool) })
const ItemsItem = message('ItemsItem', { schema: f(1, list(schema)) })
const TypeItem = message('TypeItem', { value: f(1, list(str)) })

export const Schema = message('Schema', {
  $ref: f(1, str),
  format: f(2, str),
  title: f(3, str),
  description: f(4, str),
  default: f(5, Any),
  multipleOf: f(6, double),
  maximum: f(7, double),
  exclusiveMaximum: f(8, bool),
  minimum: f(9, double),
  exclusiveMinimum: f(10, bool),
  maxLength: f(11, int64),
  minLength: f(12, int64),
  pattern: f(13, str),
  maxItems: f(14, int64),
  minItems: f(15, int64),
  uniqueItems: f(16, bool),
  maxProperties: f(17, int64),
  minProperties: f(18, int64),
  required: f(19, list(str)),
  enum: f(20, list(Any)),
  additionalProperties: f(21, AdditionalPropertiesItem),
  type: f(22, TypeItem),
  items: f(23, ItemsItem),
  allOf: f(24, list(schema)),
  properties: f(25, Properties),
  vendorExtension: extensions(31),
})

export const BodyParameter = message('BodyParameter', {
  description: f(1, str),
  name: f(2, str),
  in: f(3, str),
  required: f(4, bool),
  schema: f(5, Schema),
  vendorExtension: extensions(6),
})

export const QueryParameterSubSchema = message('QueryParameterSubSchema', {
  required: f(1, bool),
  in: f(2, str),
  description: f(3, str),
  name: f(4, str),
  type: f(6, str),
  format: f(7, str),
  uniqueItems: f(20, bool),
  vendorExtension: extensions(23),
})

export const PathParameterSubSchema = message('PathParameterSubSchema', {
  required: f(1, bool),
  in: f(2, str),
  description: f(3, str),
  name: f(4, str),
  type: f(5, str),
  format: f(6, str),
  uniqueItems: f(19, bool),
  vendorExtension: extensions(22),
})

const NonBodyParameter = message('NonBodyParameter', {
  queryParameterSubSchema: f(3, QueryParameterSubSchema),
  pathParameterSubSchema: f(4, PathParameterSubSchema),
})
const Parameter = message('Parameter', {
  bodyParameter: f(1, BodyParameter),
  nonBodyParameter: f(2, NonBodyParameter),
})
/** The choice that is left out here is a reference. */
const ParametersItem = message('ParametersItem', { parameter: f(1, Parameter) })

const SchemaItem = message('SchemaItem', { schema: f(1, Schema) })
export const Response = message('Response', {
  description: f(1, str),
  schema: f(2, SchemaItem),
  vendorExtension: extensions(5),
})
const ResponseValue = message('ResponseValue', { response: f(1, Response) })
const Responses = message('Responses', {
  responseCode: f(1, list(named('NamedResponseValue', ResponseValue))),
})

const StringArray = message('StringArray', { value: f(1, list(str)) })
const SecurityRequirement = message('SecurityRequirement', {
  additionalProperties: f(1, list(named('NamedStringArray', StringArray))),
})

export const Operation = message('Operation', {
  tags: f(1, list(str)),
  summary: f(2, str),
  description: f(3, str),
  operationId: f(5, str),
  produces: f(6, list(str)),
  consumes: f(7, list(str)),
  parameters: f(8, list(ParametersItem)),
  responses: f(9, Responses),
  schemes: f(10, list(str)),
  deprecated: f(11, bool),
  security: f(12, list(SecurityRequirement)),
  vendorExtension: extensions(13),
})

export const PathItem = message('PathItem', {
  get: f(2, Operation),
  put: f(3, Operation),
  post: f(4, Operation),
  delete: f(5, Operation),
  options: f(6, Operation),
  head: f(7, Operation),
  patch: f(8, Operation),
  parameters: f(9, list(ParametersItem)),
  vendorExtension: extensions(10),
})
const Paths = message('Paths', { path: f(2, list(named('NamedPathItem', PathItem))) })

export const ApiKeySecurity = message('ApiKeySecurity', {
  type: f(1, str),
  name: f(2, str),
  in: f(3, str),
  description: f(4, str),
  vendorExtension: extensions(5),
})
const SecurityDefinitionsItem = message('SecurityDefinitionsItem', { apiKeySecurity: f(2, ApiKeySecurity) })
const SecurityDefinitions = message('SecurityDefinitions', {
  additionalProperties: f(1, list(named('NamedSecurityDefinitionsItem', SecurityDefinitionsItem))),
})

export const Info = message('Info', {
  title: f(1, str),
  version: f(2, str),
  description: f(3, str),
  vendorExtension: extensions(7),
})

export const Document = message('Document', {
  swagger: f(1, str),
  info: f(2, Info),
  paths: f(8, Paths),
  definitions: f(9, Definitions),
  security: f(12, list(SecurityRequirement)),
  securityDefinitions: f(13, SecurityDefinitions),
})
