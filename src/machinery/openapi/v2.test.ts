import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../api/kinds.ts'
import { groupsOf } from '../discovery/api-groups.ts'
import { openApiV2 } from './v2.ts'

type Json = Record<string, unknown>
const ours = JSON.parse(JSON.stringify(openApiV2(groupsOf(kinds)))) as { paths: Json; definitions: Json }

test('every reference leads to a definition', () => {
  for (const match of JSON.stringify(ours).matchAll(/"#\/definitions\/([^"]+)"/g)) {
    assert.ok(match[1]! in ours.definitions, match[1]!)
  }
})

test('what is the same everywhere names each group and version once', () => {
  const { 'x-kubernetes-group-version-kind': kinds } = ours.definitions[
    'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'
  ] as { 'x-kubernetes-group-version-kind': { group: string; version: string }[] }
  const names = kinds.map(({ group, version }) => `${group}/${version}`)
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.includes('extensions/v1beta1'))
})
