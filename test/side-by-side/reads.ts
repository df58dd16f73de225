/** Requests that read: versions, limits, selectors, watches, representations and methods in all combinations. */
import type { Case, Step } from './case.ts'
import type { Answer } from './connection.ts'

const partial = (as: string, version = 'v1') => `as=${as};g=meta.k8s.io;v=${version}`
const protobuf = 'application/vnd.kubernetes.protobuf'
const namespacePath = (name: string) => `/api/v1/namespaces/${name}`

const get = (label: string, path: string, accept?: string): Step => ({
  label,
  method: 'GET',
  path,
  ...(accept === undefined ? {} : { headers: { accept } }),
})

const post = (path: string, object: object): Step => ({ label: 'seed', method: 'POST', path, body: () => object })

const configMap = (name: string, app: string) => ({ metadata: { name, labels: { app, name } }, data: { k: name } })

/** A namespace of the case's own with config maps in it; the answers to these steps come first. */
const seeds = (name: string, maps: readonly string[]): Step[] => [
  post('/api/v1/namespaces', { metadata: { name } }),
  ...maps.map(map => post(`${namespacePath(name)}/configmaps`, configMap(map, map < 'c' ? 'one' : 'two'))),
]

const versionOf = (answer: Answer | undefined): string =>
  (answer?.json as { metadata?: { resourceVersion?: string } } | undefined)?.metadata?.resourceVersion ?? ''

const unreadable = ['abc', '-1', '1.5', ' 1', '99999999999999999999']
const matches = ['', 'Exact', 'NotOlderThan', 'Bogus', 'exact']
const limits = ['', '2', '0', '-1', 'x', '1000']
const future = '100000000'

/** Lists at the version of an earlier answer (`$`), at none, at any and at what is none. */
function* listCases(): Generator<Case> {
  const name = 'reads-lists'
  const maps = ['a', 'b', 'c', 'd', 'e']
  const path = `${namespacePath(name)}/configmaps`
  const steps = seeds(name, maps)
  for (const version of ['', '0', '$', ...unreadable]) {
    for (const match of matches) {
      for (const limit of limits) {
        const query = (given: string) =>
          new URLSearchParams(
            Object.entries({ resourceVersion: given, resourceVersionMatch: match, limit }).filter(
              ([, each]) => each !== '',
            ),
          )
        steps.push({
          ...get(`resourceVersion ${version}, match ${match}, limit ${limit}`, path),
          pathOf: answers => `${path}?${query(version === '$' ? versionOf(answers[maps.length]) : version)}`,
        })
      }
    }
  }
  steps.push(get('a version of the future', `${path}?resourceVersion=${future}`))
  for (const version of ['', '0', future, ...unreadable]) {
    steps.push(get(`get at ${version}`, `${path}/a?resourceVersion=${encodeURIComponent(version)}`))
  }
  yield { name: 'lists by version', steps }
}

function* pagingCases(): Generator<Case> {
  const name = 'reads-pages'
  const path = `${namespacePath(name)}/configmaps`
  const steps = seeds(name, ['a', 'b', 'c', 'd', 'e'])
  const token = (answer: Answer | undefined) =>
    (answer?.json as { metadata?: { continue?: string } } | undefined)?.metadata?.continue ?? ''
  steps.push(get('first page', `${path}?limit=2`))
  const first = steps.length - 1
  steps.push({ label: 'a deletion between pages', method: 'DELETE', path: `${path}/d` })
  steps.push({ ...get('second page', path), pathOf: answers => `${path}?limit=2&continue=${token(answers[first])}` })
  steps.push({
    ...get('second page by label', path),
    pathOf: answers => `${path}?limit=2&labelSelector=app&continue=${token(answers[first])}`,
  })
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const v = 'meta.k8s.io/v1'
  const tokens = [
    ...[
      'e30',
      '!',
      encoded({ v, rv: 0, start: 'x' }),
      encoded({ v, rv: 5, start: '' }),
      encoded({ v, rv: '5', start: 'a' }),
    ],
    ...[encoded({ v: 'meta.k8s.io/v2', rv: 5, start: 'a' }), encoded({ v, rv: 5, start: '../x' })],
  ]
  for (const text of tokens) {
    for (const version of ['', '0', '5']) {
      steps.push(get(`token ${text} at ${version}`, `${path}?limit=1&continue=${text}&resourceVersion=${version}`))
    }
    steps.push(get('a token and a match', `${path}?continue=${text}&resourceVersion=1&resourceVersionMatch=Exact`))
  }
  yield { name: 'pages', steps }
}

