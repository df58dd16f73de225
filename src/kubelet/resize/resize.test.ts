/** Resizes of pods that run (KEP-1287), with real containers. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Event } from '../../api/core/v1/event.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { Draft } from '../../schema/message.ts'
import { NodeHarness, script } from '../testing/node-harness.ts'

const node = new NodeHarness()
before(() => node.start())
after(() => node.close())

type Resources = Draft<Pod['spec']['containers'][number]['resources']>
type Container = Draft<Pod['spec']['containers'][number]>

const forever = 'trap "exit 0" TERM; while true; do sleep 0.1; done'
const container = (name: string, resources: Resources, more: Partial<Container> = {}): Container => ({
  ...script(name, forever),
  resources,
  ...more,
})
const both = (cpu: string, memory: string): Resources => ({ requests: { cpu, memory }, limits: { cpu, memory } })

async function resize(name: string, containers: Record<string, Resources>): Promise<void> {
  const patch = {
    spec: { containers: Object.entries(containers).map(([one, resources]) => ({ name: one, resources })) },
  }
  await node.client.of(Pod).patch('default', name, 'strategic', patch)
}

const settled = (pod: Pod) =>
  pod.status.observedGeneration === pod.metadata.generation &&
  !pod.status.conditions?.some(({ type }) => type.startsWith('PodResize')) &&
  pod.status
const ready = (pod: Pod) =>
  pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') && pod.status
const conditionOf = (pod: Pod, type: string) => pod.status.conditions?.find(condition => condition.type === type)

/** The kernel's numbers: of the pod, or of a container of it. */
function kernel(pod: Pod, qos: string, containerName?: string) {
  const id = pod.status.containerStatuses?.find(({ name }) => name === containerName)?.containerID?.split('//')[1]
  const path = `${node.cgroupRoot}/${qos}pod${pod.metadata.uid}${containerName === undefined ? '' : `/${id}`}`
  const read = (controller: string, file: string) =>
    Number(readFileSync(`/sys/fs/cgroup/${controller}${path}/${file}`, 'utf8'))
  return {
    shares: read('cpu', 'cpu.shares'),
    quotaUs: read('cpu', 'cpu.cfs_quota_us'),
    memory: read('memory', 'memory.limit_in_bytes'),
  }
}

async function eventsOf(name: string): Promise<[string, string][]> {
  const { items } = await node.client.of(Event).list('default')
  return items
    .filter(({ involvedObject, reason }) => involvedObject.name === name && reason?.startsWith('Resize'))
    .map(({ reason, message }) => [reason ?? '', message ?? ''])
}

const mi = 2 ** 20

test('cpu and memory grow and shrink under a running container, which is not restarted', async () => {
  await node.createPod('grown', { containers: [container('main', both('100m', '32Mi'))] })
  const first = await node.until('grown', ready)
  assert.deepEqual(first.containerStatuses?.[0]?.resources, both('100m', '32Mi'))
  assert.deepEqual(first.resources, both('100m', '32Mi'))
  assert.deepEqual(first.allocatedResources, { cpu: '100m', memory: '32Mi' })

  await resize('grown', { main: both('200m', '64Mi') })
  const second = await node.until('grown', settled)
  let pod = node.pod('grown')!
  const large = { shares: 204, quotaUs: 20_000, memory: 64 * mi }
  assert.deepEqual([kernel(pod, ''), kernel(pod, '', 'main')], [large, large])
  assert.deepEqual(second.containerStatuses?.[0]?.resources, both('200m', '64Mi'))
  assert.deepEqual(second.containerStatuses?.[0]?.allocatedResources, { cpu: '200m', memory: '64Mi' })
  assert.deepEqual(second.resources, both('200m', '64Mi'))

  await resize('grown', { main: both('50m', '24Mi') })
  const third = await node.until('grown', settled)
  pod = node.pod('grown')!
  const small = { shares: 51, quotaUs: 5_000, memory: 24 * mi }
  assert.deepEqual([kernel(pod, ''), kernel(pod, '', 'main')], [small, small])
  const [status] = third.containerStatuses!
  assert.equal(status!.containerID, first.containerStatuses![0]!.containerID)
  assert.deepEqual([status!.restartCount, status!.resources], [0, both('50m', '24Mi')])
  const events = await eventsOf('grown')
  const asked = (cpu: string, memory: string, at: number) =>
    `{"containers":[{"name":"main","resources":{"limits":{"cpu":"${cpu}","memory":"${memory}"},"requests":{"cpu":"${cpu}","memory":"${memory}"}}}],"generation":${at}}`
  assert.deepEqual(
    events.map(([reason]) => reason),
    ['ResizeStarted', 'ResizeCompleted', 'ResizeStarted', 'ResizeCompleted'],
  )
  assert.equal(events[2]![1], `Pod resize started: ${asked('50m', '24Mi', 3)}`)
  assert.equal(events[3]![1], `Pod resize completed: ${asked('50m', '24Mi', 3)}`)
})

