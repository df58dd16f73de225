import assert from 'node:assert/strict'
import test from 'node:test'
import { Deployment } from '../../api/apps/v1/deployment.ts'
import { CertificateSigningRequest } from '../../api/certificates/v1/certificate-signing-request.ts'
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { Service } from '../../api/core/v1/service.ts'
import type { ManagedFieldsEntry } from '../../api/meta/v1/object-meta.ts'
import type { Kind } from '../../schema/kind.ts'
import { ApiError } from '../api-error.ts'
import { applyConfiguration } from './apply-configuration.ts'
import { updateManagedFields } from './managed-fields.ts'

interface Shaped {
  metadata: { managedFields?: ManagedFieldsEntry[]; [name: string]: unknown }
  [name: string]: unknown
}
interface Options {
  live?: Shaped
  manager?: string
  force?: boolean
  time?: number
  subresource?: string
}
const timeIso = (time: number): string => `2026-01-01T00:00:0${time}Z`
const apply = (kind: Kind, applied: object, options: Options = {}): Shaped =>
  applyConfiguration({
    kind,
    live: options.live,
    applied,
    manager: options.manager ?? 'one',
    force: options.force ?? false,
    timeIso: timeIso(options.time ?? 1),
    subresource: options.subresource ?? '',
  }).object as unknown as Shaped
const update = (kind: Kind, live: Shaped, updated: Shaped, manager: string, time: number): Shaped =>
  updateManagedFields({ kind, live, updated, manager, timeIso: timeIso(time), subresource: '', operation: 'Update' })
const managers = (object: Shaped): unknown[] =>
  (object.metadata.managedFields ?? []).map(entry => [entry.manager, entry.operation, entry.fieldsV1])
const configMap = (data?: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', namespace: 'd', ...metadata },
  ...(data ? { data } : {}),
})
const errorOf = (run: () => unknown): ApiError => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof ApiError)
    return error
  }
  return assert.fail('no error')
}

test('an apply creates the object and owns what it names', () => {
  const made = apply(ConfigMap, configMap({ a: '1' }, { labels: { x: 'y' } }))
  assert.deepEqual(made.data, { a: '1' })
  assert.deepEqual(managers(made), [
    ['one', 'Apply', { 'f:data': { 'f:a': {} }, 'f:metadata': { 'f:labels': { 'f:x': {} } } }],
  ])
})

test('a field that is applied no longer goes, unless somebody else owns it', () => {
  const live = apply(ConfigMap, configMap({ a: '1', b: '2', c: '3' }))
  const shared = apply(ConfigMap, configMap({ b: '2' }), { live, manager: 'two', time: 2 })
  const next = apply(ConfigMap, configMap({ a: '1' }), { live: shared, time: 3 })
  assert.deepEqual(next.data, { a: '1', b: '2' })
  assert.deepEqual(managers(next), [
    ['two', 'Apply', { 'f:data': { 'f:b': {} } }],
    ['one', 'Apply', { 'f:data': { 'f:a': {} } }],
  ])
})

test('what nobody applied stays', () => {
  const live = apply(ConfigMap, configMap({ a: '1' }))
  const other = { ...live, data: { ...(live.data as object), z: '9' } }
  const next = apply(ConfigMap, configMap({ a: '2' }), { live: update(ConfigMap, live, other, 'u', 2), time: 3 })
  assert.deepEqual(next.data, { a: '2', z: '9' })
})

test('an apply that changes nothing keeps its time stamp and the object', () => {
  const live = apply(ConfigMap, configMap({ a: '1' }))
  assert.equal(apply(ConfigMap, configMap({ a: '1' }), { live, time: 9 }), live)
})

