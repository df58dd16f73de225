/** A few requests that belong together, made of one seed: an object is written, changed, read and deleted. */
import { encodeCbor } from '../../src/schema/cbor-encode.ts'
import type { JsonObject } from '../side-by-side/case.ts'
import { type Body, bodyOf } from './bodies.ts'
import { below, happens, pick, type Random, some } from './chance.ts'
import { customDefinition, policy, policyBinding, policyKinds, webhookConfiguration } from './extensions.ts'
import { headersOf, oddPath, plainPath, query } from './heads.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { oddValue } from './odd-values.ts'
import { patchOf } from './patches.ts'
import { declaredTargets, subresourceKind, type Target } from './target.ts'
import { users } from './users.ts'

export interface FuzzRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** Index of who asks, in `users`. */
  readonly user: number
}

/** `number` is unique in a run: the names in an episode come from it. */
export function episode(random: Random, number: number, custom: readonly Target[]): FuzzRequest[] {
  const drawn = random()
  if (drawn < 0.06) return policyEpisode(random, number)
  if (drawn < 0.12) return definitionEpisode(random, number)
  if (drawn < 0.13) return webhookEpisode(random, number)
  if (drawn < 0.16)
    return some(random, 3, 8, () => request(random, pick(random, ['GET', 'GET', 'POST']), plainPath(random)))
  return objectEpisode(random, happens(random, 0.12) ? pick(random, custom) : pick(random, declaredTargets), number)
}

function request(random: Random, method: string, path: string, body?: Body): FuzzRequest {
  const sent = happens(random, 0.02) ? oddPath(random, path) : path
  const verb = happens(random, 0.01)
    ? pick(random, ['HEAD', 'OPTIONS', 'TRACE', 'GET', 'FOO', 'PATCH', 'DELETE'])
    : method
  return {
    method: verb,
    path: sent + query(random).replace('?', sent.includes('?') ? '&' : '?'),
    headers: { ...headersOf(random), ...(body ? { 'content-type': body.contentType } : {}) },
    ...(body ? { body: body.bytes } : {}),
    user: happens(random, 0.8) ? 0 : below(random, users.length),
  }
}

const json = (value: unknown): Body => ({ contentType: 'application/json', bytes: Buffer.from(JSON.stringify(value)) })

/** Without a name, so that what the server itself relies on is kept. */
const kept: ReadonlySet<string> = new Set([
  'Namespace',
  'APIService',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'FlowSchema',
  'PriorityLevelConfiguration',
])

function objectEpisode(random: Random, target: Target, number: number): FuzzRequest[] {
  const { name, object } = target.object(random, number)
  const named = `${target.path}/${name}`
  const requests: FuzzRequest[] = []
  if (happens(random, 0.6)) requests.push(request(random, 'POST', target.path, json(object)))
  const steps = 4 + below(random, 8)
  for (let step = 0; step < steps; step++) requests.push(oneRequest(random, target, named, object))
  requests.push(request(random, 'DELETE', named, deleteOptions(random)))
  return requests
}

function oneRequest(random: Random, target: Target, named: string, object: JsonObject): FuzzRequest {
  const { path, kind, subresources } = target
  switch (below(random, 12)) {
    case 0:
    case 1:
    case 2:
      return request(random, 'POST', path, bodyOf(random, object, kind))
    case 3:
    case 4:
      return request(random, 'PUT', named, bodyOf(random, object, kind))
    case 5:
    case 6:
    case 7:
      return request(random, 'PATCH', named, patchOf(random, object))
    case 8:
      return request(random, 'GET', happens(random, 0.4) ? named : path)
    case 9:
      if (happens(random, 0.9) || kept.has(target.name)) return request(random, 'GET', `${path}?watch=1`)
      return request(random, 'DELETE', path, deleteOptions(random))
    default: {
      if (subresources.length === 0) return request(random, 'PUT', `${named}/status`, bodyOf(random, object, kind))
      const subresource = pick(random, subresources)
      const taken = subresourceKind(target, subresource)
      const method = pick(random, ['GET', 'PUT', 'POST', 'PATCH'])
      const body = method === 'PATCH' ? patchOf(random, object) : bodyOf(random, object, taken)
      return request(random, method, `${named}/${subresource}`, method === 'GET' ? undefined : body)
    }
  }
}

