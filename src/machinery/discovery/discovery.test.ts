import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../api/kinds.ts'
import { compareVersions, groupsOf } from './api-groups.ts'
import { groupOf } from './plain.ts'

const groups = groupsOf(kinds)

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