test('one conflict has the message that kubectl shows, and its cause', () => {
  const live = { metadata: { name: 'w' }, spec: { replicas: 1 } } as unknown as Shaped
  const owned = update(Deployment, {} as Shaped, live, 'scaler', 1)
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'w' }, spec: { replicas: 2 } }
  const error = errorOf(() => apply(Deployment, deployment, { live: owned }))
  assert.equal(error.code, 409)
  assert.equal(error.reason, 'Conflict')
  assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "scaler" using apps/v1: .spec.replicas')
  assert.deepEqual(error.status.details?.causes, [
    { reason: 'FieldManagerConflict', message: 'conflict with "scaler" using apps/v1', field: '.spec.replicas' },
  ])
  const forced = apply(Deployment, deployment, { live: owned, force: true, time: 2 })
  assert.deepEqual(managers(forced), [['one', 'Apply', { 'f:spec': { 'f:replicas': {} } }]])
  assert.deepEqual(forced.spec, { replicas: 2 })
})

test('several conflicts are listed by owner', () => {
  const containers = (image: string) => [{ name: 'c', image, ports: [{ containerPort: 80, name: image }] }]
  const of = (image: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'w', labels: { l: image } },
    spec: { template: { spec: { containers: containers(image) } } },
  })
  const live = apply(Deployment, of('a'))
  const error = errorOf(() => apply(Deployment, of('b'), { live, manager: 'two' }))
  const port = '.spec.template.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].name'
  assert.equal(
    error.message,
    [
      'Apply failed with 3 conflicts: conflicts with "one":',
      '- .metadata.labels.l',
      '- .spec.template.spec.containers[name="c"].image',
      `- ${port}`,
    ].join('\n'),
  )
  assert.equal(error.status.details?.causes?.length, 3)
})

test('equal values are owned together without a conflict', () => {
  const live = apply(ConfigMap, configMap({ a: '1' }))
  const next = apply(ConfigMap, configMap({ a: '1' }), { live, manager: 'two', time: 2 })
  assert.equal(managers(next).length, 2)
})

test('lists by key merge by item; items go with their owner; others keep their place', () => {
  const service = (...ports: object[]) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ports },
  })
  const live = apply(Service, service({ port: 80, name: 'http' }, { port: 53, protocol: 'UDP', name: 'dns' }))
  const both = apply(Service, service({ port: 443, name: 'https' }), { live, manager: 'two', time: 2 })
  const next = apply(Service, service({ port: 53, protocol: 'UDP', name: 'dns' }), { live: both, time: 3 })
  assert.deepEqual((next.spec as { ports: unknown }).ports, [
    { port: 53, protocol: 'UDP', name: 'dns' },
    { port: 443, name: 'https' },
  ])
  const reordered = apply(Service, service({ port: 2, name: 'b' }, { port: 1, name: 'a' }), {
    live: apply(Service, service({ port: 1, name: 'a' }, { port: 2, name: 'b' })),
    time: 2,
  })
  assert.deepEqual(
    (reordered.spec as { ports: { port: number }[] }).ports.map(one => one.port),
    [2, 1],
  )
})

test('a struct that nobody owns any more goes with its defaults', () => {
  const of = (strategy: object) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'w' },
    spec: { strategy },
  })
  const made = apply(Deployment, of({ type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }))
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } }
  const next = apply(Deployment, of({ type: 'Recreate' }), { live: { ...made, spec: { strategy } }, time: 2 })
  assert.deepEqual(next.spec, { strategy: { type: 'Recreate' } })
})

test('null takes the place of a value, and is owned', () => {
  const live = update(ConfigMap, {} as Shaped, configMap({ a: '1' }) as Shaped, 'u', 1)
  assert.equal(errorOf(() => apply(ConfigMap, configMap({ a: null }), { live, time: 2 })).code, 409)
  const next = apply(ConfigMap, configMap({ a: null }), { live, force: true, time: 2 })
  assert.equal((next.data as Record<string, unknown>).a, null)
})

test('a configuration that changes no value is recorded without a time', () => {
  const live = update(ConfigMap, {} as Shaped, configMap({ a: '1' }) as Shaped, 'u', 1)
  const next = apply(ConfigMap, configMap({ a: '1' }), { live, manager: 'two', time: 2 })
  assert.equal(next.metadata.managedFields?.find(one => one.manager === 'two')?.time, undefined)
})

