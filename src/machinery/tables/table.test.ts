import assert from 'node:assert/strict'
import test from 'node:test'
import { kinds } from '../../api/kinds.ts'
import { kindByName } from '../scheme.ts'
import { printerOf } from './printers.ts'
import { tableOf } from './table.ts'

const nowMs = Date.parse('2026-01-01T01:00:00Z')
const made = { creationTimestamp: '2026-01-01T00:54:28Z', uid: 'u', resourceVersion: '1' }

/** The cells of one object, in which what the server always sets is filled in. */
function cellsOf(apiVersion: string, kindName: string, object: object): unknown[] {
  const kind = kindByName(apiVersion, kindName)
  assert.ok(kind)
  const whole = {
    spec: {},
    status: {},
    ...object,
    metadata: { name: 'x', ...made, ...(object as { metadata?: object }).metadata },
  }
  const { columnDefinitions, rows } = tableOf(kind, [whole], { includeObject: 'None', nowMs })
  const [row] = rows ?? []
  assert.equal(row?.cells.length, columnDefinitions.length)
  return [...(row?.cells ?? [])]
}

test('every column of every listed kind is described', () => {
  for (const kind of kinds) {
    if (!kind.resource?.verbs.includes('list')) continue
    for (const { name, description } of printerOf(kind).columns) {
      assert.notEqual(description, '', `${kind.apiVersion} ${kind.gvk.kind} ${name}`)
    }
  }
})

const pod = (status: object, spec: object = {}, metadata: object = {}): unknown[] =>
  cellsOf('v1', 'Pod', { metadata, spec: { containers: [{ name: 'a' }, { name: 'b' }], ...spec }, status }).slice(1, 4)
const container = (state: object, more: object = {}): object => ({
  name: 'a',
  ready: false,
  restartCount: 0,
  state,
  lastState: {},
  ...more,
})
const running = { running: { startedAt: made.creationTimestamp } }
const ended = (exitCode: number, more: object = {}): object => ({ terminated: { exitCode, ...more } })

test('the status of a pod follows its containers', () => {
  const of = (...containerStatuses: object[]): unknown[] => pod({ phase: 'Running', containerStatuses })
  const ready = container(running, { ready: true })
  assert.deepEqual(pod({ phase: 'Pending' }), ['0/2', 'Pending', '0'])
  assert.deepEqual(of(ready, ready), ['2/2', 'Running', '0'])
  const lastState = ended(1, { finishedAt: '2026-01-01T00:58:00Z' })
  const looping = container({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 3, lastState })
  assert.deepEqual(of(looping, ready), ['1/2', 'CrashLoopBackOff', '3 (2m ago)'])
  assert.deepEqual(of(container(ended(137, { reason: 'OOMKilled' }))), ['0/2', 'OOMKilled', '0'])
  assert.deepEqual(of(container(ended(3))), ['0/2', 'ExitCode:3', '0'])
  assert.deepEqual(of(container(ended(0, { signal: 9 }))), ['0/2', 'Signal:9', '0'])
  const completed = container(ended(0, { reason: 'Completed' }))
  assert.deepEqual(of(completed, completed), ['0/2', 'Completed', '0'])
  assert.deepEqual(of(completed, ready), ['1/2', 'NotReady', '0'])
  const conditions = [{ type: 'Ready', status: 'True' }]
  assert.deepEqual(pod({ phase: 'Running', conditions, containerStatuses: [completed, ready] }), [
    '1/2',
    'Running',
    '0',
  ])
  assert.deepEqual(pod({ phase: 'Failed', reason: 'Evicted' }), ['0/2', 'Evicted', '0'])
})

