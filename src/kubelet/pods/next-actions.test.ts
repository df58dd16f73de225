import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { containerHash } from './container-hash.ts'
import { nextActions, type ProbeView } from './next-actions.ts'
import type { ContainerRecord, PodRuntime, SandboxRecord } from './pod-runtime.ts'

const container = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  image: 'i',
  resources: {},
  ...more,
})
const podOf = (spec: Partial<PodSpec>): Pod =>
  ({
    metadata: { name: 'p', namespace: 'n', uid: 'u' },
    spec: { containers: [], ...spec },
    status: {},
  }) as unknown as Pod
const sandbox: SandboxRecord = {
  id: 's',
  attempt: 0,
  ready: true,
  createdAtMs: 1,
  hostNetwork: false,
  ips: ['10.0.0.2'],
}
const record = (name: string, state: ContainerRecord['state'], exitCode = 0): ContainerRecord => ({
  id: `id-${name}`,
  name,
  sandboxId: 's',
  state,
  createdAtMs: 1,
  startedAtMs: 1,
  finishedAtMs: state === 'exited' ? 2 : 0,
  exitCode,
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
})
const quiet: ProbeView = { liveness: () => true, startup: () => undefined, starting: () => false }
const within = (...containers: ContainerRecord[]): PodRuntime => ({ sandboxes: [sandbox], containers })
const starts = (pod: Pod, runtime: PodRuntime, probes = quiet) =>
  nextActions(pod, runtime, probes).start.map(action => action.container.name)

test('a new pod gets a sandbox', () => {
  const plan = nextActions(podOf({ containers: [container('a')] }), { sandboxes: [], containers: [] }, quiet)
  assert.deepEqual([plan.createSandbox, plan.attempt], [true, 0])
})

test('a sandbox that died is replaced under the next number', () => {
  const runtime = { sandboxes: [{ ...sandbox, ready: false }], containers: [record('a', 'exited', 137)] }
  const plan = nextActions(podOf({ containers: [container('a')] }), runtime, quiet)
  assert.deepEqual([plan.createSandbox, plan.killPod, plan.attempt], [true, true, 1])
})

test('a finished pod that never restarts gets no new sandbox', () => {
  const runtime = { sandboxes: [{ ...sandbox, ready: false }], containers: [record('a', 'exited', 1)] }
  const plan = nextActions(podOf({ containers: [container('a')], restartPolicy: 'Never' }), runtime, quiet)
  assert.deepEqual([plan.createSandbox, plan.killPod], [false, true])
})

test('all regular containers start at once', () => {
  assert.deepEqual(starts(podOf({ containers: [container('a'), container('b')] }), within()), ['a', 'b'])
})

test('init containers run one after another', () => {
  const pod = podOf({ initContainers: [container('i'), container('j')], containers: [container('a')] })
  assert.deepEqual(starts(pod, within()), ['i'])
  assert.deepEqual(starts(pod, within(record('i', 'running'))), [])
  assert.deepEqual(starts(pod, within(record('i', 'exited', 1))), ['i'])
  assert.deepEqual(starts(pod, within(record('i', 'exited'))), ['j'])
  assert.deepEqual(starts(pod, within(record('j', 'exited'), record('i', 'exited'))), ['a'])
})

test('a failed init container ends a pod that never restarts', () => {
  const pod = podOf({ restartPolicy: 'Never', initContainers: [container('i')], containers: [container('a')] })
  assert.equal(nextActions(pod, within(record('i', 'exited', 1)), quiet).killPod, true)
})

test('a sidecar has to have started before the next container', () => {
  const side = container('side', { restartPolicy: 'Always', startupProbe: {} })
  const pod = podOf({ initContainers: [side], containers: [container('a')] })
  assert.deepEqual(starts(pod, within(record('side', 'running'))), [])
  assert.deepEqual(starts(pod, within(record('side', 'running')), { ...quiet, startup: () => true }), ['a'])
})

test('a sidecar that ends is started again beside the containers', () => {
  const pod = podOf({ initContainers: [container('side', { restartPolicy: 'Always' })], containers: [container('a')] })
  assert.deepEqual(starts(pod, within(record('a', 'running'), record('side', 'exited'))), ['side'])
})

test('a pod whose containers are all done is stopped, its sidecars with it', () => {
  const pod = podOf({
    restartPolicy: 'Never',
    initContainers: [container('side', { restartPolicy: 'Always' })],
    containers: [container('a')],
  })
  assert.equal(nextActions(pod, within(record('a', 'exited'), record('side', 'running')), quiet).killPod, true)
})

test('restart policies decide on what starts again', () => {
  const after = (restartPolicy: PodSpec['restartPolicy'], exitCode: number) =>
    starts(
      podOf({ restartPolicy: restartPolicy!, containers: [container('a'), container('b')] }),
      within(record('a', 'exited', exitCode), record('b', 'running')),
    )
  assert.deepEqual(after('Always', 0), ['a'])
  assert.deepEqual(after('OnFailure', 0), [])
  assert.deepEqual(after('OnFailure', 2), ['a'])
  assert.deepEqual(after('Never', 2), [])
})

test('a rule of one container wins over the policy', () => {
  const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }]
  const pod = (exitCode: number) =>
    starts(
      podOf({
        restartPolicy: 'Never',
        containers: [container('a', { restartPolicy: 'Never', restartPolicyRules: rules }), container('b')],
      }),
      within(record('a', 'exited', exitCode), record('b', 'running')),
    )
  assert.deepEqual([pod(42), pod(1)], [['a'], []])
})

test('a failed liveness probe kills and restarts', () => {
  const pod = podOf({ containers: [container('a', { livenessProbe: {} })] })
  const plan = nextActions(pod, within(record('a', 'running')), { ...quiet, liveness: () => false })
  assert.equal(plan.kill[0]?.message, 'Container a failed liveness probe, will be restarted')
  assert.deepEqual(
    plan.start.map(action => action.container.name),
    ['a'],
  )
})

test('a changed image restarts the container alone', () => {
  const pod = podOf({ containers: [container('a', { image: 'new' }), container('b')] })
  const plan = nextActions(pod, within(record('a', 'running'), record('b', 'running')), quiet)
  assert.deepEqual(
    plan.kill.map(({ why }) => why),
    ['changed'],
  )
  assert.equal(plan.killPod, false)
})

test('an ephemeral container starts once', () => {
  const pod = podOf({
    containers: [container('a')],
    ephemeralContainers: [{ name: 'debug', image: 'i', resources: {} }],
  })
  assert.deepEqual(starts(pod, within(record('a', 'running'))), ['debug'])
  assert.deepEqual(starts(pod, within(record('debug', 'exited', 1), record('a', 'running'))), [])
})
