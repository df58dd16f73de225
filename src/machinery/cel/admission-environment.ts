/** The variables of expressions in admission policies and match conditions (KEP-3488, KEP-3716), and their types. */
import { authorizerType, resourceCheckType } from './library/authorizers.ts'
import {
  boolType,
  type CelType,
  dyn,
  intType,
  listOf,
  mapOf,
  type ObjectType,
  stringType,
  timestampType,
} from './types.ts'

function record(name: string, fields: Readonly<Record<string, CelType>>): ObjectType {
  return { is: 'object', name, field: field => (Object.hasOwn(fields, field) ? fields[field] : undefined) }
}

const kindType = record('kubernetes.GroupVersionKind', { group: stringType, version: stringType, kind: stringType })
const resourceType = record('kubernetes.GroupVersionResource', {
  group: stringType,
  version: stringType,
  resource: stringType,
})

/** `request`: the AdmissionRequest of admission.k8s.io/v1 without its objects. */
export const requestType = record('kubernetes.AdmissionRequest', {
  kind: kindType,
  resource: resourceType,
  subResource: stringType,
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo: record('kubernetes.UserInfo', {
    username: stringType,
    uid: stringType,
    groups: listOf(stringType),
    extra: mapOf(stringType, listOf(stringType)),
  }),
  dryRun: boolType,
  options: dyn,
})

/** `namespaceObject`. */
export const namespaceType = record('kubernetes.Namespace', {
  metadata: record('kubernetes.NamespaceMetadata', {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: mapOf(stringType, stringType),
    annotations: mapOf(stringType, stringType),
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: listOf(stringType),
  }),
  spec: record('kubernetes.NamespaceSpec', { finalizers: listOf(stringType) }),
  status: record('kubernetes.NamespaceStatus', {
    conditions: listOf(
      record('kubernetes.NamespaceCondition', {
        status: stringType,
        type: stringType,
        lastTransitionTime: timestampType,
        message: stringType,
        reason: stringType,
      }),
    ),
    phase: stringType,
  }),
})

export interface AdmissionVariables {
  /** The type of `object` and `oldObject`, where it is known. */
  readonly object?: CelType
  /** The type of `params`; absent where a policy has none. */
  readonly params?: CelType
  readonly authorizer: boolean
  /** The fields of `variables`, as far as they are declared yet. */
  readonly variables?: ReadonlyMap<string, CelType>
}

export function admissionVariables(given: AdmissionVariables): Map<string, CelType> {
  const { object = dyn, params, authorizer, variables } = given
  const types = new Map<string, CelType>([
    ['object', object],
    ['oldObject', object],
    ['request', requestType],
    ['namespaceObject', namespaceType],
  ])
  if (params) types.set('params', params)
  if (authorizer) {
    types.set('authorizer', authorizerType)
    types.set('authorizer.requestResource', resourceCheckType)
  }
  if (variables)
    types.set('variables', { is: 'object', name: 'kubernetes.variables', field: name => variables.get(name) })
  return types
}

/** `Object` and everything below it, as `Object.spec.template{…}`: fields of any name and type, checked when applied. */
export const appliedObjectType: ObjectType = { is: 'object', name: 'Object', field: () => dyn }

/** One operation of a JSON patch: `JSONPatch{op: 'add', path: '/a', value: 1}`. */
export const jsonPatchType = record('JSONPatch', { op: stringType, path: stringType, from: stringType, value: dyn })

/** The types that expressions of mutations construct. */
export function mutationObjectType(name: string): ObjectType | undefined {
  if (name === 'JSONPatch') return jsonPatchType
  if (name === 'Object') return appliedObjectType
  return name.startsWith('Object.') ? { is: 'object', name, field: () => dyn } : undefined
}
