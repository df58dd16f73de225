/** A node that runs short, with real containers. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Event } from '../../api/core/v1/event.ts'
import { Node } from '../../api/core/v1/node.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { NodeHarness, script, testNodeName } from '../testing/node-harness.ts'
import type { Observations } from './thresholds.ts'

const mi = 2 ** 20
const plenty = { available: 2 ** 40, capacity: 2 ** 40 }
let left: Observations = { 'memory.available': plenty, 'nodefs.available': plenty }

const node = new NodeHarness({ observeNode: () => left, evictionEveryMs: 100 })
before(() => node.start())
after(() => node.close())

const forever = 'trap "exit 0" TERM; while true; do sleep 0.1; done'
const ready = (pod: Pod) => pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
const failed = (pod: Pod) => pod.status.phase === 'Failed' && pod.status.containerStatuses?.[0]?.state.terminated && pod

test('a volume that outgrows its limit takes its pod along, and only that', async () => {
  const volumes = [{ name: 'data', emptyDir: { sizeLimit: '1Mi' } }]
  const volumeMounts = [{ name: 'data', mountPath: '/data' }]
  const fill = (size: number) => script('main', `head -c ${size} /dev/zero > /data/file; ${forever}`)
  await node.createPod('fits', { containers: [{ ...fill(500_000), volumeMounts }], volumes })
  await node.createPod('outgrows', { containers: [{ ...fill(3_000_000), volumeMounts }], volumes })
  const { status } = await node.until('outgrows', failed)
  assert.deepEqual(
    [status.reason, status.message],
    ['Evicted', 'Usage of EmptyDir volume "data" exceeds the limit "1Mi". '],
  )
  const { items } = await node.client.of(Event).list('default')
  assert.ok(items.some(({ reason, involvedObject }) => reason === 'Evicted' && involvedObject.name === 'outgrows'))
  await node.until('fits', ready)
  assert.match(await node.kubelet.metrics(), /kubelet_evictions\{eviction_signal="emptydirfs.limit"\} 1/)
})

test('short of memory, the node evicts the pod that exceeds its request and takes on no other that asks for none', async () => {
  const asks = (memory: string) => ({ ...script('main', forever), resources: { requests: { memory } } })
  await node.createPod('modest', { containers: [asks('512Mi')] })
  await node.createPod('greedy', { containers: [script('main', forever)], terminationGracePeriodSeconds: 60 })
  await node.createPod('important', { containers: [script('main', forever)], priority: 2_000_000_000 })
  for (const name of ['modest', 'greedy', 'important']) await node.until(name, ready)
  left = { ...left, 'memory.available': { available: 50 * mi, capacity: 1000 * mi } }
  // Others without requests go as well: one at a time.
  const { status } = await node.until('greedy', failed)
  left = { ...left, 'memory.available': plenty }
  assert.equal(status.reason, 'Evicted')
  assert.match(
    status.message ?? '',
    /^The node was low on resource: memory\. Threshold quantity: 100Mi, available: 50Mi\. Container main was using \d+\w*, request is 0, has larger consumption of memory\. $/,
  )
  const disrupted = status.conditions?.find(({ type }) => type === 'DisruptionTarget')
  assert.deepEqual([disrupted?.status, disrupted?.reason], ['True', 'TerminationByKubelet'])
  for (const name of ['modest', 'important']) assert.equal(node.pod(name)?.status.phase, 'Running', name)

  await node.createPod('late', { containers: [script('main', forever)] })
  const late = await node.until('late', pod => pod.status.phase === 'Failed' && pod)
  assert.deepEqual(
    [late.status.reason, late.status.message],
    ['Evicted', 'Pod was rejected: The node had condition: [MemoryPressure]. '],
  )
  await node.createPod('asking', { containers: [asks('1Mi')] })
  await node.until('asking', ready)
  const pressure = () =>
    node.transport.peek(Node, '', testNodeName)?.status.conditions?.find(({ type }) => type === 'MemoryPressure')
  for (let tries = 0; pressure()?.status !== 'True'; tries++) {
    assert.ok(tries < 1500, 'the node does not say so')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.equal(pressure()?.reason, 'KubeletHasInsufficientMemory')
})
