import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nonZeroRequests, podRequests } from './pod-requests.ts'
import { newPod } from './testing/small-cluster.ts'

const container = (name: string, cpu: string, memory: string, more = {}) => ({
  name,
  image: 'app',
  resources: { requests: { cpu, memory } },
  ...more,
})
const shown = (spec: object, status = {}) =>
  Object.fromEntries(podRequests(newPod('p', { spec: spec as never, status: status as never })))

test('a pod asks for what its containers ask for together', () => {
  const containers = [container('a', '100m', '1Mi'), container('b', '1', '1Mi')]
  assert.deepEqual(shown({ containers }), { cpu: 1100, memory: 2 * 2 ** 20 })
})

test('an init container counts where it needs more than what runs later', () => {
  const containers = [container('a', '100m', '10Mi')]
  const initContainers = [container('i', '2', '1Mi'), container('j', '1', '2Mi')]
  assert.deepEqual(shown({ containers, initContainers }), { cpu: 2000, memory: 10 * 2 ** 20 })
})

test('a sidecar runs beside the containers and the init containers after it (KEP-753)', () => {
  const containers = [container('a', '1', '1Mi')]
  const initContainers = [
    container('before', '3', '1Mi'),
    container('sidecar', '500m', '4Mi', { restartPolicy: 'Always' }),
    container('after', '2800m', '1Mi'),
  ]
  assert.deepEqual(shown({ containers, initContainers }), { cpu: 3300, memory: 5 * 2 ** 20 })
})

test('pod-level requests replace the sum (KEP-2837), overhead is added (KEP-688)', () => {
  const containers = [container('a', '1', '1Mi')]
  const spec = { containers, resources: { requests: { cpu: '3' } }, overhead: { cpu: '250m', memory: '1Mi' } }
  assert.deepEqual(shown(spec), { cpu: 3250, memory: 2 * 2 ** 20 })
})

test('while it is being shrunk, a pod on a node keeps what it has (KEP-1287)', () => {
  const containers = [container('a', '1', '1Mi')]
  const containerStatuses = [{ name: 'a', allocatedResources: { cpu: '2', memory: '1Mi' } }]
  assert.equal(shown({ containers, nodeName: 'n' }, { containerStatuses }).cpu, 2000)
})

test('a pod counts by the figures of its node, and by what is in force where a resize is infeasible', () => {
  const containers = [container('a', '4', '1Mi')]
  const status = {
    allocatedResources: { cpu: '1', memory: '3Mi' },
    resources: { requests: { cpu: '2', memory: '1Mi' } },
  }
  assert.deepEqual(shown({ containers, nodeName: 'n' }, status), { cpu: 4000, memory: 3 * 2 ** 20 })
  const conditions = [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }]
  assert.deepEqual(shown({ containers, nodeName: 'n' }, { ...status, conditions }), { cpu: 2000, memory: 3 * 2 ** 20 })
  const containerStatuses = [{ name: 'a', resources: { requests: { cpu: '3', memory: '1Mi' } } }]
  assert.equal(shown({ containers, nodeName: 'n' }, { containerStatuses, conditions }).cpu, 3000)
})

test('containers without requests count a little when nodes are scored', () => {
  const pod = newPod('p', { spec: { containers: [{ name: 'a' }, container('b', '1', '1Mi')] } })
  assert.deepEqual(nonZeroRequests(pod), { milliCpu: 1100, memoryBytes: 201 * 2 ** 20 })
})