test('an apply through status sets the status alone', () => {
  const live = apply(Deployment, { metadata: { name: 'w' }, spec: { replicas: 1 } })
  const next = apply(
    Deployment,
    { metadata: { name: 'w' }, spec: { replicas: 7 }, status: { replicas: 1 } },
    { live, manager: 'two', subresource: 'status', time: 2 },
  )
  assert.deepEqual(next.spec, { replicas: 1 })
  const entry = next.metadata.managedFields?.find(one => one.manager === 'two')
  assert.equal(entry?.subresource, 'status')
  assert.deepEqual(entry?.fieldsV1, { 'f:status': { 'f:replicas': {} } })
})

test('kubectl takes over what its client-side apply has set, and keeps the annotation in step', () => {
  const applied = configMap({ a: '1' })
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
  const made = configMap({ a: '1' }, { annotations: { [annotation]: JSON.stringify(applied) } }) as Shaped
  const live = update(ConfigMap, {} as Shaped, made, 'kubectl-client-side-apply', 1)
  const change = configMap({ a: '2' })
  assert.equal(errorOf(() => apply(ConfigMap, change, { live, manager: 'other' })).code, 409)
  const next = apply(ConfigMap, change, { live, manager: 'kubectl', time: 2 })
  assert.deepEqual(next.data, { a: '2' })
  const { annotations } = next.metadata as unknown as { annotations: Record<string, string> }
  assert.deepEqual(JSON.parse(annotations[annotation] ?? ''), change)
})

test('values of other types than the declared ones are faults, each with its path', () => {
  const messageOf = (applied: object): string => errorOf(() => apply(Deployment, applied)).message
  const head = 'failed to create typed patch object (/w; apps/v1, Kind=Deployment): '
  const metadata = { name: 'w' }
  assert.equal(
    messageOf({ metadata, spec: { replicas: 'x', paused: 1 } }),
    `${head}errors:\n  .spec.replicas: expected numeric (int or float), got string\n  .spec.paused: expected boolean, got &{1}`,
  )
  assert.equal(
    messageOf({ metadata, spec: { template: { spec: { containers: [{ name: 'c', image: {} }] } } } }),
    `${head}.spec.template.spec.containers[name="c"].image: expected string, got &value.valueUnstructured{Value:map[string]interface {}{}}`,
  )
  assert.equal(
    messageOf({ metadata, spec: { template: { spec: { containers: [null] } } } }),
    `${head}.spec.template.spec.containers: element 0: associative list with keys may not have a null element`,
  )
  assert.equal(messageOf({ metadata, spec: { strategy: [] } }), `${head}.spec.strategy: expected map, got &{[]}`)
})

test('a configuration must not carry managedFields nor undeclared fields nor the same item twice', () => {
  const refuse = (applied: object, kind: Kind = ConfigMap): string => errorOf(() => apply(kind, applied)).message
  assert.equal(refuse(configMap({}, { managedFields: [] })), 'metadata.managedFields must be nil')
  assert.equal(
    refuse({ ...configMap(), surprise: 1 }),
    'failed to create typed patch object (d/c; /v1, Kind=ConfigMap): .surprise: field not declared in schema',
  )
  const twice = { metadata: { name: 's' }, spec: { ports: [{ port: 1 }, { port: 1 }] } }
  assert.match(refuse(twice, Service), /\.spec\.ports: duplicate entries for key \[port=1,protocol="TCP"\]$/)
})

test('a manager that gives up all that it owns of the metadata leaves the name', () => {
  const labelled = apply(ConfigMap, configMap({ a: '1' }, { labels: { x: 'y' } }))
  const given = apply(ConfigMap, configMap({ a: '1' }), { live: labelled, time: 2 })
  assert.equal(given.metadata.name, 'c')
  assert.equal(given.metadata.labels, undefined)
})

test('who applies a request for a certificate owns nothing of it', () => {
  const request = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'r', labels: { a: 'b' } },
    spec: { signerName: 'example.com/s' },
  }
  const made = apply(CertificateSigningRequest, request)
  assert.deepEqual(made.spec, request.spec)
  assert.deepEqual(managers(made), [['one', 'Apply', { 'f:metadata': { 'f:labels': { 'f:a': {} } } }]])
})
