import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf } from '../testing/errors-of.ts'

const pod = (status: object, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  status,
})
const reported = (status: object, old: object = {}, spec: object = {}): string[] =>
  errorsOf(pod(status, spec), pod(old, spec), 'status')

test('addresses agree with each other, and those of before are kept', () => {
  assert.deepEqual(reported({ podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }, { ip: 'fd00::1' }] }), [])
  assert.deepEqual(reported({ podIP: '10.1.2.4', podIPs: [{ ip: '10.1.2.3' }] }), [
    'status.podIPs[0].ip: Invalid value: "10.1.2.3": must be equal to `podIP`',
  ])
  assert.deepEqual(reported({ hostIP: '10.1.2.3', hostIPs: [{ ip: 'x' }] }), [
    'status.hostIPs[0].ip: Invalid value: "x": must be equal to `hostIP`',
    'status.hostIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ])
  assert.deepEqual(reported({ hostIP: 'x', hostIPs: [{ ip: 'x' }] }, { hostIP: 'x', hostIPs: [{ ip: 'x' }] }), [])
})

test('the class of service never changes, and a container that has ended stays ended', () => {
  assert.deepEqual(reported({ qosClass: 'Burstable' }, { qosClass: 'BestEffort' }), [
    'status.qosClass: Invalid value: "Burstable": field is immutable',
  ])
  const ended = { name: 'c', state: { terminated: { exitCode: 0 } } }
  const running = { name: 'c', state: { running: {} } }
  assert.deepEqual(
    reported({ containerStatuses: [running] }, { containerStatuses: [ended] }, { restartPolicy: 'Never' }),
    ['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'],
  )
})

test('the health of devices is one of three, and each is named once', () => {
  const resources = [{ resourceID: 'a', health: 'Healthy' }, { resourceID: 'a' }]
  const statuses = [{ name: 'other', allocatedResourcesStatus: [{ name: 'x', resources }] }]
  assert.deepEqual(reported({ containerStatuses: statuses }), [
    'status.containerStatuses[0].allocatedResourcesStatus[0].resources[1].health: Unsupported value: "": supported values: "Healthy", "Unhealthy", "Unknown"',
    'status.containerStatuses[0].allocatedResourcesStatus[0].resources[1].resourceID: Duplicate value: "a"',
  ])
})
