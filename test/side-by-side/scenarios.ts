/** Cases that no declaration gives: subresources that act, deletion, apply with conflicts, names, lists, wrong requests. */
import type { Kind } from '../../src/schema/kind.ts'
import type { Case, JsonObject } from './case.ts'
import { customCases } from './custom-resources.ts'
import { patchCases } from './patches.ts'
import { createdKinds, keyOf, namedSample, pathOf, sampleOf, settlingOf, storedKinds } from './samples.ts'
import {
  apply,
  around,
  asTable,
  jsonPatch,
  kindOf,
  make,
  merge,
  nextNumber,
  objectOf,
  options,
  scale,
  step,
  strategic,
  uid,
} from './steps.ts'
import { subresourceCases } from './subresources.ts'

const Pod = kindOf('v1', 'Pod')
const ConfigMap = kindOf('v1', 'ConfigMap')
const Deployment = kindOf('apps/v1', 'Deployment')
const ServiceAccount = kindOf('v1', 'ServiceAccount')
const Namespace = kindOf('v1', 'Namespace')
const Node = kindOf('v1', 'Node')

/** Kinds whose objects go when a controller of the server itself has cleaned up behind them. */
const goesByItself = (kind: Kind): boolean => kind.gvk.kind === 'CustomResourceDefinition'

function* deletions(): Generator<Case> {
  const bodies: readonly (readonly [string, unknown])[] = [
    ['wrong uid', options({ preconditions: { uid } })],
    ['wrong version', options({ preconditions: { resourceVersion: '1' } })],
    ['dry run', options({ dryRun: ['All'] })],
    ['wrong dry run', options({ dryRun: ['Some'] })],
    ['both policies', options({ orphanDependents: true, propagationPolicy: 'Orphan' })],
    ['wrong policy', options({ propagationPolicy: 'Sideways' })],
    ['negative grace', options({ gracePeriodSeconds: -1 })],
    ['wrong kind', { kind: 'Pod', apiVersion: 'v1' }],
    ['no object', '[]'],
    ['broken JSON', '{"kind":'],
    ['orphan', options({ propagationPolicy: 'Orphan' })],
    ['foreground', options({ propagationPolicy: 'Foreground' })],
    ['again', undefined],
  ]
  for (const kind of [ConfigMap, Pod, Deployment])
    yield around(`scenario delete ${keyOf(kind)}`, kind, ({ path }) =>
      bodies.map(([label, body]) => step(label, 'DELETE', path, body)),
    )
  for (const kind of storedKinds)
    yield around(`scenario delete ${keyOf(kind)}`, kind, ({ path }) => [
      step('add a finalizer', 'PATCH', path, { metadata: { finalizers: ['example.com/hold'] } }, merge),
      step('delete', 'DELETE', path, undefined, goesByItself(kind) ? { settles: path } : {}),
      step('delete again', 'DELETE', path),
      step(
        'add another finalizer',
        'PATCH',
        path,
        { metadata: { finalizers: ['example.com/hold', 'example.com/b'] } },
        merge,
      ),
      step('take the finalizer', 'PATCH', path, { metadata: { finalizers: null } }, merge),
      step('get', 'GET', path),
      step('delete what is gone', 'DELETE', path),
    ])
}

