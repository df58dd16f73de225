/** Every subresource with every verb and type of patch, and the options that requests can carry. */
import { connectingSubresources } from '../../src/apiserver/chain/request-info.ts'
import type { Kind } from '../../src/schema/kind.ts'
import type { Case, JsonObject, Step } from './case.ts'
import { keyOf, pathOf, storedKinds } from './samples.ts'
import {
  apply,
  around,
  asMetadata,
  asTable,
  asYaml,
  jsonPatch,
  kindOf,
  merge,
  objectOf,
  options,
  step,
  strategic,
  yaml,
} from './steps.ts'

const ConfigMap = kindOf('v1', 'ConfigMap')
const Deployment = kindOf('apps/v1', 'Deployment')
const Pod = kindOf('v1', 'Pod')
const Secret = kindOf('v1', 'Secret')

function* eachSubresource(): Generator<Case> {
  for (const kind of storedKinds) {
    // Those that connect need a node behind them.
    const names = Object.keys(kind.resource?.subresources ?? {}).filter(name => !connectingSubresources.has(name))
    if (names.length === 0) continue
    yield around(`subresources ${keyOf(kind)}`, kind, ({ name, path, object }) => [
      ...names.flatMap(one => everyVerb(kind, name, object, `${path}/${one}`)),
      step('get the object', 'GET', path),
      step('unmake', 'DELETE', path),
    ])
  }
}

function everyVerb(kind: Kind, name: string, object: JsonObject, path: string): Step[] {
  const labelled = { metadata: { labels: { sub: 'resource' } } }
  const whole = { apiVersion: kind.apiVersion, kind: kind.gvk.kind, metadata: { name } }
  const dry = `${path}?dryRun=All`
  return [
    step(`GET ${path}`, 'GET', path),
    step(`table of ${path}`, 'GET', path, undefined, asTable),
    step(`PUT as made ${path}`, 'PUT', dry, undefined, { body: answers => objectOf(answers[0]) }),
    step(`PUT nothing ${path}`, 'PUT', dry, {}),
    step(`PUT metadata ${path}`, 'PUT', dry, whole),
    step(`PUT spec and status ${path}`, 'PUT', dry, { ...whole, spec: object.spec ?? {}, status: {} }),
    step(`PUT another name ${path}`, 'PUT', dry, { ...whole, metadata: { name: 'other' } }),
    step(`PUT an unknown field ${path}`, 'PUT', `${dry}&fieldValidation=Strict`, { ...whole, bogus: 1 }),
    step(`PUT another kind ${path}`, 'PUT', dry, { ...whole, kind: 'Other' }),
    step(`PUT broken ${path}`, 'PUT', dry, '{'),
    step(`POST ${path}`, 'POST', dry, whole),
    step(`DELETE ${path}`, 'DELETE', dry),
    ...[merge, strategic].flatMap(type => [
      step(`${type.contentType} labels ${path}`, 'PATCH', dry, labelled, type),
      step(`${type.contentType} spec ${path}`, 'PATCH', dry, { spec: { bogus: 1 } }, type),
      step(`${type.contentType} status ${path}`, 'PATCH', dry, { status: { bogus: 1 } }, type),
      step(`${type.contentType} status null ${path}`, 'PATCH', dry, { status: null }, type),
    ]),
    step(`JSON patch ${path}`, 'PATCH', dry, [{ op: 'add', path: '/metadata/labels', value: { a: 'b' } }], jsonPatch),
    step(`JSON patch of status ${path}`, 'PATCH', dry, [{ op: 'remove', path: '/status' }], jsonPatch),
    step(
      `apply ${path}`,
      'PATCH',
      `${dry}&fieldManager=m`,
      { ...whole, ...labelled, metadata: { ...labelled.metadata, name } },
      apply,
    ),
    step(`apply status ${path}`, 'PATCH', `${dry}&fieldManager=m&force=true`, { ...whole, status: {} }, apply),
    step(`apply with a wrong kind ${path}`, 'PATCH', `${dry}&fieldManager=m`, { ...whole, kind: 'Other' }, apply),
    step(`unknown type ${path}`, 'PATCH', dry, {}, { contentType: 'text/plain' }),
  ]
}

