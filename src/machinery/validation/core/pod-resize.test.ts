import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf } from '../testing/errors-of.ts'

const pod = (resources: object, more: object = {}, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...(more as { metadata?: object }).metadata },
  spec: { containers: [{ name: 'c', image: 'i', resources }], ...spec },
  status: { qosClass: 'Burstable', ...(more as { status?: object }).status },
})
const cpu = (amount: string) => ({ requests: { cpu: amount } })
const resize = (now: ReturnType<typeof pod>, old: ReturnType<typeof pod>) => errorsOf(now, old, 'resize')

test('cpu and memory may change, be added, and nothing else', () => {
  assert.deepEqual(resize(pod(cpu('2')), pod(cpu('1'))), [])
  assert.deepEqual(resize(pod({ requests: { cpu: '2', memory: '1Mi' }, limits: { cpu: '3' } }), pod(cpu('1'))), [])
  const other = pod({ requests: { cpu: '1', 'ephemeral-storage': '1Gi' } })
  assert.deepEqual(resize(other, pod(cpu('1'))), ['spec: Forbidden: only cpu and memory resources are mutable'])
  const policies = { containers: [{ name: 'c', image: 'i', resources: cpu('1'), resizePolicy: [] }] }
  assert.deepEqual(resize(pod({}, {}, policies), pod(cpu('1'))), [])
  const image = { containers: [{ name: 'c', image: 'j', resources: cpu('1') }] }
  assert.deepEqual(resize(pod({}, {}, image), pod(cpu('1'))), [
    'spec: Forbidden: only cpu and memory resources are mutable',
  ])
  assert.deepEqual(resize(pod(cpu('2'), {}, { hostname: 'other' }), pod(cpu('1'))), [
    'spec: Forbidden: only cpu and memory resources are mutable',
  ])
})

test('nothing is taken away, and the quality of service stays', () => {
  assert.deepEqual(resize(pod({ requests: { cpu: '1' } }), pod({ requests: { cpu: '1', memory: '1Mi' } })), [
    'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
  ])
  const both = { cpu: '1', memory: '1Mi' }
  assert.deepEqual(resize(pod({ requests: both, limits: both }), pod({ requests: both, limits: { cpu: '1' } })), [
    'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
  ])
})

test('containers stay as they are ordered', () => {
  const two = (a: string, b: string) =>
    pod({}, {}, { containers: [a, b].map(name => ({ name, image: 'i', resources: cpu('1') })) })
  assert.deepEqual(resize(two('b', 'a'), two('a', 'b')), [
    'spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize',
    'spec.containers[1].name: Forbidden: containers may not be renamed or reordered on resize',
  ])
  assert.deepEqual(resize(two('a', 'b'), pod(cpu('1'))), [
    'spec.containers: Forbidden: containers may not be added or removed on resize',
  ])
})

test('pods that nobody can resize: static ones, those of Windows, those on nodes that tell no resources', () => {
  const mirror = pod(cpu('1'), { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } })
  assert.deepEqual(resize(mirror, mirror), ['[]: Forbidden: static pods cannot be resized'])
  const windows = pod(cpu('1'), {}, { os: { name: 'windows' } })
  assert.deepEqual(resize(windows, windows), ['[]: Forbidden: windows pods cannot be resized'])
  const containerStatuses = [{ name: 'c', state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }]
  const running = (amount: string) => pod(cpu(amount), { status: { containerStatuses } })
  assert.deepEqual(resize(running('2'), running('1')), [
    'spec: Forbidden: Pod running on node without support for resize',
  ])
})

test('pod-level resources are resized like those of containers', () => {
  const whole = (resources: object | undefined) => pod(cpu('1'), {}, resources === undefined ? {} : { resources })
  assert.deepEqual(resize(whole({ requests: { cpu: '3' } }), whole({ requests: { cpu: '2' } })), [])
  assert.deepEqual(resize(whole({ requests: { cpu: '3' } }), whole(undefined)), [])
  assert.deepEqual(resize(whole({ requests: { cpu: '2' } }), whole({ requests: { cpu: '2', memory: '1Mi' } })), [
    'spec.resources.requests: Forbidden: pod-level resource requests cannot be removed',
  ])
})

test('an init container may be resized where its policy does not ask for a new start', () => {
  const init = (amount: string, restartPolicy: string) =>
    pod(
      cpu('1'),
      {},
      {
        initContainers: [
          { name: 'i', image: 'i', resources: cpu(amount), resizePolicy: [{ resourceName: 'cpu', restartPolicy }] },
        ],
      },
    )
  assert.deepEqual(resize(init('2', 'NotRequired'), init('1', 'NotRequired')), [])
  const errors = resize(init('2', 'RestartContainer'), init('1', 'RestartContainer'))
  assert.ok(
    errors.includes(
      'spec.initContainers[0]: Forbidden: non-sidecar init containers with a resize policy of RestartContainer cannot be resized',
    ),
    errors.join('\n'),
  )
})
