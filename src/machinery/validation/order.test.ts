import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../api/core/v1/pod.ts'
import { IPAddress } from '../../api/networking/v1/ip-address.ts'
import { type FieldError, invalid, required } from '../../schema/field-error.ts'
import { immutableMessage } from './checks.ts'
import { inOrder } from './order.ts'

const fields = (rules: string[], declared: string[]) =>
  inOrder(
    Pod,
    rules.map(field => required(field)),
    declared.map(field => required(field)),
  ).map(({ field }) => field)

test('declared errors stand where upstream checks their fields; rules keep their own order', () => {
  assert.deepEqual(fields(['spec.volumes[1].name', 'spec.affinity'], ['spec.containers', 'spec.volumes[0].csi']), [
    'spec.volumes[0].csi',
    'spec.volumes[1].name',
    'spec.containers',
    'spec.affinity',
  ])
  assert.deepEqual(fields(['spec.tolerations', 'spec.volumes'], ['spec.hostAliases']), [
    'spec.tolerations',
    'spec.volumes',
    'spec.hostAliases',
  ])
})

test("upstream's declarative validation speaks last, and not of what is inside of what never changes", () => {
  const messages = (rules: FieldError[], declared: FieldError[]) =>
    inOrder(IPAddress, rules, declared).map(({ field, message }) => `${field}: ${message}`)
  const missing = required('spec.parentRef.name')
  const group = invalid('spec.parentRef.group', 'a b', 'wrong')
  const changed = invalid('spec.parentRef', null, immutableMessage)
  assert.deepEqual(messages([group], [missing]), [
    'spec.parentRef.group: Invalid value: "a b": wrong',
    'spec.parentRef.name: Required value',
  ])
  assert.deepEqual(messages([changed], [missing]), [
    'spec.parentRef.name: Required value',
    'spec.parentRef: Invalid value: null: field is immutable',
  ])
})
