import { f } from '../../../schema/field.ts'
import {
  bool,
  double,
  int64,
  json,
  later,
  list,
  type Message,
  map,
  oneOf,
  str,
  type TypeOf,
} from '../../../schema/type.ts'
import { message } from './package.ts'

export const ExternalDocumentation = message(
  'ExternalDocumentation',
  {
    description: f(1, str).doc('What is said there.'),
    url: f(2, str).doc('Its address.'),
  },
  { doc: 'Where more is said.' },
)
export type ExternalDocumentation = TypeOf<typeof ExternalDocumentation>

export const ValidationRule = message(
  'ValidationRule',
  {
    rule: f(1, str)
      .required()
      .always()
      .doc('CEL expression that gives true for what is allowed; `self` is the value, `oldSelf` the one it replaces.'),
    message: f(2, str).doc('What a refused client is told; may not have line breaks.'),
    messageExpression: f(3, str).doc('CEL expression that makes the message; wins over `message`.'),
    reason: f(4, oneOf('FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'))
      .go('v1.FieldValueErrorReason')
      .explicit()
      .doc('Reason of the refusal; `FieldValueInvalid` by default.'),
    fieldPath: f(5, str).doc('Path, below the value, of the field that the error names.'),
    optionalOldSelf: f(6, bool)
      .explicit()
      .doc('Whether the rule is also checked where there is no old value; `oldSelf` is then an optional.'),
  },
  { doc: 'A rule that a value must keep, in CEL.' },
)
export type ValidationRule = TypeOf<typeof ValidationRule>

/** Stated by hand, since schemas contain schemas. */
export interface JSONSchemaProps {
  id?: string
  $schema?: string
  $ref?: string
  description?: string
  type?: string
  format?: string
  title?: string
  default?: unknown
  maximum?: number
  exclusiveMaximum?: boolean
  minimum?: number
  exclusiveMinimum?: boolean
  maxLength?: number
  minLength?: number
  pattern?: string
  maxItems?: number
  minItems?: number
  uniqueItems?: boolean
  multipleOf?: number
  enum?: unknown[]
  maxProperties?: number
  minProperties?: number
  required?: string[]
  items?: JSONSchemaProps | JSONSchemaProps[]
  allOf?: JSONSchemaProps[]
  oneOf?: JSONSchemaProps[]
  anyOf?: JSONSchemaProps[]
  not?: JSONSchemaProps
  properties?: Record<string, JSONSchemaProps>
  additionalProperties?: JSONSchemaProps | boolean
  patternProperties?: Record<string, JSONSchemaProps>
  dependencies?: Record<string, JSONSchemaProps | string[]>
  additionalItems?: JSONSchemaProps | boolean
  definitions?: Record<string, JSONSchemaProps>
  externalDocs?: ExternalDocumentation
  example?: unknown
  nullable?: boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-list-type'?: string
  'x-kubernetes-map-type'?: string
  'x-kubernetes-validations'?: ValidationRule[]
}

const choice = { choice: true } as const

const JSONSchemaPropsOrArray: Message<JSONSchemaProps | JSONSchemaProps[]> = message(
  'JSONSchemaPropsOrArray',
  {
    schema: f(
      1,
      later<JSONSchemaProps>(() => JSONSchemaProps),
    ).doc('The schema.'),
    jSONSchemas: f(2, list(later<JSONSchemaProps>(() => JSONSchemaProps))).doc('The schemas.'),
  },
  { ...choice, doc: 'A schema, or a list of them.' },
) as never

const JSONSchemaPropsOrBool: Message<JSONSchemaProps | boolean> = message(
  'JSONSchemaPropsOrBool',
  {
    allows: f(1, bool).doc('Whether there may be a value.'),
    schema: f(
      2,
      later<JSONSchemaProps>(() => JSONSchemaProps),
    ).doc('The schema.'),
  },
  { ...choice, doc: 'A schema, or whether there may be a value.' },
) as never

const JSONSchemaPropsOrStringArray: Message<JSONSchemaProps | string[]> = message(
  'JSONSchemaPropsOrStringArray',
  {
    schema: f(
      1,
      later<JSONSchemaProps>(() => JSONSchemaProps),
    ).doc('The schema.'),
    property: f(2, list(str)).doc('The names.'),
  },
  { ...choice, doc: 'A schema, or a list of names.' },
) as never

