import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deployment } from '../../api/apps/v1/deployment.ts'
import { Namespace } from '../../api/core/v1/namespace.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { MemoryReader } from '../authorization/testing/memory-reader.ts'
import { PodSecurity } from './pod-security.ts'
import { attributesOf } from './testing/attributes.ts'

const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }
const baseline = { 'pod-security.kubernetes.io/enforce': 'baseline' }
const plain = { containers: [{ name: 'c', image: 'i' }] }
const privileged = { containers: [{ name: 'c', image: 'i', securityContext: { privileged: true } }] }

function world(labels: Record<string, string>) {
  const reader = new MemoryReader()
  reader.put(Namespace, { metadata: { name: 'web', labels } })
  const plugin = new PodSecurity(reader)
  const warnings: string[] = []
  const write = (changes: object) =>
    plugin.validate(attributesOf({ name: 'p', warn: (message: string) => warnings.push(message), ...changes }))
  return { reader, write, warnings }
}

test('a pod that violates the level is refused with what is wrong', async () => {
  const { write } = world(baseline)
  await write({ object: { metadata: { name: 'p' }, spec: plain } })
  await assert.rejects(write({ object: { metadata: { name: 'p' }, spec: privileged } }), {
    message:
      'pods "p" is forbidden: violates PodSecurity "baseline:latest": privileged (container "c" must not set securityContext.privileged=true)',
  })
})

test('a deployment of such pods is let in with a warning', async () => {
  const { write, warnings } = world(baseline)
  const object = { metadata: { name: 'd' }, spec: { template: { spec: privileged } } }
  await write({ kind: Deployment, group: 'apps', resource: 'deployments', object })
  assert.deepEqual(warnings, [
    'would violate PodSecurity "baseline:latest": privileged (container "c" must not set securityContext.privileged=true)',
  ])
})

test('a stricter level tells which pods it would not let in', async () => {
  const { reader, write, warnings } = world({})
  for (const name of ['b', 'a']) reader.put(Pod, { metadata: { name, namespace: 'web' }, spec: privileged })
  const namespace = (labels: object) => ({ metadata: { name: 'web', labels } })
  const about = { kind: Namespace, resource: 'namespaces', operation: 'UPDATE', name: 'web', namespace: '' }
  await write({ ...about, object: namespace(baseline), oldObject: namespace({}) })
  assert.deepEqual(warnings, [
    'existing pods in namespace "web" violate the new PodSecurity enforce level "baseline:latest"',
    'a (and 1 other pod): privileged',
  ])
  await assert.rejects(
    write({ ...about, object: namespace({ 'pod-security.kubernetes.io/warn': 'x' }), oldObject: namespace({}) }),
    /metadata.labels\[pod-security.kubernetes.io\/warn\]: Invalid value: "x": must be one of privileged/,
  )
})

test('an update that changes no image is not judged', async () => {
  const { write } = world(restricted)
  const pod = { metadata: { name: 'p' }, spec: privileged }
  await write({ operation: 'UPDATE', object: pod, oldObject: pod })
})