const strictBodies: readonly (readonly [string, string])[] = [
  ['twice', '{"metadata":{"name":"a","name":"b"},"data":{"a":"1"}}'],
  ['twice in data', '{"metadata":{"name":"a"},"data":{"a":"1","a":"2"}}'],
  ['twice the same', '{"metadata":{"name":"a"},"data":{"a":"1"},"data":{"a":"1"}}'],
  ['another case', '{"Metadata":{"name":"a"},"Data":{"a":"1"}}'],
  ['another case within', '{"metadata":{"Name":"a"},"data":{"a":"1"}}'],
  ['unknown', '{"metadata":{"name":"a","bogus":{"x":1}},"bogus":[1],"data":{"a":"1"}}'],
  ['unknown and twice', '{"metadata":{"name":"a","name":"b","bogus":1},"bogus":1,"bogus":2}'],
  ['a trailing comma', '{"metadata":{"name":"a"},}'],
  ['two documents', '{"metadata":{"name":"a"}}{"metadata":{"name":"b"}}'],
  ['a comment', '{"metadata":{"name":"a"}} // x'],
  ['a number for a text', '{"metadata":{"name":5}}'],
  ['null data', '{"metadata":{"name":"a"},"data":null}'],
  ['null within', '{"metadata":{"name":"a"},"data":{"a":null}}'],
  ['a surrogate', '{"metadata":{"name":"a"},"data":{"a":"\\ud800"}}'],
  ['a control character', '{"metadata":{"name":"a"},"data":{"a":"\u0001"}}'],
  ['an escape', '{"metadata":{"name":"a"},"data":{"\\u0061":"1"}}'],
  ['proto', '{"metadata":{"name":"a"},"__proto__":{"x":1},"data":{"__proto__":"1"}}'],
]

const yamlBodies: readonly (readonly [string, string])[] = [
  ['plain', 'metadata:\n  name: a\ndata:\n  a: b\n'],
  ['twice', 'metadata:\n  name: a\ndata:\n  a: b\n  a: c\n'],
  ['unknown', 'metadata:\n  name: a\nbogus: 1\n'],
  ['another case', 'Metadata:\n  name: a\n'],
  ['numbers', 'metadata:\n  name: a\ndata:\n  a: 5\n'],
  ['booleans', 'metadata:\n  name: a\ndata:\n  a: yes\n  b: no\n  c: on\n'],
  ['anchors', 'metadata:\n  name: a\n  labels: &x {a: b}\n  annotations: *x\n'],
  ['merge keys', 'metadata: &m\n  name: a\ndata:\n  <<: {a: b}\n'],
  ['tabs', 'metadata:\n\tname: a\n'],
  ['two documents', 'metadata: {name: a}\n---\nmetadata: {name: b}\n'],
  ['a list', '- a\n'],
  ['empty', ''],
  ['binary', 'metadata: {name: a}\ndata: {a: !!binary YQ==}\n'],
  ['numeric keys', 'metadata: {name: a}\ndata: {1: b}\n'],
  ['a date', 'metadata: {name: a}\ndata: {a: 2024-01-01}\n'],
]