function* collections(): Generator<Case> {
  for (const kind of storedKinds) {
    const number = nextNumber()
    const label = { lane: `c${number}` }
    const path = pathOf(kind)
    const selector = `labelSelector=lane%3Dc${number}`
    const objects = [namedSample(kind, nextNumber()), namedSample(kind, nextNumber())]
    yield {
      name: `scenario collection ${keyOf(kind)}`,
      steps: [
        ...objects.map(({ name, object }) =>
          make(kind, pathOf(kind, name), {
            ...object,
            metadata: { ...(object.metadata as JsonObject), labels: label },
          }),
        ),
        step('list', 'GET', `${path}?${selector}`),
        step('limit', 'GET', `${path}?${selector}&limit=1`),
        step('field selector', 'GET', `${path}?${selector}&fieldSelector=metadata.name%3D${objects[0]?.name}`),
        step('unknown field', 'GET', `${path}?fieldSelector=spec.nothing%3Da`),
        step('bad label selector', 'GET', `${path}?labelSelector=a%20b`),
        step('bad field selector', 'GET', `${path}?fieldSelector=a`),
        step('bad limit', 'GET', `${path}?limit=x`),
        step('bad match', 'GET', `${path}?resourceVersionMatch=Sideways`),
        step('match without version', 'GET', `${path}?resourceVersionMatch=Exact`),
        step('bad version', 'GET', `${path}?resourceVersion=x`),
        step('bad continue', 'GET', `${path}?continue=x`),
        step('table', 'GET', `${path}?${selector}`, undefined, asTable),
        step('metadata', 'GET', `${path}?${selector}`, undefined, {
          headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' },
        }),
        step('dry run', 'DELETE', `${path}?${selector}&dryRun=All`),
        step(
          'delete all',
          'DELETE',
          `${path}?${selector}`,
          undefined,
          goesByItself(kind) ? { settles: `${path}?${selector}` } : {},
        ),
        step('list what is left', 'GET', `${path}?${selector}`),
      ],
    }
  }
}

function* applies(): Generator<Case> {
  for (const kind of storedKinds) {
    const { name, object } = namedSample(kind, nextNumber())
    const path = pathOf(kind, name)
    const more = { ...object, metadata: { name, labels: { a: 'b' } } }
    yield {
      name: `scenario apply ${keyOf(kind)}`,
      steps: [
        step('no manager', 'PATCH', path, object, apply),
        step('create', 'PATCH', `${path}?fieldManager=one`, object, { ...apply, ...settlingOf(kind, path) }),
        step('again', 'PATCH', `${path}?fieldManager=one`, object, apply),
        step(
          'a label',
          'PATCH',
          `${path}?fieldManager=two`,
          { ...object, metadata: { name, labels: { a: 'c' } } },
          apply,
        ),
        step('conflict', 'PATCH', `${path}?fieldManager=one`, more, apply),
        step('force', 'PATCH', `${path}?fieldManager=one&force=true`, more, apply),
        step('give up', 'PATCH', `${path}?fieldManager=one`, object, apply),
        step('wrong name', 'PATCH', `${path}?fieldManager=one`, { ...object, metadata: { name: 'other' } }, apply),
        step('no kind', 'PATCH', `${path}?fieldManager=one`, { metadata: { name } }, apply),
        step('force on a merge patch', 'PATCH', `${path}?force=true`, {}, merge),
        step('wrong type', 'PATCH', path, {}, { contentType: 'application/json' }),
        step('managed fields', 'PATCH', path, { metadata: { managedFields: [{}] } }, merge),
        step('dry run', 'PATCH', `${path}?dryRun=Some`, {}, merge),
        step('long manager', 'PATCH', `${path}?fieldManager=${'m'.repeat(129)}`, {}, merge),
        step('unmake', 'DELETE', path),
      ],
    }
  }
}