const options: readonly JsonObject[] = [
  {},
  { propagationPolicy: 'Orphan' },
  { propagationPolicy: 'x' },
  { gracePeriodSeconds: 0 },
  { gracePeriodSeconds: -1 },
  { preconditions: { uid: 'x', resourceVersion: '1' } },
  { dryRun: ['All'] },
  { dryRun: 'x' },
  { orphanDependents: true, propagationPolicy: 'Foreground' },
]

function deleteOptions(random: Random): Body | undefined {
  if (happens(random, 0.5)) return undefined
  const chosen = { kind: 'DeleteOptions', apiVersion: 'v1', ...pick(random, options) }
  if (happens(random, 0.2)) return { contentType: 'application/cbor', bytes: mutateBytes(random, encodeCbor(chosen)) }
  return bodyOf(random, chosen, undefined, 0.4)
}

/** The policy is in force while config maps are written, then taken away. */
function policyEpisode(random: Random, number: number): FuzzRequest[] {
  const plural = pick(random, policyKinds)
  const root = '/apis/admissionregistration.k8s.io/v1'
  const bindings = plural.replace('policies', 'policybindings')
  const name = `fuzz-${number}`
  const configMap = { metadata: { name }, data: { a: 'b', n: '5' } }
  const asAdmin = (method: string, path: string, body?: unknown): FuzzRequest => ({
    method,
    path,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
    user: 0,
  })
  const collection = '/api/v1/namespaces/corpus/configmaps'
  return [
    asAdmin('POST', `${root}/${bindings}`, policyBinding(plural, name)),
    asAdmin('POST', `${root}/${plural}`, policy(random, plural, name)),
    ...some(random, 2, 5, () => request(random, 'POST', collection, bodyOf(random, configMap, undefined, 0.3))),
    asAdmin('PUT', `${root}/${plural}/${name}`, policy(random, plural, name)),
    ...some(random, 1, 3, () => request(random, 'PATCH', `${collection}/${name}`, patchOf(random, configMap))),
    asAdmin('DELETE', `${root}/${plural}/${name}`),
    asAdmin('DELETE', `${root}/${bindings}/${name}`),
    asAdmin('DELETE', `${collection}/${name}`),
  ]
}

function definitionEpisode(random: Random, number: number): FuzzRequest[] {
  const { name, plural, object } = customDefinition(random, number)
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  const path = `/apis/fuzz.example.com/v1/${plural}`
  const custom = () => ({
    apiVersion: 'fuzz.example.com/v1',
    kind: `Fuzzed${number}`,
    metadata: { name: 'a' },
    spec: oddValue(random),
    status: oddValue(random),
  })
  const made = { ...request(random, 'POST', definitions, json(object)), path: definitions, method: 'POST', user: 0 }
  return [
    made,
    request(random, 'PATCH', `${definitions}/${name}`, patchOf(random, object)),
    ...some(random, 1, 4, () => request(random, 'POST', path, bodyOf(random, custom(), undefined, 0.3))),
    ...some(random, 1, 3, () => request(random, 'PATCH', `${path}/a`, patchOf(random, custom() as JsonObject))),
    request(random, 'GET', happens(random, 0.5) ? path : `/openapi/v3/apis/fuzz.example.com/v1`),
    request(random, 'PUT', `${path}/a/${pick(random, ['status', 'scale'])}`, bodyOf(random, custom(), undefined, 0.3)),
    { ...request(random, 'DELETE', `${path}/a`), user: 0 },
    { method: 'DELETE', path: `${definitions}/${name}`, headers: {}, user: 0 },
  ]
}

function webhookEpisode(random: Random, number: number): FuzzRequest[] {
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'
  const name = `fuzz-${number}`
  const configMap = { metadata: { name }, data: { a: 'b' } }
  return [
    request(random, 'POST', path, bodyOf(random, webhookConfiguration(random, name), undefined, 0.3)),
    ...some(random, 1, 3, () =>
      request(random, 'POST', '/api/v1/namespaces/corpus/configmaps?dryRun=All', json(configMap)),
    ),
    { method: 'DELETE', path: `${path}/${name}`, headers: {}, user: 0 },
    { method: 'DELETE', path: `/api/v1/namespaces/corpus/configmaps/${name}`, headers: {}, user: 0 },
  ]
}
