import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../api/core/v1/node.ts'
import { MemoryReader } from '../authorization/testing/memory-reader.ts'
import type { AdmissionAttributes } from './admission.ts'
import { NodeDeclaredFeatureValidator } from './node-declared-features.ts'
import { PodResizeValidator } from './pod-resize-validator.ts'
import { attributesOf } from './testing/attributes.ts'

const pod = (requests: object, generation: number, more: object = {}) => ({
  metadata: { name: 'x', generation },
  spec: { nodeName: 'n', containers: [{ name: 'c', resources: { requests } }], ...more },
})
const update = (object: object, oldObject: object, subresource = 'resize'): AdmissionAttributes =>
  attributesOf({ operation: 'UPDATE', name: 'x', subresource, object, oldObject })

function readerWith(status: object, labels: Record<string, string> = {}): MemoryReader {
  const reader = new MemoryReader()
  reader.put(Node, { metadata: { name: 'n', labels }, spec: {}, status } as never)
  return reader
}
const small = { allocatable: { cpu: '2', memory: '1Gi' } }

test('more than the whole node has is refused, with a cause', async () => {
  const plugin = new PodResizeValidator(readerWith(small))
  await plugin.validate(update(pod({ cpu: '2', memory: '1Gi' }, 2), pod({ cpu: '1' }, 1)))
  await assert.rejects(
    async () => plugin.validate(update(pod({ cpu: '2500m', memory: '2Gi' }, 2), pod({ cpu: '1' }, 1))),
    (error: { message: string; status: { details: object } }) => {
      assert.equal(
        error.message,
        `pods "x" is forbidden: node didn't have enough allocatable resources: cpu, requested: 2500, allocatable: 2000; memory, requested: 2147483648, allocatable: 1073741824`,
      )
      assert.deepEqual(error.status.details, { name: 'x', kind: 'pods', causes: [{ reason: 'NodeCapacity' }] })
      return true
    },
  )
  // Nothing has changed, or it is not yet on a node: not looked at.
  await plugin.validate(update(pod({ cpu: '9' }, 1), pod({ cpu: '9' }, 1)))
  await plugin.validate(update(pod({ cpu: '9' }, 2, { nodeName: '' }), pod({ cpu: '1' }, 1)))
})

test('a pod is not resized on a node that is gone, nor on one of another system', async () => {
  const gone = new PodResizeValidator(new MemoryReader())
  await assert.rejects(async () => gone.validate(update(pod({ cpu: '1' }, 2), pod({}, 1))), {
    message: 'pods "x" is forbidden: node "n" not found',
  })
  const windows = new PodResizeValidator(readerWith(small, { 'kubernetes.io/os': 'windows' }))
  await assert.rejects(async () => windows.validate(update(pod({ cpu: '1' }, 2), pod({}, 1))), {
    message: 'pods "x" is forbidden: pod resize is only supported on linux nodes, node "n" is "windows"',
  })
})

test('a change that the node has not declared to follow is refused', async () => {
  const whole = (cpu: string) => ({ resources: { requests: { cpu } } })
  const change = update(pod({}, 2, whole('2')), pod({}, 1, whole('1')))
  await assert.rejects(async () => new NodeDeclaredFeatureValidator(readerWith(small)).validate(change), {
    message:
      'pods "x" is forbidden: pod update requires features InPlacePodLevelResourcesVerticalScaling which are not available on node "n"',
  })
  const declaredFeatures = ['InPlacePodLevelResourcesVerticalScaling']
  await new NodeDeclaredFeatureValidator(readerWith({ declaredFeatures })).validate(change)
  const init = (cpu: string, more = {}) => ({
    initContainers: [{ name: 'i', resources: { requests: { cpu } }, ...more }],
  })
  const plain = update(pod({}, 2, init('2')), pod({}, 1, init('1')), '')
  await assert.rejects(async () => new NodeDeclaredFeatureValidator(readerWith({ declaredFeatures })).validate(plain), {
    message: /requires features InPlacePodVerticalScalingInitContainers which are not available on node "n"$/,
  })
  const sidecar = { restartPolicy: 'Always' }
  const beside = update(pod({}, 2, init('2', sidecar)), pod({}, 1, init('1', sidecar)))
  await new NodeDeclaredFeatureValidator(readerWith({})).validate(beside)
})
