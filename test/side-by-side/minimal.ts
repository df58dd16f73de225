/** The smallest value of a declared type that says something: required fields only, with plausible texts and numbers. */
import { type FieldFacts, messageOf } from '../../src/schema/field.ts'
import type { Message, Type } from '../../src/schema/type.ts'
import type { Json, JsonObject } from './case.ts'

/** Values of texts whose rules ask for a certain form, by the field's name. */
const textsByName: Readonly<Record<string, string>> = {
  path: '/p',
  mountPath: '/m',
  image: 'registry.k8s.io/pause:3.10',
  key: 'example.com/k',
  topologyKey: 'example.com/zone',
  ip: '10.1.2.3',
  podIP: '10.1.2.3',
  hostIP: '192.0.2.7',
  clusterIP: '10.96.0.77',
  cidr: '10.1.0.0/16',
  apiVersion: 'v1',
  kind: 'Pod',
  uid: '11111111-1111-1111-1111-111111111111',
  fieldPath: 'metadata.name',
  resource: 'limits.cpu',
  url: 'https://192.0.2.1/x',
  expression: 'true',
  schedule: '*/5 * * * *',
  server: '192.0.2.9',
  driver: 'example.com',
  driverName: 'example.com',
  provisioner: 'example.com/disk',
  apiGroup: 'example.com',
  schedulerName: 'other',
  metadataPolicy: 'x',
  type: 'Ready',
  status: 'True',
  operator: 'In',
  message: 'it is so',
  reason: 'Because',
}

const maxDepth = 8

export function minimalOf(message: Message, depth = 0): Json {
  if (message.options.listForm) return []
  const object: JsonObject = {}
  if (depth > maxDepth) return object
  for (const [name, { facts }] of Object.entries(message.fields)) {
    if (facts.required) object[name] = plausible(name, facts, depth + 1)
  }
  return object
}

export const plausible = (name: string, { type, defaultValue }: FieldFacts, depth = 0): Json =>
  defaultValue === undefined ? plausibleOf(name, type, depth) : (structuredClone(defaultValue) as Json)

export function plausibleOf(name: string, type: Type, depth: number): Json {
  switch (type.is) {
    case 'enum':
      return type.values[0] ?? ''
    case 'list':
      return [plausibleOf(name, type.of, depth)]
    case 'map':
      return { k: plausibleOf('', type.of, depth) }
    case 'message':
    case 'reference':
      return minimalOf(messageOf(type) as Message, depth)
    case 'scalar':
      return scalarOf(name, type.name)
  }
}

function scalarOf(name: string, type: string): Json {
  switch (type) {
    case 'string':
      return textsByName[name] ?? 'a'
    case 'bool':
      return true
    case 'quantity':
      return '1'
    case 'intOrString':
      return 1
    case 'bytes':
      return 'YQ=='
    case 'time':
      return '2024-01-01T00:00:00Z'
    case 'microTime':
      return '2024-01-01T00:00:00.000000Z'
    case 'duration':
      return '5m0s'
    case 'raw':
    case 'json':
    case 'fieldsV1':
      return { k: 'v' }
    default:
      return 1
  }
}
