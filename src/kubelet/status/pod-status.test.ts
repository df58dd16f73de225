import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod, type PodStatus } from '../../api/core/v1/pod.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { applyStrategicMergePatch } from '../../machinery/patch/strategic-merge-patch.ts'
import { containerHash } from '../pods/container-hash.ts'
import type { ContainerRecord, PodRuntime } from '../pods/pod-runtime.ts'
import { podStatusOf } from './pod-status.ts'
import { statusPatch } from './status-writer.ts'

const nowIso = '2026-11-23T10:00:00Z'
const podOf = (spec: Partial<PodSpec>, status: Partial<PodStatus> = {}): Pod =>
  ({
    metadata: { name: 'p', namespace: 'n', uid: 'u', generation: 3 },
    spec: { containers: [{ name: 'a', image: 'i', resources: {} }], ...spec },
    status,
  }) as unknown as Pod
const record = (name: string, more: Partial<ContainerRecord>): ContainerRecord => ({
  id: `id-${name}`,
  name,
  sandboxId: 's',
  state: 'running',
  createdAtMs: 1000,
  startedAtMs: 1000,
  finishedAtMs: 0,
  exitCode: 0,
  reason: '',
  message: '',
  image: 'i',
  imageRef: 'sha256:i',
  hash: containerHash({ name, image: 'i' }),
  restartCount: 0,
  logPath: '',
  messagePath: '',
  messagePolicy: 'File',
  annotations: {},
  messageHostPath: '',
  user: undefined,
  stopSignal: 0,
  limits: undefined,
  ...more,
})
const within = (...containers: ContainerRecord[]): PodRuntime => ({
  sandboxes: [{ id: 's', attempt: 0, ready: true, createdAtMs: 1, hostNetwork: false, ips: ['10.0.0.2'] }],
  containers,
})
const statusOf = (pod: Pod, runtime: PodRuntime, more: Partial<Parameters<typeof podStatusOf>[0]> = {}): PodStatus =>
  podStatusOf({
    pod,
    runtime,
    waiting: new Map(),
    started: ({ state }) => state === 'running',
    ready: () => true,
    lastWords: () => '',
    terminating: false,
    terminal: false,
    hostIps: ['192.0.2.1'],
    nowIso,
    ...more,
  })
const conditions = (status: PodStatus) =>
  Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: value, reason }) => [type, reason ? `${value} ${reason}` : value]),
  )

test('a pod without a sandbox is pending and creates its containers', () => {
  const status = statusOf(podOf({}), { sandboxes: [], containers: [] })
  assert.equal(status.phase, 'Pending')
  assert.equal(status.containerStatuses?.[0]?.state.waiting?.reason, 'ContainerCreating')
  assert.deepEqual(conditions(status), {
    PodReadyToStartContainers: 'False',
    Initialized: 'True',
    Ready: 'False ContainersNotReady',
    ContainersReady: 'False ContainersNotReady',
    PodScheduled: 'True',
  })
  assert.equal(status.observedGeneration, 3)
})

test('a pod whose containers run is running and ready, with its addresses', () => {
  const status = statusOf(podOf({}), within(record('a', {})))
  assert.equal(status.phase, 'Running')
  assert.equal(conditions(status).Ready, 'True')
  assert.deepEqual([status.podIP, status.hostIP, status.podIPs], ['10.0.0.2', '192.0.2.1', [{ ip: '10.0.0.2' }]])
})

test('readiness gates hold readiness back', () => {
  const status = statusOf(podOf({ readinessGates: [{ conditionType: 'x/y' }] }), within(record('a', {})))
  assert.deepEqual(
    [conditions(status).ContainersReady, conditions(status).Ready],
    ['True', 'False ReadinessGatesNotReady'],
  )
})

test('containers wait for init containers with PodInitializing', () => {
  const pod = podOf({ initContainers: [{ name: 'i', image: 'i', resources: {} }] })
  const status = statusOf(pod, within(record('i', {})))
  assert.equal(status.phase, 'Pending')
  assert.equal(status.containerStatuses?.[0]?.state.waiting?.reason, 'PodInitializing')
  assert.equal(conditions(status).Initialized, 'False ContainersNotInitialized')
})

test('the end of all containers is the end of the pod', () => {
  const after = (exitCode: number) =>
    statusOf(podOf({ restartPolicy: 'Never' }), within(record('a', { state: 'exited', exitCode, finishedAtMs: 2000 })))
  assert.equal(after(0).phase, 'Succeeded')
  assert.equal(conditions(after(0)).Ready, 'False PodCompleted')
  assert.equal(after(1).phase, 'Failed')
  assert.equal(after(1).containerStatuses?.[0]?.state.terminated?.reason, 'Error')
})

test('a container in back-off waits and shows its last end', () => {
  const waiting = new Map([['a', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }]])
  const status = statusOf(
    podOf({}),
    within(record('a', { state: 'exited', exitCode: 2, finishedAtMs: 2000, restartCount: 4 })),
    { waiting },
  )
  const [container] = status.containerStatuses ?? []
  assert.equal(status.phase, 'Running')
  assert.deepEqual(
    [container?.state.waiting?.reason, container?.lastState.terminated?.exitCode, container?.restartCount],
    ['CrashLoopBackOff', 2, 4],
  )
})

test('a pod that has ended stays ended', () => {
  const status = statusOf(podOf({}, { phase: 'Failed', reason: 'DeadlineExceeded' }), within(record('a', {})))
  assert.deepEqual([status.phase, status.reason], ['Failed', 'DeadlineExceeded'])
})

test('a transition time is kept while the status stays', () => {
  const first = statusOf(podOf({}), within(record('a', {})))
  const pod = podOf({}, { conditions: first.conditions ?? [] })
  const second = statusOf(pod, within(record('a', {})), { nowIso: '2026-11-23T11:00:00Z' })
  assert.deepEqual(new Set(second.conditions?.map(condition => condition.lastTransitionTime)), new Set([nowIso]))
})

test('a status that is known is not written, and what is gone is taken away', () => {
  const before = statusOf(podOf({}), { sandboxes: [], containers: [] })
  assert.equal(statusPatch('u', before, before), undefined)
  const after = statusOf(podOf({}, before), within(record('a', {})))
  const patch = statusPatch('u', before, after) as {
    metadata: unknown
    status: { conditions: Record<string, unknown>[] }
  }
  assert.deepEqual(patch.metadata, { uid: 'u' })
  const ready = patch.status.conditions.find(({ type }) => type === 'Ready')
  assert.deepEqual([ready?.status, ready?.reason, ready?.message], ['True', null, null])
})

test('the patch, applied as the API server does, gives the status and keeps the conditions of others', () => {
  const other = { type: 'x/y', status: 'True' }
  const first = statusOf(podOf({}), { sandboxes: [], containers: [] })
  const shown = {
    ...first,
    conditions: [...(first.conditions ?? []), other],
    podIPs: [{ ip: '10.0.0.1' }],
    podIP: '10.0.0.1',
  }
  const second = statusOf(podOf({}, shown), within(record('a', {})))
  const patch = statusPatch('u', shown, second)
  const { status } = applyStrategicMergePatch(Pod, { ...podOf({}), status: shown }, patch) as Pod
  const byType = (conditions: PodStatus['conditions']) =>
    [...(conditions ?? [])].sort((a, b) => (a.type < b.type ? -1 : 1))
  assert.deepEqual(byType(status.conditions), byType([...(second.conditions ?? []), other]))
  assert.deepEqual({ ...status, conditions: [] }, { ...second, conditions: [] })
})
