import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { kinds } from '../../api/kinds.ts'
import { groupsOf } from '../discovery/api-groups.ts'
import { openApiV2 } from './v2.ts'

const file = new URL('../../../../shared/reference/openapi-v2.json', import.meta.url)
const skip = existsSync(file) ? false : 'the reference facts are not beside the repository'

type Json = Record<string, unknown>
const ours = JSON.parse(JSON.stringify(openApiV2(groupsOf(kinds)))) as { paths: Json; definitions: Json }

/** Definitions that differ from upstream's, and why. */
const exceptions: ReadonlySet<string> = new Set([
  // Upstream lists every group version of its registry here, served or not.
  'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
  'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent',
  // Upstream's enum has the empty string, which its own validation refuses.
  'io.k8s.api.core.v1.ServiceSpec',
])

/**
 * Keys and lists sorted, shared parameters put in place: order means nothing in these documents. Descriptions, which are
 * this project's own, left out; a property may be called `description` too.
 */
function normal(value: unknown, parameters: Json): unknown {
  if (Array.isArray(value)) {
    return value
      .map(element => normal(element, parameters))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  const { $ref } = value as { $ref?: unknown }
  if (typeof $ref === 'string' && $ref.startsWith('#/parameters/')) {
    return normal(parameters[$ref.slice('#/parameters/'.length)], parameters)
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => key !== 'description' || typeof member !== 'string')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, normal(member, parameters)]),
  )
}

test('definitions and paths of the declared kinds are upstream’s', { skip }, () => {
  const upstream = JSON.parse(readFileSync(file, 'utf8')) as { paths: Json; definitions: Json; parameters: Json }
  for (const [name, definition] of Object.entries(ours.definitions)) {
    if (exceptions.has(name)) continue
    assert.deepEqual(normal(definition, {}), normal(upstream.definitions[name], upstream.parameters), name)
  }
  for (const [path, item] of Object.entries(ours.paths)) {
    assert.deepEqual(normal(item, {}), normal(upstream.paths[path], upstream.parameters), path)
  }
})

test('every reference leads to a definition', () => {
  for (const match of JSON.stringify(ours).matchAll(/"#\/definitions\/([^"]+)"/g)) {
    assert.ok(match[1]! in ours.definitions, match[1]!)
  }
})
