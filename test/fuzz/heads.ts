/** Paths, queries and headers. */
import { below, happens, pick, type Random, some } from './chance.ts'
import { mutateText } from './mutate-value.ts'
import { oddText } from './odd-values.ts'

const parameters: Readonly<Record<string, readonly string[]>> = {
  labelSelector: ['a=b', 'a in (b,c),!d', 'a notin (b)', 'a>1', 'a<x', ',', 'a==b,a=c', '()', 'a in ()', 'é=b'],
  fieldSelector: ['metadata.name=a', 'spec.nodeName=', 'status.phase!=Running', 'a=b', 'metadata.name', '=', '\\,=\\='],
  limit: ['0', '1', '-1', '500', '9223372036854775808', 'x', '1.5', ''],
  continue: ['x', 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0', Buffer.from('{"v":1}').toString('base64')],
  resourceVersion: ['0', '1', '99999999999', '-1', 'x', '18446744073709551616', '00', ''],
  resourceVersionMatch: ['Exact', 'NotOlderThan', 'x', ''],
  timeoutSeconds: ['0', '1', '-1', 'x', '99999999999999'],
  timeout: ['1s', '0', 'x', '-1s', '99999h', '1ns'],
  watch: ['1', 'true', 'false', 'x', ''],
  allowWatchBookmarks: ['true', 'x'],
  sendInitialEvents: ['true', 'false', 'x'],
  fieldManager: ['a', 'a'.repeat(129), '\0', 'é', ''],
  fieldValidation: ['Strict', 'Warn', 'Ignore', 'x'],
  force: ['true', 'false', 'x'],
  dryRun: ['All', 'x', ''],
  propagationPolicy: ['Orphan', 'Background', 'Foreground', 'x'],
  gracePeriodSeconds: ['0', '-1', 'x', '99999999999999999999'],
  orphanDependents: ['true', 'x'],
  ignoreStoreReadErrorWithClusterBreakingPotential: ['true', 'x'],
  pretty: ['1', 'x'],
  includeObject: ['None', 'Object', 'Metadata', 'x'],
  container: ['a', ''],
  tailLines: ['-1', '1', 'x'],
  sinceSeconds: ['0', '-1', 'x'],
  sinceTime: ['x', '2024-01-01T00:00:00Z'],
  limitBytes: ['0', '-1', 'x'],
  command: ['a', ''],
  stdin: ['true', 'x'],
  ports: ['1', 'x', '99999'],
  path: ['/', '../x', '%'],
  shardSelector: ['x', 'shardRange(object.metadata.uid, 0x0, 0x8)'],
}
const names = Object.keys(parameters)
const often = ['dryRun', 'fieldValidation', 'fieldManager', 'force', 'labelSelector', 'fieldSelector', 'limit']

function parameter(random: Random): string {
  const name = happens(random, 0.03) ? oddText(random) : pick(random, happens(random, 0.5) ? often : names)
  const value =
    happens(random, 0.85) && Object.hasOwn(parameters, name) ? pick(random, parameters[name] ?? []) : oddText(random)
  return `${escaped(name)}=${happens(random, 0.03) ? value.replace(/[&#\s]/g, '') : escaped(value)}`
}

const escaped = (text: string): string => encodeURIComponent(text.toWellFormed())

export function query(random: Random): string {
  return happens(random, 0.5) ? `?${some(random, 1, 4, () => parameter(random)).join('&')}` : ''
}

const oddSegments: readonly string[] = [
  '',
  '.',
  '..',
  '%2e%2e',
  '%2F',
  '%00',
  '%',
  '%E0%A4',
  '__proto__',
  'constructor',
  'watch',
  'proxy',
  'status',
  'scale',
  'namespaces',
  'a'.repeat(300),
  'é',
  'x:80',
  'https:x:http',
  '*',
  ';',
  'a%20b',
]

export function oddPath(random: Random, path: string): string {
  const segments = path.split('/')
  const at = 1 + below(random, segments.length)
  const segment = pick(random, oddSegments)
  if (happens(random, 0.5)) segments.splice(at, happens(random, 0.5) ? 1 : 0, segment)
  else segments[at] = mutateText(random, segments[at] ?? '').replace(/[\s?#]/g, '')
  return segments.map(one => one.toWellFormed()).join('/')
}

const plainPaths: readonly string[] = [
  '/',
  '/api',
  '/apis',
  '/api/v1',
  '/apis/apps',
  '/apis/apps/v1',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/openapi/v3/apis/apps/v1',
  '/version',
  '/healthz',
  '/livez/etcd',
  '/readyz',
  '/metrics',
  '/.well-known/openid-configuration',
  '/openid/v1/jwks',
  '/debug/api_priority_and_fairness/dump_queues',
  '/logs',
]
export const plainPath = (random: Random): string => pick(random, plainPaths)

const accepts: readonly string[] = [
  'application/json',
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/vnd.kubernetes.protobuf,application/json',
  'application/cbor',
  'application/cbor-seq',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1',
  'application/json;as=__proto__;g=meta.k8s.io;v=v1',
  'application/json;stream=watch',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'text/html',
  '*/*',
  '*',
  '',
  ';;;,,,',
  'application/json;q=x',
  ',application/json;q=0',
]

const userAgents: readonly string[] = ['fuzz/1.0', 'kubectl/v1.37 (linux)', 'curl/8', '', '/'.repeat(300), '\u00ff']

export function headersOf(random: Random): Record<string, string> {
  const headers: Record<string, string> = {
    accept: happens(random, 0.7) ? 'application/json' : pick(random, accepts),
    'user-agent': happens(random, 0.9) ? 'fuzz/1.0' : pick(random, userAgents),
  }
  if (happens(random, 0.02)) {
    headers[pick(random, ['impersonate-user', 'impersonate-group', 'impersonate-uid', 'impersonate-extra-x%2fy'])] =
      headerText(oddText(random))
  }
  if (happens(random, 0.02)) headers['impersonate-user'] = pick(random, ['admin', 'system:node:n', 'system:anonymous'])
  if (happens(random, 0.02)) headers['if-match'] = '*'
  if (happens(random, 0.02)) headers['audit-id'] = headerText(oddText(random))
  return headers
}

/** What a header can carry. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '').slice(0, 4_000)
