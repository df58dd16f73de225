/** What clients bring that the server then runs: schemas, rules, policies, webhooks. */
import type { JsonObject } from '../side-by-side/case.ts'
import { below, happens, pick, type Random, some } from './chance.ts'
import { expression } from './expressions.ts'
import { oddText, oddValue } from './odd-values.ts'

const types = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null', '', 'x']
const formats = [
  'int32',
  'int64',
  'date-time',
  'date',
  'byte',
  'ipv4',
  'email',
  'uri',
  'duration',
  'uuid',
  'x',
  'quantity',
]
const patterns = ['^[a-z]+$', '(a+)+$', '[', '(?=a)', '^(a{1,1000}){1,1000}$', '\\p{Greek}', '', '\\u0061']
const listTypes = ['atomic', 'set', 'map', 'x']

const rule = (random: Random): JsonObject => ({
  rule: expression(random),
  ...(happens(random, 0.3) ? { message: oddText(random) } : {}),
  ...(happens(random, 0.3) ? { messageExpression: expression(random) } : {}),
  ...(happens(random, 0.2) ? { reason: pick(random, ['FieldValueInvalid', 'x']) } : {}),
  ...(happens(random, 0.2) ? { fieldPath: pick(random, ['.spec', '.items[0]', '.a.b', '[', '']) } : {}),
  ...(happens(random, 0.2) ? { optionalOldSelf: happens(random, 0.5) } : {}),
})

function schema(random: Random, depth = 0): JsonObject {
  const type = happens(random, 0.85) ? pick(random, types.slice(0, 6)) : pick(random, types)
  const made: JsonObject = { type }
  const inner = () => schema(random, depth + 1)
  if (type === 'object' && depth < 6) {
    if (happens(random, 0.2)) made.additionalProperties = happens(random, 0.8) ? inner() : true
    else made.properties = Object.fromEntries(some(random, 0, 4, () => [propertyName(random), inner()]))
    if (happens(random, 0.2)) made.required = some(random, 0, 2, () => propertyName(random))
    if (happens(random, 0.1)) made.minProperties = 1
  }
  if (type === 'array') {
    made.items = inner()
    if (happens(random, 0.5)) made.maxItems = pick(random, [0, 10, 1e9, -1])
    if (happens(random, 0.3)) made['x-kubernetes-list-type'] = pick(random, listTypes)
    if (happens(random, 0.2)) made['x-kubernetes-list-map-keys'] = some(random, 0, 2, () => propertyName(random))
  }
  if (type === 'string') {
    if (happens(random, 0.3)) made.pattern = pick(random, patterns)
    if (happens(random, 0.3)) made.maxLength = pick(random, [0, 10, 1e12, -1])
    if (happens(random, 0.2)) made.enum = some(random, 0, 3, () => oddText(random))
  }
  if (type === 'integer' || type === 'number') {
    if (happens(random, 0.3)) made.minimum = pick(random, [0, -1, 1e308, 1.5])
    if (happens(random, 0.2)) made.multipleOf = pick(random, [0, 2, 1e-300, -1])
  }
  if (happens(random, 0.2)) made.format = pick(random, formats)
  if (happens(random, 0.1)) made.default = oddValue(random) as never
  if (happens(random, 0.1)) made.nullable = true
  if (happens(random, 0.15)) made['x-kubernetes-validations'] = some(random, 1, 3, () => rule(random))
  if (happens(random, 0.05)) made['x-kubernetes-preserve-unknown-fields'] = happens(random, 0.8)
  if (happens(random, 0.03)) made['x-kubernetes-embedded-resource'] = true
  if (happens(random, 0.03)) made['x-kubernetes-int-or-string'] = true
  if (happens(random, 0.03)) made['x-kubernetes-map-type'] = pick(random, ['atomic', 'granular', 'x'])
  if (happens(random, 0.05)) made[pick(random, ['oneOf', 'anyOf', 'allOf'])] = some(random, 0, 3, () => junctor(random))
  if (happens(random, 0.03)) made.not = junctor(random)
  if (happens(random, 0.01)) made.$ref = pick(random, ['#', '#/definitions/x', 'http://192.0.2.1/x'])
  if (happens(random, 0.01))
    made[pick(random, ['definitions', 'dependencies', 'patternProperties', 'externalDocs'])] = {}
  return made
}

const junctor = (random: Random): JsonObject => {
  if (happens(random, 0.1)) return schema(random, 5)
  return pick(random, [
    { required: ['a'] },
    { properties: { a: { minimum: 1 } } },
    { not: { not: { required: ['b'] } } },
    { pattern: pick(random, patterns) },
    {},
  ]) as JsonObject
}

const propertyName = (random: Random): string =>
  happens(random, 0.9)
    ? pick(random, ['a', 'b', 'text', 'number', 'items', 'spec', 'metadata', 'kind'])
    : oddText(random)

const jsonPaths = [
  '.spec.a',
  '.metadata.name',
  '.spec.items[0]',
  '.spec["a"]',
  '{.spec}',
  '..',
  '.a[?(@.b)]',
  '',
  '.spec.a.b.c',
]