test('a container whose policy asks for it is started anew, and only for the resource that it names', async () => {
  const resizePolicy = [
    { resourceName: 'cpu', restartPolicy: 'NotRequired' },
    { resourceName: 'memory', restartPolicy: 'RestartContainer' },
  ] as const
  const picky = container('picky', both('100m', '32Mi'), { resizePolicy: resizePolicy as never })
  await node.createPod('policies', {
    containers: [picky, container('easy', both('100m', '32Mi'))],
    terminationGracePeriodSeconds: 1,
    restartPolicy: 'Never',
  })
  const first = await node.until('policies', ready)
  await resize('policies', { picky: both('150m', '32Mi') })
  const second = await node.until('policies', settled)
  assert.deepEqual(
    second.containerStatuses?.map(({ restartCount }) => restartCount),
    [0, 0],
  )
  await resize('policies', { picky: both('150m', '48Mi'), easy: both('100m', '40Mi') })
  const third = await node.until('policies', pod => settled(pod) && ready(pod))
  assert.deepEqual(
    third.containerStatuses?.map(({ restartCount }) => restartCount),
    [1, 0],
  )
  assert.notEqual(third.containerStatuses?.[0]?.containerID, first.containerStatuses?.[0]?.containerID)
  const pod = node.pod('policies')!
  assert.equal(kernel(pod, '', 'picky').memory, 48 * mi)
  assert.equal(kernel(pod, '').memory, 88 * mi)
  assert.deepEqual(third.containerStatuses?.[0]?.resources, both('150m', '48Mi'))
})

test('limits and requests are added to containers that had none, and the pod is bound once all have limits', async () => {
  const containers = [container('a', { requests: { cpu: '50m' } }), container('b', { requests: { memory: '16Mi' } })]
  await node.createPod('added', { containers })
  await node.until('added', ready)
  await resize('added', {
    a: { requests: { cpu: '80m', memory: '16Mi' }, limits: { cpu: '300m', memory: '32Mi' } },
    b: { requests: { cpu: '20m', memory: '16Mi' }, limits: { cpu: '100m', memory: '24Mi' } },
  })
  const status = await node.until('added', settled)
  const pod = node.pod('added')!
  assert.deepEqual(kernel(pod, 'burstable/'), { shares: 102, quotaUs: 40_000, memory: 56 * mi })
  assert.deepEqual(kernel(pod, 'burstable/', 'a'), { shares: 81, quotaUs: 30_000, memory: 32 * mi })
  assert.deepEqual(kernel(pod, 'burstable/', 'b'), { shares: 20, quotaUs: 10_000, memory: 24 * mi })
  assert.deepEqual(status.containerStatuses?.[1]?.resources, {
    requests: { cpu: '20m', memory: '16Mi' },
    limits: { cpu: '100m', memory: '24Mi' },
  })
})