const labelSelectors = [
  ...[
    'app=one',
    'app==one',
    'app!=one',
    'app in (one,two)',
    'app notin (one)',
    'app',
    '!app',
    'app=one,name=a',
    'app=',
  ],
  ...[
    'app>1',
    'name in ()',
    'app in (one',
    '!',
    ',',
    'app=a=b',
    'a/b/c=1',
    '-x=1',
    'app=_bad',
    'app in one',
    'App Foo',
  ],
  ...['=x', 'app=one,', ' app = one ', 'app=one;name=a', `${'x'.repeat(64)}=1`, `app=${'x'.repeat(64)}`, '(a)'],
]
const fieldSelectors = [
  ...['metadata.name=a', 'metadata.name==a', 'metadata.name!=a', 'metadata.name=a,metadata.name=c', 'metadata.name'],
  ...['metadata.labels.app=one', 'metadata.name=a,', ',', '=', 'metadata.name=a\\,b', 'metadata.name=a\\b'],
  ...['metadata.name=a=b', 'metadata.name in (a)', 'metadata.name=', 'metadata.uid=1', ' metadata.name=a'],
]
const oddQueries = [
  ...['timeoutSeconds=x', 'timeoutSeconds=', 'limit=', 'limit=9223372036854775808', 'limit=0x10', 'watch=0', 'foo=bar'],
  ...['sendInitialEvents=true', 'sendInitialEvents=x', 'allowWatchBookmarks=x', 'includeObject=Foo', 'continue='],
]

function* selectorCases(): Generator<Case> {
  const name = 'reads-selectors'
  const path = `${namespacePath(name)}/configmaps`
  const steps = seeds(name, ['a', 'b', 'c', 'd'])
  for (const selector of labelSelectors) {
    steps.push(get(`labels ${selector}`, `${path}?labelSelector=${encodeURIComponent(selector)}`))
  }
  for (const selector of fieldSelectors) {
    steps.push(get(`fields ${selector}`, `${path}?fieldSelector=${encodeURIComponent(selector)}`))
  }
  for (const query of oddQueries) steps.push(get(query, `${path}?${query}`))
  yield { name: 'selectors', steps }
}

const watchQueries = [
  ...['', 'resourceVersion=0', 'resourceVersion=$', `resourceVersion=${future}`, 'resourceVersion=abc'],
  ...[
    'resourceVersionMatch=NotOlderThan',
    'resourceVersionMatch=Exact',
    'sendInitialEvents=true',
    'sendInitialEvents=false',
  ],
  ...['sendInitialEvents=true&resourceVersionMatch=Exact', 'sendInitialEvents=true&resourceVersionMatch=Bogus'],
  ...['sendInitialEvents=true&resourceVersionMatch=NotOlderThan', 'continue=abc', 'continue=abc&resourceVersion=$'],
  ...['sendInitialEvents=false&resourceVersionMatch=NotOlderThan', 'labelSelector=app%3Done', 'limit=1'],
  ...['sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=$', 'fieldSelector=data.x%3Df'],
  ...[`sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=${future}`, 'labelSelector=('],
  ...['resourceVersion=$&labelSelector=app%3Dtwo', 'resourceVersion=$&fieldSelector=metadata.name%3Dc'],
]