export function customDefinition(random: Random, number: number): { name: string; plural: string; object: JsonObject } {
  const plural = `fuzzed${number}`
  const version = (name: string, storage: boolean): JsonObject => ({
    name,
    served: true,
    storage,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        ...(happens(random, 0.2) ? { 'x-kubernetes-validations': [rule(random)] } : {}),
        properties: { spec: schema(random), status: schema(random, 4) },
      },
    },
    ...(happens(random, 0.4)
      ? {
          subresources: {
            status: {},
            scale: {
              specReplicasPath: pick(random, ['.spec.replicas', '.spec.a', '.x', '']),
              statusReplicasPath: pick(random, ['.status.replicas', '.status.a', '[']),
              labelSelectorPath: pick(random, ['.status.selector', '.spec.a', '']),
            },
          },
        }
      : {}),
    ...(happens(random, 0.4)
      ? {
          additionalPrinterColumns: some(random, 0, 3, () => ({
            name: oddText(random).slice(0, 50),
            type: pick(random, ['string', 'integer', 'date', 'boolean', 'number', 'x']),
            jsonPath: pick(random, jsonPaths),
          })),
        }
      : {}),
    ...(happens(random, 0.2)
      ? { selectableFields: some(random, 1, 9, () => ({ jsonPath: pick(random, jsonPaths) })) }
      : {}),
  })
  const versions = [version('v1', true), ...(happens(random, 0.3) ? [version('v1beta1', happens(random, 0.1))] : [])]
  const object: JsonObject = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.fuzz.example.com` },
    spec: {
      group: 'fuzz.example.com',
      scope: 'Cluster',
      names: { plural, singular: `fuzzed-${number}`, kind: `Fuzzed${number}` },
      versions,
    },
  }
  return { name: `${plural}.fuzz.example.com`, plural, object }
}

const matchConstraints = (random: Random): JsonObject => ({
  resourceRules: [
    {
      apiGroups: [pick(random, ['', '*', 'apps'])],
      apiVersions: ['*'],
      operations: [pick(random, ['*', 'CREATE', 'UPDATE'])],
      resources: ['configmaps'],
    },
  ],
})

export const policyKinds = ['validatingadmissionpolicies', 'mutatingadmissionpolicies'] as const

export function policy(random: Random, plural: (typeof policyKinds)[number], name: string): JsonObject {
  const conditions = some(random, 0, 2, () => ({ name: `c${below(random, 3)}`, expression: expression(random) }))
  const variables = some(random, 0, 3, () => ({
    name: pick(random, ['v', 'w', '1', 'object']),
    expression: expression(random),
  }))
  const shared = {
    failurePolicy: pick(random, ['Fail', 'Ignore']),
    matchConstraints: matchConstraints(random),
    ...(conditions.length > 0 ? { matchConditions: conditions } : {}),
    ...(variables.length > 0 ? { variables } : {}),
    ...(happens(random, 0.3) ? { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } } : {}),
  }
  const validations = some(random, 1, 3, () => ({
    expression: expression(random),
    ...(happens(random, 0.3) ? { messageExpression: expression(random) } : {}),
  }))
  const audits = some(random, 0, 1, () => ({ key: 'k', valueExpression: expression(random) }))
  const mutation = () =>
    happens(random, 0.5)
      ? { patchType: 'JSONPatch', jsonPatch: { expression: expression(random) } }
      : { patchType: 'ApplyConfiguration', applyConfiguration: { expression: expression(random) } }
  const spec =
    plural === 'validatingadmissionpolicies'
      ? { ...shared, validations, ...(audits.length > 0 ? { auditAnnotations: audits } : {}) }
      : { ...shared, reinvocationPolicy: 'IfNeeded', mutations: some(random, 1, 2, mutation) }
  const kind = plural === 'validatingadmissionpolicies' ? 'ValidatingAdmissionPolicy' : 'MutatingAdmissionPolicy'
  return { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name }, spec } as unknown as JsonObject
}

export const policyBinding = (plural: (typeof policyKinds)[number], name: string): JsonObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind:
    plural === 'validatingadmissionpolicies' ? 'ValidatingAdmissionPolicyBinding' : 'MutatingAdmissionPolicyBinding',
  metadata: { name },
  spec: {
    policyName: name,
    ...(plural === 'validatingadmissionpolicies' ? { validationActions: ['Deny', 'Audit'] } : {}),
  },
})

/** Nothing listens at the port of discard, so that each call fails at once. */
export const webhookConfiguration = (random: Random, name: string): JsonObject =>
  ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: some(random, 1, 2, () => ({
      name: 'a.fuzz.example.com',
      clientConfig: { url: `https://127.0.0.1:9/${pick(random, ['', 'x?y', '%'])}` },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }],
      failurePolicy: pick(random, ['Fail', 'Ignore']),
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      matchConditions: some(random, 0, 2, () => ({ name: `c${below(random, 9)}`, expression: expression(random) })),
    })),
  }) as unknown as JsonObject
