import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../api/core/v1/pod.ts'
import { ResourceSlice } from '../api/resource/v1/resource-slice.ts'
import { dropDisabledFields } from './disabled-fields.ts'

const slice = (attribute: object) => ({ spec: { devices: [{ name: 'a', attributes: { ints: attribute } }] } })

test('fields of features that are off go, things of the same name stay', () => {
  const object = slice({ ints: [1], int: 2 })
  dropDisabledFields(ResourceSlice, object, undefined)
  assert.deepEqual(object, slice({ int: 2 }))
})

test('fields of a feature that the old object uses stay', () => {
  const object = { ...slice({ ints: [1] }), metadata: {} }
  Object.assign(object.spec, { skipNodeOperations: ['*'] })
  dropDisabledFields(ResourceSlice, object, slice({ strings: ['x'] }))
  assert.deepEqual(object, { ...slice({ ints: [1] }), metadata: {} })
})

const pod = (lifecycle: object) => ({ spec: { containers: [{ name: 'c', lifecycle }] } })

test('a lifecycle that held nothing but its stop signal goes with it; an empty one stays', () => {
  const made = pod({ stopSignal: 'SIGINT' })
  dropDisabledFields(Pod, made, undefined)
  assert.deepEqual(made, { spec: { containers: [{ name: 'c' }] } })
  const empty = pod({})
  dropDisabledFields(Pod, empty, undefined)
  assert.deepEqual(empty, pod({}))
})
