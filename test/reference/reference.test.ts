/** Discovery, OpenAPI and table columns as a stock API server of v1.37.2 serves them (`shared/reference`). */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { send, startTestServer, type TestServer } from '../../src/apiserver/testing/test-server.ts'
import { type Difference, differences, reference, show, skip } from './compare.ts'
import { differs, notServedYet } from './exceptions.ts'

type Json = Record<string, unknown>

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

let server: TestServer
/** Group versions of the reference that are served. */
let served: ReadonlySet<string>

async function get(path: string, accept = 'application/json'): Promise<Json> {
  const { status, text } = await send(server, 'GET', path, undefined, { accept })
  assert.equal(status, 200, `${path}: ${text.slice(0, 200)}`)
  return JSON.parse(text)
}

/** The exceptions that were met, to find those that are no longer needed. */
const met = new Set<string>()

/** No differences but the listed ones. */
function assertSame(document: string, found: readonly Difference[]): void {
  const unlisted = found.filter(difference => {
    const name = `${document} ${difference.path}`
    const isListed = name in differs
    if (isListed) met.add(name)
    return !isListed
  })
  assert.equal(unlisted.length, 0, `${document}\n${unlisted.slice(0, 40).map(show).join('\n')}`)
}

/** Descriptions are this project's own; a property may be called `description` too. */
const ignoresDescriptions = (key: string, value: unknown): boolean => key === 'description' && typeof value === 'string'
const everythingOrdered = { isOrdered: () => true, ignores: ignoresDescriptions }
const openApi = {
  isOrdered: (path: string) => path.endsWith('x-kubernetes-list-map-keys'),
  ignores: ignoresDescriptions,
}

const isServed = (groupVersion: string): boolean => served.has(groupVersion) || !(groupVersion in notServedYet)

interface DiscoveryGroup {
  metadata: { name?: string }
  versions: { version: string; resources: { resource: string; verbs: string[] }[] }[]
}

const groupVersionOf = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`)

/** The groups and versions of the reference without those that are listed as missing. */
const servedPart = (items: DiscoveryGroup[]): DiscoveryGroup[] =>
  items
    .map(({ metadata, versions }) => ({
      metadata,
      versions: versions.filter(({ version }) => isServed(groupVersionOf(metadata.name ?? '', version))),
    }))
    .filter(({ versions }) => versions.length > 0)

interface OpenApiV2 {
  readonly paths: Json
  readonly definitions: Json
  readonly parameters: Json
}

/** Shared parameters put in place; only what the served groups and versions have and refer to. */
function servedDocument({ parameters, ...document }: OpenApiV2): unknown {
  const inPlace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inPlace)
    if (typeof value !== 'object' || value === null) return value
    const { $ref } = value as { $ref?: unknown }
    if (typeof $ref === 'string' && $ref.startsWith('#/parameters/')) return parameters[$ref.slice(13)]
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inPlace(member)]))
  }
  const isServedPath = (path: string): boolean => {
    const [root, group = '', version = ''] = path.split('/').filter(part => part !== '')
    if (root !== 'apis' || group === '') return true
    return version === '' ? [...served].some(one => one.startsWith(`${group}/`)) : isServed(`${group}/${version}`)
  }
  const paths = Object.fromEntries(Object.entries(document.paths).filter(([path]) => isServedPath(path)))
  const definitions: Json = {}
  const collect = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      if (name in definitions) continue
      definitions[name] = document.definitions[name]
      collect(definitions[name])
    }
  }
  const placed = inPlace(paths)
  collect(placed)
  return { ...document, paths: placed, definitions }
}

describe('the reference', { skip }, () => {
  before(async () => {
    server = await startTestServer()
    const groups = (await get('/apis', aggregated)).items as DiscoveryGroup[]
    served = new Set(
      groups.flatMap(({ metadata, versions }) =>
        versions.map(({ version }) => groupVersionOf(metadata.name ?? '', version)),
      ),
    )
  })
  after(() => server.close())

  for (const [path, file] of [
    ['/api', 'discovery/api.json'],
    ['/apis', 'discovery/apis.json'],
  ] as const) {
    test(`aggregated discovery of ${path}`, async () => {
      const theirs = reference(file) as { items: DiscoveryGroup[] }
      const ours = await get(path, aggregated)
      assertSame(path, differences(ours, { ...theirs, items: servedPart(theirs.items) }, everythingOrdered))
    })
  }

  test('plain discovery', async () => {
    const { groups, ...rest } = reference('discovery/apis-plain.json') as {
      groups: { name: string; versions: Json[] }[]
    }
    const served = groups.filter(({ versions }) => versions.some(one => isServed(String(one.groupVersion))))
    const found = differences(await get('/apis'), { ...rest, groups: served }, everythingOrdered)
    const versionsOfServed = found.filter(({ path }) => !/^groups \d+ (versions|preferredVersion)/.test(path))
    assertSame('/apis', Object.keys(notServedYet).some(one => !isServed(one)) ? versionsOfServed : found)
    assertSame('/api/v1', differences(await get('/api/v1'), reference('discovery/api-v1.json'), everythingOrdered))
  })

  test('OpenAPI v3', async () => {
    const theirs = reference('openapi-v3/index.json') as string[]
    const ours = (await get('/openapi/v3')).paths as Json
    const wanted = theirs.filter(name => {
      const [, group = '', version = ''] = name.split('/')
      if (!name.startsWith('apis/')) return true
      return version === '' ? [...served].some(one => one.startsWith(`${group}/`)) : isServed(`${group}/${version}`)
    })
    assert.deepEqual(Object.keys(ours).sort(), wanted.sort())
    for (const name of wanted) {
      const document = reference(`openapi-v3/${name.replaceAll('/', '__')}.json`)
      assertSame(name, differences(await get(`/openapi/v3/${name}`), document, openApi))
    }
  })

  test('OpenAPI v2', async () => {
    const theirs = servedDocument(reference('openapi-v2.json') as OpenApiV2)
    const ours = await get('/openapi/v2')
    assertSame('v2', differences(ours, theirs, openApi))
  })

  test('table columns', async () => {
    const theirs = reference('table-columns.json') as Record<string, unknown>
    const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1'
    for (const [key, columns] of Object.entries(theirs)) {
      const [group = '', version = '', plural = ''] = key.split('/')
      if (!isServed(groupVersionOf(group, version))) continue
      const root = group === '' ? '/api/v1' : `/apis/${group}/${version}`
      const { columnDefinitions } = await get(`${root}/${plural}`, accept)
      assertSame(`columns of ${key}`, differences(columnDefinitions, columns, everythingOrdered))
    }
  })

  test('no exception is listed that is not needed', () => {
    assert.deepEqual([...met].sort(), Object.keys(differs).sort())
  })
})