function* names(): Generator<Case> {
  for (const kind of createdKinds) {
    const sample = sampleOf(kind)
    const path = pathOf(kind)
    const named = (metadata: JsonObject) => ({ ...sample, metadata })
    yield {
      name: `scenario names ${keyOf(kind)}`,
      steps: [
        step('generated', 'POST', `${path}?dryRun=All`, named({ generateName: 'gen-' })),
        step('badly generated', 'POST', `${path}?dryRun=All`, named({ generateName: 'Bad_' })),
        step('none', 'POST', `${path}?dryRun=All`, named({})),
        step('another namespace', 'POST', `${path}?dryRun=All`, named({ name: 'a', namespace: 'other' })),
        step('a version', 'POST', `${path}?dryRun=All`, named({ name: 'a', resourceVersion: '5' })),
        step('no body', 'POST', path),
        step('empty body', 'POST', path, ''),
        step('a list', 'POST', path, '[]'),
        step('a text', 'POST', path, '"x"'),
        step('null', 'POST', path, 'null'),
        step('broken', 'POST', path, '{"metadata":'),
        step('twice', 'POST', `${path}?dryRun=All&fieldValidation=Strict`, '{"metadata":{"name":"a","name":"b"}}'),
        step('another kind', 'POST', path, { kind: 'Other', apiVersion: 'v1' }),
        step('another version', 'POST', path, { ...sample, apiVersion: `${kind.gvk.group || 'x'}/v9` }),
        step('wrong media type', 'POST', path, sample, { contentType: 'text/plain' }),
        step('bad dry run', 'POST', `${path}?dryRun=x`, sample),
        step('bad validation', 'POST', `${path}?fieldValidation=x`, sample),
        step('get nothing', 'GET', pathOf(kind, 'nothing')),
        step('put nothing', 'PUT', pathOf(kind, 'nothing'), named({ name: 'nothing', resourceVersion: '1' })),
        step('patch nothing', 'PATCH', pathOf(kind, 'nothing'), {}, merge),
        step('unknown subresource', 'GET', `${pathOf(kind, 'nothing')}/nothing`),
        step('wrong method', 'PUT', path, sample),
      ],
    }
  }
}

const eviction = (name: string, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  metadata: { name },
  ...more,
})

function* pods(): Generator<Case> {
  yield around('scenario pod binding', Pod, ({ name, path }) => {
    const binding = (target: JsonObject) => ({ apiVersion: 'v1', kind: 'Binding', metadata: { name }, target })
    return [
      step('no target', 'POST', `${path}/binding`, binding({})),
      step('wrong kind', 'POST', `${path}/binding`, binding({ kind: 'Minion', name: 'n' })),
      step('bind', 'POST', `${path}/binding`, binding({ kind: 'Node', name: 'node-a' })),
      step('bind again', 'POST', `${path}/binding`, binding({ kind: 'Node', name: 'node-b' })),
      step('get', 'GET', path),
      step('delete with grace', 'DELETE', path, options({ gracePeriodSeconds: 20 })),
      step('delete with less', 'DELETE', path, options({ gracePeriodSeconds: 5 })),
      step('delete at once', 'DELETE', path, options({ gracePeriodSeconds: 0 })),
    ]
  })
  yield around('scenario pod eviction', Pod, ({ name, path }) => [
    step('wrong name', 'POST', `${path}/eviction`, eviction('other')),
    step('dry run', 'POST', `${path}/eviction`, eviction(name, { deleteOptions: { dryRun: ['All'] } })),
    step('evict', 'POST', `${path}/eviction`, eviction(name)),
    step('evict again', 'POST', `${path}/eviction`, eviction(name)),
  ])
  yield around('scenario pod containers', Pod, ({ path }) => {
    const debug = { name: 'debug', image: 'registry.k8s.io/pause:3.10' }
    const add = (container: JsonObject) => ({ spec: { ephemeralContainers: [container] } })
    const resize = (resources: JsonObject) => ({ spec: { containers: [{ name: 'main', resources }] } })
    return [
      step('add', 'PATCH', `${path}/ephemeralcontainers`, add(debug), strategic),
      step('change', 'PATCH', `${path}/ephemeralcontainers`, add({ ...debug, image: 'other' }), strategic),
      step(
        'with ports',
        'PATCH',
        `${path}/ephemeralcontainers`,
        add({ ...debug, name: 'b', ports: [{ containerPort: 1 }] }),
        strategic,
      ),
      step('get them', 'GET', `${path}/ephemeralcontainers`),
      step('resize', 'PATCH', `${path}/resize`, resize({ requests: { cpu: '200m' } }), strategic),
      step('resize wrongly', 'PATCH', `${path}/resize`, resize({ requests: { cpu: '-1' } }), strategic),
      step('resize storage', 'PATCH', `${path}/resize`, resize({ requests: { 'ephemeral-storage': '1' } }), strategic),
      step(
        'resize to another class',
        'PATCH',
        `${path}/resize`,
        { spec: { containers: [{ name: 'main', resources: null }] } },
        strategic,
      ),
      step('change the image', 'PATCH', path, { spec: { containers: [{ name: 'main', image: 'other' }] } }, strategic),
      step(
        'change the command',
        'PATCH',
        path,
        { spec: { containers: [{ name: 'main', command: ['x'] }] } },
        strategic,
      ),
      step('unmake', 'DELETE', path),
    ]
  })
}

