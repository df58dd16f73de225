import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { kinds } from '../../api/kinds.ts'
import { aggregatedCore, aggregatedGroups } from './aggregated.ts'
import { compareVersions, groupsOf } from './api-groups.ts'
import { groupListOf, groupOf, resourceListOf } from './plain.ts'

const folder = new URL('../../../../shared/reference/discovery/', import.meta.url)
const skip = existsSync(folder) ? false : 'the reference facts are not beside the repository'
const reference = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const groups = groupsOf(kinds)
const plainValue = (value: unknown) => JSON.parse(JSON.stringify(value))

interface Named {
  metadata: { name?: string }
  versions: { version: string }[]
}

/** The reference without the groups and versions that are not declared. */
function declared(items: Named[]): unknown[] {
  const served = new Map(groups.map(group => [group.name, group.versions.map(({ version }) => version)]))
  return items
    .filter(item => served.has(item.metadata.name ?? ''))
    .map(item => ({
      ...item,
      versions: item.versions.filter(({ version }) => served.get(item.metadata.name ?? '')?.includes(version)),
    }))
}

test('aggregated discovery of the core group is upstream’s', { skip }, () => {
  assert.deepEqual(plainValue(aggregatedCore(groups)).items, declared(reference('api.json').items))
})

test('aggregated discovery of the other groups is upstream’s', { skip }, () => {
  assert.deepEqual(plainValue(aggregatedGroups(groups)).items, declared(reference('apis.json').items))
})

test('the list of core resources is upstream’s', { skip }, () => {
  const core = groups[0]?.versions[0]
  assert.ok(core)
  assert.deepEqual(plainValue(resourceListOf(core)), reference('api-v1.json'))
})

test('the plain list of groups keeps upstream’s order', { skip }, () => {
  const names = groupListOf(groups).groups.map(group => group.name)
  const upstream: { name: string }[] = reference('apis-plain.json').groups
  assert.deepEqual(
    names,
    upstream.map(group => group.name).filter(name => names.includes(name)),
  )
})

test('a group names its preferred version', () => {
  const apps = groups.find(group => group.name === 'apps')
  assert.ok(apps)
  assert.deepEqual(groupOf(apps), {
    kind: 'APIGroup',
    apiVersion: 'v1',
    name: 'apps',
    versions: [{ groupVersion: 'apps/v1', version: 'v1' }],
    preferredVersion: { groupVersion: 'apps/v1', version: 'v1' },
  })
})

test('versions are ordered by maturity, then by number', () => {
  assert.deepEqual(['v1alpha1', 'v2', 'foo', 'v1', 'v2beta1', 'v10', 'v2beta2'].sort(compareVersions), [
    'v10',
    'v2',
    'v1',
    'v2beta2',
    'v2beta1',
    'v1alpha1',
    'foo',
  ])
})