function* bodies(): Generator<Case> {
  const path = pathOf(ConfigMap)
  const steps: Step[] = []
  for (const validation of ['', 'Strict', 'Warn', 'Ignore']) {
    const query = `${path}?dryRun=All${validation === '' ? '' : `&fieldValidation=${validation}`}`
    for (const [label, body] of strictBodies) steps.push(step(`${label} ${validation}`, 'POST', query, body))
    for (const [label, body] of yamlBodies) {
      steps.push(step(`YAML ${label} ${validation}`, 'POST', query, body, yaml))
    }
  }
  yield { name: 'bodies', steps }
  yield around('bodies of patches', ConfigMap, ({ path: one }) =>
    ['', 'Strict', 'Warn', 'Ignore'].flatMap(validation => {
      const query = `${one}?dryRun=All&fieldManager=m${validation === '' ? '' : `&fieldValidation=${validation}`}`
      return [
        ...strictBodies.map(([label, body]) =>
          step(`merge ${label} ${validation}`, 'PATCH', query, body.replace('"name":"a"', '"labels":{}'), merge),
        ),
        ...strictBodies.map(([label, body]) =>
          step(
            `strategic ${label} ${validation}`,
            'PATCH',
            query,
            body.replace('"name":"a"', '"labels":{}'),
            strategic,
          ),
        ),
        step(`JSON patch ${validation}`, 'PATCH', query, [{ op: 'add', path: '/bogus', value: 1 }], jsonPatch),
      ]
    }),
  )
}

const contentTypes = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=latin1',
  'APPLICATION/JSON',
  'text/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/vnd.kubernetes.protobuf',
  'application/merge-patch+json',
  'application/yaml; charset=utf-8',
  '*/*',
  'x',
  ';',
]