/** Each ends by itself after a second. */
function* watchCases(): Generator<Case> {
  for (const [i, query] of watchQueries.entries()) {
    const name = `reads-watch-${i}`
    const path = `${namespacePath(name)}/configmaps`
    const steps = seeds(name, ['a', 'b', 'c'])
    for (const bookmarks of ['', '&allowWatchBookmarks=true']) {
      steps.push({
        ...get(`${query}${bookmarks}`, path),
        pathOf: answers =>
          `${path}?watch=1&timeoutSeconds=1&${query.replaceAll('$', versionOf(answers[1]))}${bookmarks}`,
      })
    }
    yield { name: 'watches', steps }
  }
}

const accepts = [
  ...[
    'application/json',
    '*/*',
    'application/*',
    'text/html',
    '',
    'application/cbor',
    'APPLICATION/JSON',
    'garbage',
    ';',
  ],
  ...['application/json;q=0.1, application/yaml;q=0.5', 'text/html, application/json', 'application/json;stream=watch'],
  ...['application/json;stream=foo', 'application/json;sv=v1', 'application/json;sv=v2', 'application/json;pretty=1'],
  ...['application/json;foo=bar', 'application/json;q=x', 'application/yaml;q=0.9,*/*;q=0.8', 'application/x-yaml'],
  ...['application/json;as=Table', 'application/json;g=meta.k8s.io;v=v1', `application/json;${partial('Foo')}`],
  ...['v1', 'v1beta1', 'v2'].flatMap(version =>
    ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'].map(
      as => `application/json;${partial(as, version)}`,
    ),
  ),
  `${protobuf};${partial('Table')}, application/json`,
  `application/json;${partial('Table')}, application/json;${partial('Table', 'v1beta1')}, application/json`,
]
const contentTypes = [
  ...['application/cbor', 'text/plain', 'garbage', 'application/json; charset=utf-8', 'application/json;x'],
  ...['application/merge-patch+json', 'APPLICATION/JSON', 'application/apply-patch+cbor'],
]

function* formCases(): Generator<Case> {
  const name = 'reads-forms'
  const path = `${namespacePath(name)}/configmaps`
  const steps = seeds(name, ['a', 'b'])
  for (const accept of accepts) {
    for (const target of [`${path}/a`, path, `${path}/none`, `${path}?labelSelector=none`]) {
      steps.push(get(`Accept ${accept}`, target, accept))
    }
  }
  for (const includeObject of ['None', 'Object', 'Metadata', '', 'none']) {
    steps.push(get('includeObject', `${path}?includeObject=${includeObject}`, `application/json;${partial('Table')}`))
  }
  for (const type of contentTypes) {
    const sent = { contentType: type, body: () => '{"metadata":{"name":"not a name"}}' }
    steps.push({ label: `Content-Type ${type}`, method: 'POST', path, ...sent })
    steps.push({ label: `Content-Type ${type}`, method: 'PATCH', path: `${path}/a`, ...sent })
  }
  yield { name: 'representations', steps }
}

const methods = ['HEAD', 'OPTIONS', 'PUT', 'POST', 'DELETE', 'PATCH']

function* routeCases(): Generator<Case> {
  const name = 'reads-routes'
  const pods = `${namespacePath(name)}/pods`
  const steps = seeds(name, [])
  const paths = [
    pods,
    '/version',
    '/api',
    '/foo',
    '/api/v1',
    '/healthz',
    '/api/v1/pods',
    '/api/v1/nope',
    `${pods}/p/nope`,
  ]
  for (const path of paths) {
    for (const method of methods) {
      const isWrite = path === pods && (method === 'DELETE' || method === 'POST')
      if (!isWrite) steps.push({ label: `${method} ${path}`, method, path })
    }
    // The bytes of a list hold its version.
    const types = path.endsWith('/pods') ? ['text/html'] : ['text/html', protobuf]
    for (const type of types) steps.push(get(type, path, type))
  }
  yield { name: 'routes', steps }
}

/** Some 900 requests. */
export function* readCases(): Generator<Case> {
  yield* listCases()
  yield* pagingCases()
  yield* selectorCases()
  yield* watchCases()
  yield* formCases()
  yield* routeCases()
}