test('a resize that the node has no room for is deferred, and done when room is made', async () => {
  const { allocatable } = node.kubelet.node().status
  const cores = Number(allocatable?.cpu)
  await node.createPod('big', { containers: [container('main', { requests: { cpu: `${cores - 1}` } })] })
  await node.createPod('waiting', { containers: [container('main', { requests: { cpu: '10m' } })] })
  await node.until('big', ready)
  await node.until('waiting', ready)
  await resize('waiting', { main: { requests: { cpu: '950m' } } })
  const pending = await node.until('waiting', pod => conditionOf(pod, 'PodResizePending'))
  assert.deepEqual([pending.status, pending.reason, pending.observedGeneration], ['True', 'Deferred', 2])
  assert.match(
    pending.message ?? '',
    new RegExp(`^Node didn't have enough resource: cpu, requested: 950, used: \\d+, capacity: ${cores * 1000}$`),
  )
  const waiting = node.pod('waiting')!
  assert.deepEqual(waiting.status.containerStatuses?.[0]?.allocatedResources, { cpu: '10m' })
  assert.equal(kernel(waiting, 'burstable/', 'main').shares, 10)
  await node.client.of(Pod).delete('default', 'big', { gracePeriodSeconds: 0 })
  const status = await node.until('waiting', settled)
  assert.deepEqual(status.containerStatuses?.[0]?.allocatedResources, { cpu: '950m' })
  assert.equal(kernel(node.pod('waiting')!, 'burstable/', 'main').shares, 972)
  assert.deepEqual(
    (await eventsOf('waiting')).map(([reason]) => reason),
    ['ResizeDeferred', 'ResizeStarted', 'ResizeCompleted'],
  )
  const metrics = await node.kubelet.metrics()
  assert.match(metrics, /kubelet_pod_deferred_accepted_resizes_total\{retry_trigger="pods_removed"\} 1/)
  assert.match(
    metrics,
    /kubelet_container_requested_resizes_total\{resource="cpu",requirement="requests",operation="increase"\} [1-9]/,
  )
  await node.client.of(Pod).delete('default', 'waiting', { gracePeriodSeconds: 0 })
  await node.untilGone('waiting')
})

test('a deferred resize that is taken back leaves nothing behind', async () => {
  const cores = Number(node.kubelet.node().status.allocatable?.cpu)
  await node.createPod('undone', { containers: [container('main', { requests: { cpu: '10m' } })] })
  await node.until('undone', ready)
  await resize('undone', { main: { requests: { cpu: `${cores + 1}` } } })
  await node.until('undone', pod => conditionOf(pod, 'PodResizePending'))
  await resize('undone', { main: { requests: { cpu: '10m' } } })
  const status = await node.until('undone', settled)
  assert.deepEqual(status.containerStatuses?.[0]?.resources, { requests: { cpu: '10m' } })
})

test('a memory limit below what is used is refused until the memory is free', async () => {
  const hog = script(
    'main',
    'head -c 20000000 /dev/zero > /dev/shm/data; trap "rm /dev/shm/data" HUP; while true; do sleep 0.1; done',
  )
  await node.createPod('full', {
    containers: [{ ...hog, resources: both('200m', '64Mi') }],
    terminationGracePeriodSeconds: 0,
  })
  await node.until('full', ready)
  const record = await node.kubelet.containers.runningContainer('default', 'full', 'main')
  const exec = async (...command: string[]) => await node.containerd.runtime.execSync(record.id, command, 5)
  const size = async () =>
    Buffer.from((await exec('stat', '-c', '%s', '/dev/shm/data')).stdout)
      .toString()
      .trim()
  while ((await size()) !== '20000000') await new Promise(resolve => setTimeout(resolve, 20))
  await resize('full', { main: both('200m', '16Mi') })
  const condition = await node.until('full', pod => {
    const found = conditionOf(pod, 'PodResizeInProgress')
    return found?.reason === 'Error' && found
  })
  assert.match(
    condition.message ?? '',
    /^cannot decrease memory limits: \[attempting to set pod memory limit \(16777216\) below current usage \(\d+\), attempting to set container "main" memory limit \(16777216\) below current usage \(\d+\)\]$/,
  )
  const pod = node.pod('full')!
  assert.equal(kernel(pod, '', 'main').memory, 64 * mi)
  assert.deepEqual(pod.status.containerStatuses?.[0]?.resources, both('200m', '64Mi'))
  assert.deepEqual(pod.status.containerStatuses?.[0]?.allocatedResources, { cpu: '200m', memory: '16Mi' })
  await exec('kill', '-HUP', '1')
  await node.until('full', settled)
  assert.equal(kernel(node.pod('full')!, '', 'main').memory, 16 * mi)
})