function* others(): Generator<Case> {
  for (const kind of storedKinds.filter(one => one.resource?.subresources?.scale))
    yield around(`scenario scale ${keyOf(kind)}`, kind, ({ name, path }) => [
      step('get', 'GET', `${path}/scale`),
      step('put', 'PUT', `${path}/scale`, scale({ name }, 3)),
      step('negative', 'PUT', `${path}/scale`, scale({ name }, -3)),
      step('wrong name', 'PUT', `${path}/scale`, { metadata: { name: 'other' }, spec: { replicas: 1 } }),
      step('patch', 'PATCH', `${path}/scale`, { spec: { replicas: 0 } }, merge),
      step('get the object', 'GET', path),
      step('unmake', 'DELETE', path),
    ])
  yield around('scenario token', ServiceAccount, ({ path }) => [
    step('token', 'POST', `${path}/token`, { spec: { audiences: ['a'], expirationSeconds: 3600 } }),
    step('too short', 'POST', `${path}/token`, { spec: { expirationSeconds: 5 } }),
    step('bound to nothing', 'POST', `${path}/token`, {
      spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'nothing' } },
    }),
    step('bound wrongly', 'POST', `${path}/token`, {
      spec: { boundObjectRef: { kind: 'Thing', apiVersion: 'v1', name: 'x' } },
    }),
    step('unmake', 'DELETE', path),
  ])
  yield around('scenario namespace', Namespace, ({ name, path }) => [
    step('finalize', 'PUT', `${path}/finalize`, {
      metadata: { name },
      spec: { finalizers: ['kubernetes', 'example.com/a'] },
    }),
    step('bad finalizer', 'PUT', `${path}/finalize`, { metadata: { name }, spec: { finalizers: ['x'] } }),
    step('delete', 'DELETE', path),
    step('make something inside', 'POST', pathOf(ConfigMap, '', name), { metadata: { name: 'late' } }),
    step('status', 'GET', `${path}/status`),
  ])
  yield around('scenario node', Node, ({ path }) => [
    step('cordon', 'PATCH', path, { spec: { unschedulable: true } }, merge),
    step('another range', 'PATCH', path, { spec: { podCIDR: '10.9.0.0/24' } }, merge),
    step('unmake', 'DELETE', path),
  ])
  yield around('scenario versions', Deployment, ({ path }) => [
    step('old version', 'PUT', path, undefined, {
      body: answers => ({
        ...objectOf(answers[0]),
        metadata: { ...(objectOf(answers[0]).metadata as JsonObject), resourceVersion: '1' },
      }),
    }),
    step('another uid', 'PUT', path, undefined, {
      body: answers => ({
        ...objectOf(answers[0]),
        metadata: { ...(objectOf(answers[0]).metadata as JsonObject), uid },
      }),
    }),
    step('no change', 'PUT', path, undefined, { body: answers => objectOf(answers[0]) }),
    step('json patch test', 'PATCH', path, [{ op: 'test', path: '/spec/replicas', value: 7 }], jsonPatch),
    step('json patch of nothing', 'PATCH', path, [{ op: 'remove', path: '/spec/nothing' }], jsonPatch),
    step('bad json patch', 'PATCH', path, { op: 'remove' }, jsonPatch),
    step('bad merge patch', 'PATCH', path, '[]', merge),
    step('broken patch', 'PATCH', path, '{', merge),
    step('old version in a patch', 'PATCH', path, { metadata: { resourceVersion: '1' } }, merge),
    step('unmake', 'DELETE', path),
  ])
}

