/** OpenAPI v2 (Swagger): one document of everything, made out of the v3 documents. */
import { DeleteOptions } from '../../api/meta/v1/options.ts'
import { WatchEvent } from '../../api/meta/v1/watch-event.ts'
import { olderGroupVersions } from '../../api/older-kinds.ts'
import type { GroupVersionKind } from '../../schema/type.ts'
import type { ServedGroup } from '../discovery/api-groups.ts'
import type { Operation, PathItem } from './operations.ts'
import type { Parameter } from './parameters.ts'
import type { Schema } from './schema.ts'
import { OpenApiV3 } from './v3.ts'

export interface OpenApiV2Document {
  readonly swagger: '2.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, unknown>>
  readonly definitions: Readonly<Record<string, unknown>>
  readonly securityDefinitions: unknown
  readonly security: unknown
}

/** `/openapi/v2`. Dear to make: keep it while the kinds stay the same. */
export function openApiV2(groups: readonly ServedGroup[]): OpenApiV2Document {
  const v3 = new OpenApiV3(groups)
  const paths: Record<string, unknown> = {}
  const definitions: Record<string, Schema> = {}
  for (const name of v3.names()) {
    const document = v3.value(name)
    for (const [path, item] of Object.entries(document?.paths ?? {})) paths[path] = pathItem(item)
    for (const [schemaName, schema] of Object.entries(document?.components.schemas ?? {})) {
      definitions[schemaName] = mergedKinds(definitions[schemaName], downgradedDefinition(schema))
    }
  }
  for (const { name, gvk } of [DeleteOptions, WatchEvent]) {
    const schema = definitions[name]
    if (schema) definitions[name] = { ...schema, [kindsKey]: everyGroupVersion(groups, gvk.kind) }
  }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: '1.37' },
    paths,
    definitions,
    securityDefinitions: { BearerToken: { in: 'header', name: 'authorization', type: 'apiKey' } },
    security: [{ BearerToken: [] }],
  }
}

const kindsKey = 'x-kubernetes-group-version-kind'

/** What is the same everywhere is listed for every group and version that is known, served or not. */
function everyGroupVersion(groups: readonly ServedGroup[], kind: string): GroupVersionKind[] {
  const served = groups.flatMap(({ name, versions }) => versions.map(({ version }) => ({ group: name, version })))
  const all = [...served, ...olderGroupVersions].map(({ group, version }) => ({ group, kind, version }))
  return [...new Map(all.map(gvk => [`${gvk.group}/${gvk.version}`, gvk])).values()]
}

/** The same message may stand for other kinds in other documents. */
function mergedKinds(known: Schema | undefined, schema: Schema): Schema {
  if (known === undefined || !Array.isArray(schema[kindsKey])) return schema
  const all = [...((known[kindsKey] as unknown[] | undefined) ?? []), ...schema[kindsKey]]
  return { ...schema, [kindsKey]: [...new Map(all.map(kind => [JSON.stringify(kind), kind])).values()] }
}

const opennessKey = 'x-kubernetes-preserve-unknown-fields'

/** A kind that keeps whatever it is given is described as an object and no further: kubectl refuses unknown members else. */
function downgradedDefinition(schema: Schema): Schema {
  if (schema[opennessKey] && schema[kindsKey]) return { type: 'object', [kindsKey]: schema[kindsKey] }
  return downgraded(schema) as Schema
}

/** What kubectl cannot cope with: members of what is open or may be null, and lists of nothing (upstream: ToStructuralOpenAPIV2). */
function withoutHindrances(schema: Record<string, unknown>): Record<string, unknown> {
  const isOpen = schema[opennessKey] === true
  if (!isOpen && !schema.nullable && !(schema.type === 'array' && schema.items === undefined)) return schema
  const { type, items, properties, nullable, ...rest } = schema
  const kept = nullable || type === 'array' || (isOpen && type === 'object') ? {} : { type }
  return { ...rest, ...(type === undefined ? {} : kept) }
}

const leftOut: ReadonlySet<string> = new Set([
  'default',
  'anyOf',
  'not',
  'nullable',
  'example',
  'externalDocs',
  'id',
  '$schema',
])

/** Version 2 knows no oneOf, anyOf and not, has references bare, and upstream leaves out defaults and what only tells. */
function downgraded(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(downgraded)
  if (typeof schema !== 'object' || schema === null) return schema
  const { allOf, oneOf, ...whole } = withoutHindrances(schema as Record<string, unknown>)
  const rest = Object.fromEntries(Object.entries(whole).filter(([key]) => !leftOut.has(key)))
  const down: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(rest)) {
    if (key === '$ref') down.$ref = String(value).replace('#/components/schemas/', '#/definitions/')
    else if (key === 'properties') down.properties = downgradedMembers(value as Record<string, unknown>)
    else down[key] = downgraded(value)
  }
  if (oneOf !== undefined && rest.type === undefined && rest.properties === undefined) down.type = 'string'
  return Array.isArray(allOf) && allOf[0]?.$ref !== undefined ? { ...(downgraded(allOf[0]) as object), ...down } : down
}

/** Properties may be called `default` or `oneOf` themselves. */
const downgradedMembers = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).map(([name, schema]) => [name, downgraded(schema)]))

function pathItem(item: PathItem): unknown {
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) =>
      key === 'parameters'
        ? [key, (value as readonly Parameter[]).map(flatParameter)]
        : [key, operation(value as Operation)],
    ),
  )
}

const flatParameter = ({ schema, ...parameter }: Parameter) => ({ ...parameter, ...schema })

interface Answer {
  readonly description: string
  readonly content?: Body['content']
}

interface Body {
  readonly required?: boolean
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>
}

function operation({ parameters, requestBody, responses, ...rest }: Operation): unknown {
  const body = requestBody as Body | undefined
  const bodyParameters = body ? [bodyParameter(body)] : []
  const all = [...bodyParameters, ...(parameters ?? []).map(flatParameter)]
  const answers = Object.entries(responses) as [string, Answer][]
  const produces = new Set(answers.flatMap(([, answer]) => Object.keys(answer.content ?? {})))
  return {
    ...rest,
    ...consumed(body, rest.operationId, answers[0]?.[1]),
    produces: [...produces],
    ...(all.length === 0 ? {} : { parameters: all }),
    responses: Object.fromEntries(answers.map(([code, answer]) => [code, answerOf(answer)])),
    schemes: ['https'],
  }
}

/** Operations without a body say the same as ones with any; those outside of resources name what they answer with. */
function consumed(body: Body | undefined, operationId: string, answer: Answer | undefined): { consumes?: string[] } {
  if (body) return { consumes: Object.keys(body.content) }
  if (!operationId.startsWith('get')) return { consumes: ['*/*'] }
  const content = Object.entries(answer?.content ?? {})
  return content.some(([, { schema }]) => '$ref' in schema) ? { consumes: content.map(([type]) => type) } : {}
}

const bodyParameter = ({ content, required }: Body) => ({
  in: 'body',
  name: 'body',
  ...(required ? { required } : {}),
  schema: downgraded(Object.values(content)[0]?.schema),
})

function answerOf({ content, description }: Answer): unknown {
  const schema = content && Object.values(content)[0]?.schema
  return schema === undefined ? { description } : { description, schema: downgraded(schema) }
}