test('the status of a pod tells of init containers, gates and deletion', () => {
  const initContainers = [{ name: 'i' }, { name: 'j' }]
  const of = (...initContainerStatuses: object[]): unknown =>
    pod({ phase: 'Pending', initContainerStatuses }, { initContainers })[1]
  const init = (state: object): object => container(state, { name: 'i' })
  assert.equal(of(init(running)), 'Init:0/2')
  assert.equal(of(init(ended(0)), init({ waiting: { reason: 'PodInitializing' } })), 'Init:1/2')
  assert.equal(of(init({ waiting: { reason: 'ImagePullBackOff' } })), 'Init:ImagePullBackOff')
  assert.equal(of(init(ended(1, { reason: 'Error' }))), 'Init:Error')
  assert.equal(of(init(ended(2))), 'Init:ExitCode:2')
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }]
  assert.equal(pod({ phase: 'Pending', conditions })[1], 'SchedulingGated')
  const deletionTimestamp = '2026-01-01T00:59:00Z'
  assert.equal(pod({ phase: 'Running' }, {}, { deletionTimestamp })[1], 'Terminating')
  assert.equal(pod({ phase: 'Failed' }, {}, { deletionTimestamp })[1], 'Failed')
})

test('a sidecar counts as a container', () => {
  const initContainers = [{ name: 's', restartPolicy: 'Always' }]
  const initContainerStatuses = [container(running, { name: 's', ready: true, started: true, restartCount: 2 })]
  const ready = container(running, { ready: true })
  assert.deepEqual(
    pod({ phase: 'Running', initContainerStatuses, containerStatuses: [ready, ready] }, { initContainers }),
    ['3/3', 'Running', '2'],
  )
})

test('a finished pod says so in its row', () => {
  const kind = kindByName('v1', 'Pod')
  assert.ok(kind)
  const finished = { metadata: { name: 'p', ...made }, spec: {}, status: { phase: 'Succeeded' } }
  const { rows } = tableOf(kind, [finished], { includeObject: 'Metadata', nowMs })
  assert.equal(rows?.[0]?.conditions?.[0]?.reason, 'Succeeded')
  assert.deepEqual(rows?.[0]?.object, {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: finished.metadata,
  })
})