export const JSONSchemaProps: Message<JSONSchemaProps> = message(
  'JSONSchemaProps',
  {
    id: f(1, str).doc('Identifier of the schema.'),
    $schema: f(2, str).go('v1.JSONSchemaURL').doc('Version of JSON Schema.'),
    $ref: f(3, str).explicit().doc('Reference to another schema; not allowed in structural schemas.'),
    description: f(4, str).doc('What the value means.'),
    type: f(5, str).doc('Type of the value: `object`, `array`, `string`, `integer`, `number` or `boolean`.'),
    format: f(6, str).doc('Format of the value, such as `date-time`, `int64` or `uuid`.'),
    title: f(7, str).doc('Title of the schema.'),
    default: f(8, json).doc('What an unset value becomes.'),
    maximum: f(9, double).explicit().doc('Highest number.'),
    exclusiveMaximum: f(10, bool).doc('Whether the highest number itself is not allowed.'),
    minimum: f(11, double).explicit().doc('Lowest number.'),
    exclusiveMinimum: f(12, bool).doc('Whether the lowest number itself is not allowed.'),
    maxLength: f(13, int64).explicit().doc('Most characters of a text.'),
    minLength: f(14, int64).explicit().doc('Fewest characters of a text.'),
    pattern: f(15, str).doc('Regular expression that a text must match.'),
    maxItems: f(16, int64).explicit().doc('Most items of a list.'),
    minItems: f(17, int64).explicit().doc('Fewest items of a list.'),
    uniqueItems: f(18, bool).doc('Whether items must differ; not allowed to be true.'),
    multipleOf: f(19, double).explicit().doc('Number of which the value must be a multiple.'),
    enum: f(20, list(json)).go('v1.JSON').listOf('atomic').doc('Values that are allowed.'),
    maxProperties: f(21, int64).explicit().doc('Most members of an object.'),
    minProperties: f(22, int64).explicit().doc('Fewest members of an object.'),
    required: f(23, list(str)).listOf('atomic').doc('Members that must be given.'),
    items: f(
      24,
      later<JSONSchemaProps | JSONSchemaProps[]>(() => JSONSchemaPropsOrArray),
    ).doc('Schema of the items of a list.'),
    allOf: f(25, list(later<JSONSchemaProps>(() => JSONSchemaProps)))
      .listOf('atomic')
      .doc('Schemas that must all be met.'),
    oneOf: f(26, list(later<JSONSchemaProps>(() => JSONSchemaProps)))
      .listOf('atomic')
      .doc('Schemas of which exactly one must be met.'),
    anyOf: f(27, list(later<JSONSchemaProps>(() => JSONSchemaProps)))
      .listOf('atomic')
      .doc('Schemas of which one must be met.'),
    not: f(
      28,
      later<JSONSchemaProps>(() => JSONSchemaProps),
    ).doc('Schema that must not be met.'),
    properties: f(29, map(later<JSONSchemaProps>(() => JSONSchemaProps))).doc('Schemas of the members, by name.'),
    additionalProperties: f(
      30,
      later<JSONSchemaProps | boolean>(() => JSONSchemaPropsOrBool),
    ).doc('Schema of all other members, or whether there may be any.'),
    patternProperties: f(31, map(later<JSONSchemaProps>(() => JSONSchemaProps))).doc(
      'Schemas of members by pattern; not allowed in structural schemas.',
    ),
    dependencies: f(32, map(later<JSONSchemaProps | string[]>(() => JSONSchemaPropsOrStringArray)))
      .go('v1.JSONSchemaDependencies')
      .doc('What members demand of others; not allowed in structural schemas.'),
    additionalItems: f(
      33,
      later<JSONSchemaProps | boolean>(() => JSONSchemaPropsOrBool),
    ).doc('Schema of further items; not allowed in structural schemas.'),
    definitions: f(34, map(later<JSONSchemaProps>(() => JSONSchemaProps)))
      .go('v1.JSONSchemaDefinitions')
      .doc('Schemas to refer to; not allowed in structural schemas.'),
    externalDocs: f(35, ExternalDocumentation).doc('Where more is said.'),
    example: f(36, json).doc('An example of the value.'),
    nullable: f(37, bool).doc('Whether the value may be null.'),
    'x-kubernetes-preserve-unknown-fields': f(38, bool).explicit().doc('Keeps members that the schema does not know.'),
    'x-kubernetes-embedded-resource': f(39, bool).doc(
      'Whether the value is a whole object with apiVersion, kind and metadata.',
    ),
    'x-kubernetes-int-or-string': f(40, bool).doc('Whether the value is an integer or a text.'),
    'x-kubernetes-list-map-keys': f(41, list(str))
      .listOf('atomic')
      .doc('Members that tell the items of a list of type `map` apart.'),
    'x-kubernetes-list-type': f(42, str).explicit().doc('How lists are merged: `atomic`, `set` or `map`.'),
    'x-kubernetes-map-type': f(43, str).explicit().doc('How objects are merged: `granular` or `atomic`.'),
    'x-kubernetes-validations': f(44, list(ValidationRule))
      .go('list v1.ValidationRules')
      .listOf('map', 'rule')
      .patch('merge', 'rule')
      .doc('Rules in CEL that the value must keep.'),
  },
  { doc: 'A schema, as in OpenAPI v3 and JSON Schema.' },
)