/** Changes of resources that a node may or may not be able to follow (KEP-1287). */
function* resizes(): Generator<Case> {
  yield around('scenario pod resize', Node, ({ name, path }) => {
    const pods = pathOf(Pod)
    const make = (podName: string, spec: JsonObject, metadata: JsonObject = {}) =>
      step(`make ${podName}`, 'POST', pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: podName, ...metadata },
        spec: { nodeName: name, ...spec },
      })
    const one = (resources: JsonObject, more: JsonObject = {}) => ({ name: 'main', image: 'i', resources, ...more })
    const resize = (label: string, podName: string, spec: JsonObject) =>
      step(label, 'PATCH', `${pods}/${podName}/resize`, { spec }, strategic)
    const main = (resources: JsonObject) => ({ containers: [{ name: 'main', resources }] })
    const small = { cpu: '100m', memory: '16Mi' }
    const bound = `${name}-bound`
    const whole = `${name}-whole`
    const mirror = `${name}-mirror`
    const declared = { declaredFeatures: ['InPlacePodLevelResourcesVerticalScaling'] }
    return [
      step('allocatable', 'PATCH', `${path}/status`, { status: { allocatable: { cpu: '2', memory: '1Gi' } } }, merge),
      make(bound, {
        containers: [one({ requests: small, limits: { cpu: '1' } }), { ...one({}), name: 'other' }],
        initContainers: [{ ...one({ requests: small }), name: 'first' }],
      }),
      resize('more', bound, main({ requests: { cpu: '200m' } })),
      resize('more than there is', bound, main({ requests: { cpu: '1900m', memory: '2Gi' }, limits: { cpu: '3' } })),
      resize('a limit below the request', bound, main({ limits: { cpu: '50m' } })),
      resize('without requests', bound, main({ requests: null, limits: { cpu: '1' } })),
      resize('without a limit', bound, main({ limits: { cpu: null } })),
      resize('devices', bound, main({ limits: { 'example.com/device': '1' } })),
      resize('a container more', bound, { containers: [{ name: 'third', image: 'i' }] }),
      resize('an init container', bound, {
        initContainers: [{ name: 'first', resources: { requests: { cpu: '1' } } }],
      }),
      resize('resources of the pod', bound, { resources: { requests: { cpu: '500m', memory: '64Mi' } } }),
      step('declare', 'PATCH', `${path}/status`, { status: declared }, merge),
      // The stock server's admission reads nodes from a cache.
      {
        ...resize('resources of the pod again', bound, { resources: { requests: { cpu: '500m', memory: '64Mi' } } }),
        until: 200,
      },
      resize('less for the pod', bound, { resources: { requests: { cpu: '10m' } } }),
      step('as it is', 'GET', `${pods}/${bound}/resize`),
      make(whole, {
        containers: [one({ requests: small, limits: small })],
        resources: { requests: { cpu: '200m' } },
      }),
      resize('none for the pod', whole, { resources: { requests: { cpu: null } } }),
      resize('other resources of the pod', whole, { resources: { requests: { 'hugepages-2Mi': '2Mi' } } }),
      step('the pod itself', 'GET', `${pods}/${whole}`),
      make(mirror, { containers: [one({ requests: small })] }, { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
      resize('static', mirror, main({ requests: { cpu: '200m' } })),
      step('unmake bound', 'DELETE', `${pods}/${bound}`, options({ gracePeriodSeconds: 0 })),
      step('unmake whole', 'DELETE', `${pods}/${whole}`, options({ gracePeriodSeconds: 0 })),
      step('unmake', 'DELETE', path),
    ]
  })
}

export function* scenarios(): Generator<Case> {
  yield* names()
  yield* deletions()
  yield* collections()
  yield* applies()
  yield* pods()
  yield* resizes()
  yield* others()
  yield* patchCases()
  yield* customCases()
  yield* subresourceCases()
}
