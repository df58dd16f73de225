import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf } from '../testing/errors-of.ts'

const object = (kind: string, spec: object, status?: object) => ({
  apiVersion: 'resource.k8s.io/v1',
  kind,
  spec,
  ...(status ? { status } : {}),
})
const claim = (devices: object, status?: object) => object('ResourceClaim', { devices }, status)
const request = (more: object = {}) => ({ name: 'r', exactly: { deviceClassName: 'c', ...more } })

test('a request is for devices of one class, or names alternatives', () => {
  assert.deepEqual(errorsOf(claim({ requests: [request()] })), [])
  assert.deepEqual(errorsOf(claim({ requests: [{ name: 'r' }, request({ allocationMode: 'All', count: 2 })] })), [
    'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
    "spec.devices.requests[1].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'",
    'spec.devices.requests[1]: Duplicate value: {"name":"r","exactly":{"deviceClassName":"c","allocationMode":"All","count":2}}',
  ])
})

test('selectors are expressions over devices that give true or false', () => {
  const selected = (expression: string) =>
    errorsOf(claim({ requests: [request({ selectors: [{ cel: { expression } }] })] }))
  assert.deepEqual(selected('device.attributes["d.example.com"].model == "x"'), [])
  assert.deepEqual(selected('device.capacity["d"].memory.compareTo(quantity("1Gi")) >= 0'), [])
  assert.match(selected('device.driver')[0]!, /must evaluate to bool or the unknown type, not string$/)
  assert.match(selected('device.nothing')[0]!, /undefined field 'nothing'/)
})

test('configuration and constraints are for requests of the claim', () => {
  const config = [{ requests: ['r', 'q'], opaque: { driver: 'd', parameters: { a: 1 } } }]
  assert.deepEqual(errorsOf(claim({ requests: [request()], config, constraints: [{ matchAttribute: 'a' }] })), [
    'spec.devices.config[0].requests[1]: Invalid value: "q": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
    'spec.devices.constraints[0].matchAttribute: Invalid value: "a": a fully qualified name must be a domain and a name separated by a slash',
  ])
})

test('an allocation stays as it is, and is there before anyone uses the claim', () => {
  const devices = { requests: [request()] }
  const allocation = (device: string) => ({ devices: { results: [{ request: 'r', driver: 'd', pool: 'p', device }] } })
  const reservedFor = [{ resource: 'pods', name: 'p', uid: 'u' }]
  const before = claim(devices, {})
  assert.deepEqual(errorsOf(claim(devices, { allocation: allocation('x'), reservedFor }), before, 'status'), [])
  assert.deepEqual(errorsOf(claim(devices, { reservedFor }), before, 'status'), [
    'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
  ])
  const allocated = claim(devices, { allocation: allocation('x') })
  assert.deepEqual(errorsOf(claim(devices, { allocation: allocation('y') }), allocated, 'status'), [
    'status.allocation: Invalid value: null: field cannot be modified once set',
  ])
})

test('a slice says which nodes have its devices', () => {
  const slice = (spec: object) =>
    object('ResourceSlice', { driver: 'd', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, ...spec })
  const device = { name: 'x', attributes: { model: { string: 'm' } }, capacity: { memory: { value: '1Gi' } } }
  assert.deepEqual(errorsOf(slice({ nodeName: 'n', devices: [device] })), [])
  assert.deepEqual(errorsOf(slice({ nodeName: 'n', allNodes: true })), [
    'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
  ])
  assert.deepEqual(errorsOf(slice({ nodeName: 'n', devices: [{ ...device, attributes: { a: { version: '1' } } }] })), [
    'spec.devices[0].attributes[a].version: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0',
  ])
})

test('shared capacity comes in steps from the least amount', () => {
  const range = (validRange: object) => ({
    name: 'x',
    allowMultipleAllocations: true,
    capacity: { memory: { value: '10Gi', requestPolicy: { default: '3Gi', validRange } } },
  })
  const slice = (device: object) =>
    object('ResourceSlice', {
      driver: 'd',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      nodeName: 'n',
      devices: [device],
    })
  assert.deepEqual(errorsOf(slice(range({ min: '1Gi', max: '5Gi', step: '2Gi' }))), [])
  assert.deepEqual(errorsOf(slice(range({ min: '1Gi', max: '4Gi', step: '2Gi' }))), [
    'spec.devices[0].capacity[memory].requestPolicy.validRange.step: Invalid value: "4Gi": value is not a multiple of a given step (2Gi) from (1Gi)',
  ])
})
