import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlowSchema } from '../../api/flowcontrol/v1/flow-schema.ts'
import { statusOf } from './flow-keeper.ts'

const now = '2026-01-02T03:04:05Z'
const schema = (conditions?: FlowSchema['status']['conditions']) =>
  ({
    metadata: { name: 's' },
    spec: { priorityLevelConfiguration: { name: 'l' }, matchingPrecedence: 1 },
    status: conditions ? { conditions } : {},
  }) as FlowSchema

test('a schema dangles while its priority level does not exist', () => {
  const dangling = statusOf(schema(), new Set(), now)
  assert.deepEqual(dangling?.conditions, [
    {
      type: 'Dangling',
      status: 'True',
      lastTransitionTime: now,
      reason: 'NotFound',
      message: 'This FlowSchema references the PriorityLevelConfiguration object named "l" but there is no such object',
    },
  ])
  assert.equal(statusOf(schema(dangling?.conditions), new Set(), now), undefined)
  const found = statusOf(schema(dangling?.conditions), new Set(['l']), now)
  assert.equal(found?.conditions?.length, 1)
  assert.equal(found?.conditions?.[0]?.status, 'False')
})