test('what was granted and what was deferred outlive the kubelet', async () => {
  const cores = Number(node.kubelet.node().status.allocatable?.cpu)
  await node.createPod('kept', { containers: [container('main', { requests: { cpu: '10m' } })] })
  const first = await node.until('kept', ready)
  await resize('kept', { main: { requests: { cpu: '20m' } } })
  await node.until('kept', settled)
  await resize('kept', { main: { requests: { cpu: `${cores + 1}` } } })
  await node.until('kept', pod => conditionOf(pod, 'PodResizePending'))
  await node.stopKubelet()
  await node.startKubelet()
  await node.until('kept', pod => pod.status.phase === 'Running' && conditionOf(pod, 'PodResizePending'))
  const worker = node.kubelet.manager.byName('default', 'kept')!
  assert.equal(worker.pod.spec.containers[0]?.resources?.requests?.cpu, '20m')
  assert.deepEqual(node.pod('kept')!.status.containerStatuses?.[0]?.allocatedResources, { cpu: '20m' })
  // Asked for while the kubelet was away: done when it is back.
  await node.stopKubelet()
  await resize('kept', { main: { requests: { cpu: '30m' } } })
  await node.startKubelet()
  const status = await node.until('kept', settled)
  assert.equal(status.containerStatuses?.[0]?.containerID, first.containerStatuses?.[0]?.containerID)
  assert.deepEqual(status.containerStatuses?.[0]?.allocatedResources, { cpu: '30m' })
  assert.equal(kernel(node.pod('kept')!, 'burstable/', 'main').shares, 30)
})

test('a sidecar and pod-level resources are resized too', async () => {
  const sidecar = { ...container('side', { requests: { cpu: '20m' } }), restartPolicy: 'Always' as const }
  await node.createPod('whole', {
    initContainers: [sidecar],
    containers: [container('main', {})],
    resources: { requests: { cpu: '100m', memory: '32Mi' }, limits: { cpu: '200m', memory: '64Mi' } },
  })
  const first = await node.until('whole', ready)
  let pod = node.pod('whole')!
  assert.deepEqual(kernel(pod, 'burstable/'), { shares: 102, quotaUs: 20_000, memory: 64 * mi })
  // Without a limit of its own, a container is bound by the pod's.
  assert.equal(kernel(pod, 'burstable/', 'main').memory, 64 * mi)
  await node.client.of(Pod).patch('default', 'whole', 'strategic', {
    spec: {
      initContainers: [{ name: 'side', resources: { requests: { cpu: '40m' } } }],
      resources: { requests: { cpu: '150m', memory: '32Mi' }, limits: { cpu: '300m', memory: '96Mi' } },
    },
  })
  const status = await node.until('whole', settled)
  pod = node.pod('whole')!
  assert.deepEqual(kernel(pod, 'burstable/'), { shares: 153, quotaUs: 30_000, memory: 96 * mi })
  assert.equal(kernel(pod, 'burstable/', 'main').memory, 96 * mi)
  assert.deepEqual(status.resources, {
    requests: { cpu: '150m', memory: '32Mi' },
    limits: { cpu: '300m', memory: '96Mi' },
  })
  assert.deepEqual(status.initContainerStatuses?.[0]?.resources, { requests: { cpu: '40m' } })
  assert.equal(status.initContainerStatuses?.[0]?.restartCount, 0)
  assert.equal(status.containerStatuses?.[0]?.containerID, first.containerStatuses?.[0]?.containerID)
})
