import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../api/core/v1/pod.ts'
import { required } from '../../schema/field-error.ts'
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