test('nodes show readiness, cordoning, roles and addresses', () => {
  const cells = cellsOf('v1', 'Node', {
    metadata: { labels: { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/role': 'db' } },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      nodeInfo: { kubeletVersion: 'v1.37.2', osImage: 'Debian', kernelVersion: '6.1', containerRuntimeVersion: '' },
    },
  })
  assert.deepEqual(cells, [
    'x',
    'Ready,SchedulingDisabled',
    'control-plane,db',
    '5m32s',
    'v1.37.2',
    '10.0.0.1',
    '<none>',
    'Debian',
    '6.1',
    '<unknown>',
  ])
  assert.equal(cellsOf('v1', 'Node', {})[1], 'Unknown')
})

test('services show addresses and ports', () => {
  const of = (spec: object, status: object = {}): unknown[] => cellsOf('v1', 'Service', { spec, status }).slice(1)
  const ports = [
    { port: 80, nodePort: 30080, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
  ]
  assert.deepEqual(of({ type: 'NodePort', clusterIPs: ['10.0.0.9'], ports, selector: { b: '2', a: '1' } }), [
    'NodePort',
    '10.0.0.9',
    '<none>',
    '80:30080/TCP,53/UDP',
    '5m32s',
    'a=1,b=2',
  ])
  assert.equal(of({ type: 'LoadBalancer' })[2], '<pending>')
  const loadBalancer = { ingress: [{ ip: '9.9.9.9' }, { hostname: 'h' }] }
  assert.equal(of({ type: 'LoadBalancer', externalIPs: ['1.1.1.1'] }, { loadBalancer })[2], '9.9.9.9,h,1.1.1.1')
  assert.deepEqual(of({ type: 'ExternalName', externalName: 'e.org' }).slice(1, 4), ['<none>', 'e.org', '<none>'])
})

test('workloads show how far they are', () => {
  const template = {
    spec: {
      containers: [
        { name: 'a', image: 'i:1' },
        { name: 'b', image: 'i:2' },
      ],
    },
  }
  const selector = { matchLabels: { app: 'x' } }
  assert.deepEqual(
    cellsOf('apps/v1', 'Deployment', {
      spec: { replicas: 3, selector, template },
      status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 },
    }),
    ['x', '2/3', 3, 1, '5m32s', 'a,b', 'i:1,i:2', 'app=x'],
  )
  const startTime = '2026-01-01T00:55:00Z'
  const job = (spec: object, status: object): unknown[] =>
    cellsOf('batch/v1', 'Job', { spec: { template, ...spec }, status }).slice(1, 4)
  assert.deepEqual(job({ completions: 4 }, { succeeded: 1, startTime }), ['Running', '1/4', '5m'])
  assert.deepEqual(job({ parallelism: 2 }, {}), ['Running', '0/1 of 2', ''])
  const conditions = [{ type: 'Complete', status: 'True' }]
  const completionTime = '2026-01-01T00:55:07Z'
  assert.deepEqual(job({}, { conditions, succeeded: 1, startTime, completionTime }), ['Complete', '1/1', '7s'])
  assert.deepEqual(
    cellsOf('batch/v1', 'CronJob', {
      spec: { schedule: '@daily', suspend: false, jobTemplate: { spec: { template } } },
    }),
    ['x', '@daily', '<none>', 'False', 0, '<none>', '5m32s', 'a,b', 'i:1,i:2', '<none>'],
  )
})

test('events show the last time, the object and the source', () => {
  assert.deepEqual(
    cellsOf('v1', 'Event', {
      involvedObject: { kind: 'Pod', name: 'p', fieldPath: 'spec.containers{a}' },
      type: 'Normal',
      reason: 'Pulled',
      message: ' done\n',
      source: { component: 'kubelet', host: 'n1' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:59:30Z',
      count: 4,
    }),
    ['30s', 'Normal', 'Pulled', 'pod/p', 'spec.containers{a}', 'kubelet, n1', 'done', '60m', 4, 'x'],
  )
  const series = { count: 7, lastObservedTime: '2026-01-01T00:59:00.000000Z' }
  const cells = cellsOf('events.k8s.io/v1', 'Event', {
    regarding: { kind: 'Node' },
    reportingController: 'c',
    eventTime: '2026-01-01T00:58:30.000000Z',
    series,
  })
  assert.deepEqual([cells[0], cells[3], cells[5], cells[7], cells[8]], ['60s', 'node', 'c', '90s', 7])
})

test('endpoints, budgets, autoscalers and the rest', () => {
  const ips = ['10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1']
  const subsets = [{ addresses: ips.map(ip => ({ ip })), ports: [{ port: 80 }] }]
  assert.equal(cellsOf('v1', 'Endpoints', { subsets })[1], '10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...')
  assert.deepEqual(
    cellsOf('discovery.k8s.io/v1', 'EndpointSlice', {
      addressType: 'IPv4',
      ports: [{ port: 80 }],
      endpoints: [{ addresses: ['10.0.0.1'] }],
    }).slice(1, 4),
    ['IPv4', '80', '10.0.0.1'],
  )
  assert.deepEqual(
    cellsOf('policy/v1', 'PodDisruptionBudget', { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 2 } }),
    ['x', '50%', 'N/A', 2, '5m32s'],
  )
  assert.deepEqual(
    cellsOf('autoscaling/v1', 'HorizontalPodAutoscaler', {
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'd' },
        maxReplicas: 4,
        targetCPUUtilizationPercentage: 80,
      },
    }).slice(1, 6),
    ['Deployment/d', 'cpu: <unknown>/80%', '<unset>', 4, 0],
  )
  assert.deepEqual(
    cellsOf('v1', 'ResourceQuota', {
      status: { hard: { pods: 4, 'limits.cpu': '2' }, used: { pods: '1', 'limits.cpu': '500m' } },
    }).slice(1, 3),
    ['pods: 1/4', 'limits.cpu: 500m/2'],
  )
  assert.deepEqual(cellsOf('rbac.authorization.k8s.io/v1', 'Role', {}), ['x', made.creationTimestamp])
  assert.deepEqual(
    cellsOf('networking.k8s.io/v1', 'Ingress', { spec: { rules: [{ host: 'a' }], tls: [{}] } }).slice(1, 5),
    ['<none>', 'a', '', '80, 443'],
  )
  assert.equal(
    cellsOf('apps/v1', 'ControllerRevision', {
      metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', controller: true }] },
      revision: 1,
    })[1],
    'daemonset.apps/d',
  )
})