function* parameters(): Generator<Case> {
  const path = pathOf(ConfigMap)
  const object = { metadata: { name: 'p' }, data: { a: 'b' } }
  yield {
    name: 'parameters of writes',
    steps: [
      ...contentTypes.map(contentType => step(contentType, 'POST', `${path}?dryRun=All`, object, { contentType })),
      ...['dryRun=', 'dryRun=All&dryRun=All', 'dryRun=All&dryRun=x', 'dryRun=all', 'dryRun=true'].map(query =>
        step(query, 'POST', `${path}?${query}${query === 'dryRun=' ? '&fieldValidation=x' : ''}`, object),
      ),
      ...[
        'fieldManager=',
        'fieldManager=a%20b',
        'fieldManager=%01',
        'fieldManager=%C3%A9',
        `fieldManager=${'x'.repeat(128)}`,
        `fieldManager=${'x'.repeat(129)}`,
      ].map(query => step(query, 'POST', `${path}?dryRun=All&${query}`, object)),
      ...[
        'fieldValidation=strict',
        'fieldValidation=',
        'fieldValidation=Strict&fieldValidation=Ignore',
        'pretty=true',
        'pretty=x',
        'bogus=1',
        'resourceVersion=5',
      ].map(query => step(query, 'POST', `${path}?dryRun=All&${query}`, object)),
      ...['', 'a'.repeat(54), 'a'.repeat(60), 'a'.repeat(249), 'a'.repeat(250), '-', '.', '..'].map(more =>
        step(
          `more of ${more.length}: ${more.slice(-3)}`,
          'POST',
          `${path}?dryRun=All`,
          { metadata: { generateName: `gen-${more}` } },
          {},
        ),
      ),
      ...['a'.repeat(253), 'a'.repeat(254), 'a.b', 'a..b', '.', '..', 'a/b', 'a%b', 'é', 'A'].map(name =>
        step(`name ${name.length}: ${name.slice(-3)}`, 'POST', `${path}?dryRun=All`, { metadata: { name } }),
      ),
    ],
  }
  yield around('metadata alone', Deployment, ({ path: one, name }) => {
    return [
      step('get', 'GET', one, undefined, asMetadata),
      step('patch', 'PATCH', one, { metadata: { labels: { a: 'b' } } }, { ...merge, ...asMetadata }),
      step('patch, a table', 'PATCH', one, { metadata: { labels: { a: 'c' } } }, { ...merge, ...asTable }),
      step(
        'apply',
        'PATCH',
        `${one}?fieldManager=m`,
        { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels: { x: 'y' } } },
        { ...apply, ...asMetadata },
      ),
      step(
        'partial apply',
        'PATCH',
        `${one}?fieldManager=m`,
        { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: { name } },
        apply,
      ),
      step('create', 'POST', `${pathOf(Deployment)}?dryRun=All`, { metadata: { name: 'x' } }, asMetadata),
      step('unmake', 'DELETE', one, undefined, asMetadata),
    ]
  })
  yield around('deletion by query', Secret, ({ path: one }) => [
    ...[
      'gracePeriodSeconds=x',
      'gracePeriodSeconds=-1',
      'propagationPolicy=Bogus',
      'orphanDependents=x',
      'orphanDependents=true&propagationPolicy=Orphan',
      'dryRun=x',
      'dryRun=All',
      'dryRun=All&gracePeriodSeconds=5',
      'preconditions.uid=1',
      'ignoreStoreReadErrorWithClusterBreakingPotential=true',
    ].map(query => step(query, 'DELETE', `${one}?${query}`)),
    step('body and query', 'DELETE', `${one}?dryRun=All`, options({ propagationPolicy: 'Sideways' })),
    step(
      'body and query differ',
      'DELETE',
      `${one}?propagationPolicy=Orphan`,
      options({ dryRun: ['All'], propagationPolicy: 'Foreground' }),
    ),
    step('strict', 'DELETE', one, { ...options({ dryRun: ['All'] }), bogus: 1 }),
    step('YAML', 'DELETE', one, 'kind: DeleteOptions\napiVersion: v1\ndryRun: [All]\n', yaml),
    step('another version', 'DELETE', one, { kind: 'DeleteOptions', apiVersion: 'apps/v1', dryRun: ['All'] }),
    step('metav1', 'DELETE', one, { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', dryRun: ['All'] }),
    step('wrong version and uid', 'DELETE', one, options({ preconditions: { uid: 'x', resourceVersion: '1' } })),
    step('empty preconditions', 'DELETE', one, options({ preconditions: {}, dryRun: ['All'] })),
    step('text for a number', 'DELETE', one, options({ gracePeriodSeconds: '5' })),
    step('wrong type', 'DELETE', one, '{}', { contentType: 'text/plain' }),
    step('unmake', 'DELETE', one),
  ])
}

const identities: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['user', { 'impersonate-user': 'jane' }],
  ['node', { 'impersonate-user': 'system:node:n1', 'impersonate-group': 'system:nodes' }],
  ['account', { 'impersonate-user': 'system:serviceaccount:corpus:default' }],
  ['bad account', { 'impersonate-user': 'system:serviceaccount:corpus' }],
  ['masters', { 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' }],
  ['group alone', { 'impersonate-group': 'system:masters' }],
  ['uid alone', { 'impersonate-uid': '5' }],
  ['extra alone', { 'impersonate-extra-scopes': 'a' }],
  ['uid', { 'impersonate-user': 'jane', 'impersonate-uid': '5' }],
  ['extra', { 'impersonate-user': 'jane', 'impersonate-extra-example.com%2fscopes': 'a' }],
  ['anonymous', { 'impersonate-user': 'system:anonymous' }],
  ['nobody', { 'impersonate-user': '' }],
]

function* impersonation(): Generator<Case> {
  const review = (kind: string) => ({ apiVersion: 'authentication.k8s.io/v1', kind })
  yield {
    name: 'impersonation',
    steps: identities.flatMap(([label, headers]) => [
      step(
        `${label} reviews itself`,
        'POST',
        '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        review('SelfSubjectReview'),
        { headers },
      ),
      step(`${label} lists pods`, 'GET', pathOf(Pod), undefined, { headers }),
      step(`${label} gets a secret`, 'GET', pathOf(Secret, 'none'), undefined, { headers }),
      step(`${label} makes`, 'POST', `${pathOf(ConfigMap)}?dryRun=All`, { metadata: { name: 'i' } }, { headers }),
      step(`${label} deletes all`, 'DELETE', `${pathOf(ConfigMap)}?dryRun=All`, undefined, { headers }),
      step(
        `${label} asks`,
        'POST',
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        { spec: { resourceAttributes: { verb: 'list', resource: 'pods' } } },
        { headers },
      ),
      step(`${label} reads /livez`, 'GET', '/livez', undefined, { headers }),
    ]),
  }
}

const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  'v1/Pod': [
    'spec.nodeName=a',
    'status.phase=Pending',
    'status.phase!=Pending',
    'spec.restartPolicy=Always',
    'spec.schedulerName=default-scheduler',
    'spec.serviceAccountName=default',
    'status.podIP=',
    'spec.hostNetwork=false',
    'status.nominatedNodeName=',
    'status.podIPs=1',
    'spec.nodeName=,status.phase=Pending',
  ],
  'v1/Node': ['spec.unschedulable=false', 'spec.unschedulable=x', 'spec.podCIDR=1'],
  'v1/Secret': ['type=Opaque', 'type!=Opaque', 'data=1'],
  'v1/Service': ['spec.type=ClusterIP', 'spec.clusterIP=None', 'spec.ports=1'],
  'v1/Namespace': ['status.phase=Active', 'name=default'],
  'v1/Event': [
    'involvedObject.kind=Pod',
    'reason=x',
    'type=Normal',
    'source=x',
    'reportingComponent=x',
    'regarding.kind=Pod',
  ],
  'v1/ReplicationController': ['status.replicas=0', 'status.replicas=x'],
  'batch/v1/Job': ['status.successful=0', 'status.succeeded=0'],
  'certificates.k8s.io/v1/CertificateSigningRequest': ['spec.signerName=a', 'status.x=a'],
  'apps/v1/ReplicaSet': ['status.replicas=0'],
  'apps/v1/Deployment': ['status.replicas=0', 'metadata.namespace=corpus'],
}

function* fieldSelectors(): Generator<Case> {
  for (const kind of storedKinds) {
    const selectors = fieldsOf[keyOf(kind)]
    if (!selectors) continue
    yield around(`field selectors ${keyOf(kind)}`, kind, ({ name, path }) => [
      ...selectors.map(selector =>
        step(
          selector,
          'GET',
          `${pathOf(kind)}?fieldSelector=${encodeURIComponent(`metadata.name=${name},${selector}`)}`,
        ),
      ),
      ...selectors.map(selector =>
        step(
          `delete ${selector}`,
          'DELETE',
          `${pathOf(kind)}?dryRun=All&fieldSelector=${encodeURIComponent(`metadata.name=${name},${selector}`)}`,
        ),
      ),
      step('unmake', 'DELETE', path),
    ])
  }
}

/** Tables of single objects, in all their forms. */
function* tables(): Generator<Case> {
  for (const kind of storedKinds)
    yield around(`tables ${keyOf(kind)}`, kind, ({ path }) => [
      ...['', '?includeObject=Object', '?includeObject=Metadata', '?includeObject=None', '?includeObject=bogus'].map(
        query => step(`table ${query}`, 'GET', `${path}${query}`, undefined, asTable),
      ),
      step('table or JSON', 'GET', path, undefined, {
        headers: { accept: `${asTable.headers.accept}, application/json` },
      }),
      step('metadata', 'GET', path, undefined, asMetadata),
      step('YAML', 'GET', path, undefined, asYaml),
      step(
        'made as a table',
        'PATCH',
        `${path}?dryRun=All`,
        { metadata: { labels: { t: 'x' } } },
        { ...merge, ...asTable },
      ),
      step('unmake', 'DELETE', path),
    ])
}

export function* subresourceCases(): Generator<Case> {
  yield* eachSubresource()
  yield* bodies()
  yield* parameters()
  yield* impersonation()
  yield* fieldSelectors()
  yield* tables()
}
