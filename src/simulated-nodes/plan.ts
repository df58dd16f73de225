/** What simulated nodes report, and what becomes of the pods on them: as nodes whose containers start and end at once. */
import type { Lease } from '../api/coordination/v1/lease.ts'
import type { Node, NodeStatus } from '../api/core/v1/node.ts'
import type { Pod, PodStatus } from '../api/core/v1/pod.ts'
import type { Draft } from '../schema/message.ts'

export interface NodeShape {
  /** Names are the prefix, a dash and the node's number. */
  readonly prefix: string
  readonly cpu: string
  readonly memory: string
  readonly pods: number
  /** Nodes are spread over so many values of `topology.kubernetes.io/zone`. */
  readonly zones: number
  /** As the kubelet's, `v1.37.2`. */
  readonly version: string
}

/** Selects the simulated nodes of any prefix. */
export const simulatedLabel = 'clipper.local/simulated'

/** What a kubelet and its node lifecycle controller agree on: the lease's length, renewed four times as often. */
export const leaseSeconds = 40
export const leaseEveryMs = (leaseSeconds * 1000) / 4
export const leaseNamespace = 'kube-node-lease'

/** At most this many nodes have addresses of their own, see `nodeAddress`. */
export const maxNodes = 16_000

export const nodeName = (shape: Pick<NodeShape, 'prefix'>, number: number): string => `${shape.prefix}-${number}`

/** 198.18.0.0/15 is set aside for benchmarks (RFC 2544). */
export const nodeAddress = (number: number): string => `198.18.${number >> 8}.${number & 255}`

/** An address for each pod in the second half of 10.0.0.0/8, where 254 to a node repeat after as many pods. */
export const podAddress = (nodeNumber: number, slot: number): string =>
  `10.${128 + (nodeNumber >> 8)}.${nodeNumber & 255}.${(slot % 254) + 1}`

export function nodeStatus(shape: NodeShape, number: number, nowIso: string): NodeStatus {
  const amounts = { cpu: shape.cpu, memory: shape.memory, pods: String(shape.pods), 'ephemeral-storage': '100Gi' }
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: nowIso,
    lastTransitionTime: nowIso,
  })
  return {
    capacity: amounts,
    allocatable: amounts,
    conditions: [
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
    ],
    addresses: [
      { type: 'InternalIP', address: nodeAddress(number) },
      { type: 'Hostname', address: nodeName(shape, number) },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
    nodeInfo: {
      machineID: '',
      systemUUID: '',
      bootID: '',
      kernelVersion: '',
      osImage: 'simulated',
      containerRuntimeVersion: 'simulated://1',
      kubeletVersion: shape.version,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  }
}

export function nodeOf(shape: NodeShape, number: number, nowIso: string): Draft<Node> {
  const name = nodeName(shape, number)
  return {
    metadata: {
      name,
      labels: {
        [simulatedLabel]: 'true',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'topology.kubernetes.io/zone': `zone${number % shape.zones}`,
      },
    },
    status: nodeStatus(shape, number, nowIso),
  }
}

export const leaseSpec = (name: string, nowIso: string): Lease['spec'] => ({
  holderIdentity: name,
  leaseDurationSeconds: leaseSeconds,
  renewTime: nowIso,
})

/** Which of the nodes, whose turns are spread evenly over an interval, are due in (fromMs, toMs]; each at most once. */
export function dueBetween(count: number, everyMs: number, fromMs: number, toMs: number): number[] {
  const first = Math.floor((fromMs / everyMs) * count) + 1
  const last = Math.min(Math.floor((toMs / everyMs) * count), first + count - 1)
  const due: number[] = []
  for (let turn = first; turn <= last; turn++) due.push(turn % count)
  return due
}

export type PodAction =
  | { readonly do: 'report'; readonly status: Draft<PodStatus> }
  | { readonly do: 'delete' }
  | undefined

export interface PodFacts {
  readonly nowIso: string
  readonly hostAddress: string
  readonly podAddress: string
  readonly nodeIsReady: boolean
}

/** Whether a running pod is said to be ready: the cluster says otherwise of the pods of a node that it took for gone. */
export const isReported = (pod: Pod): boolean =>
  pod.status.conditions?.every(({ type, status }) => type !== 'Ready' || status === 'True') ?? true

/** The next step of a pod that is bound to a simulated node. */
export function planPod(pod: Pod, facts: PodFacts): PodAction {
  const { phase } = pod.status
  if (pod.metadata.deletionTimestamp !== undefined) return { do: 'delete' }
  if (phase === undefined || phase === 'Pending') return { do: 'report', status: runningStatus(pod, facts) }
  if (phase === 'Running' && endsByItself(pod)) return { do: 'report', status: succeededStatus(pod, facts) }
  if (phase === 'Running' && !isReported(pod) && facts.nodeIsReady)
    return { do: 'report', status: { conditions: readyConditions(facts.nowIso) } }
  return undefined
}

/** Nothing runs in it, so what a Job waits for is done at once. */
export const endsByItself = (pod: Pod): boolean =>
  pod.metadata.ownerReferences?.some(({ kind, controller }) => kind === 'Job' && controller === true) ?? false

const condition = (type: string, nowIso: string, status = 'True', reason?: string) => ({
  type,
  status,
  lastTransitionTime: nowIso,
  ...(reason === undefined ? {} : { reason }),
})

const readyConditions = (nowIso: string) =>
  ['Initialized', 'Ready', 'ContainersReady', 'PodReadyToStartContainers'].map(type => condition(type, nowIso))

function runningStatus(pod: Pod, { nowIso, hostAddress, podAddress }: PodFacts): Draft<PodStatus> {
  return {
    phase: 'Running',
    startTime: nowIso,
    hostIP: hostAddress,
    hostIPs: [{ ip: hostAddress }],
    podIP: podAddress,
    podIPs: [{ ip: podAddress }],
    conditions: readyConditions(nowIso),
    containerStatuses: pod.spec.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: image,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: nowIso } },
    })),
  }
}

function succeededStatus(pod: Pod, { nowIso }: PodFacts): Draft<PodStatus> {
  return {
    phase: 'Succeeded',
    conditions: ['Ready', 'ContainersReady'].map(type => condition(type, nowIso, 'False', 'PodCompleted')),
    containerStatuses: pod.spec.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: image,
      ready: false,
      started: false,
      restartCount: 0,
      state: { terminated: { exitCode: 0, reason: 'Completed', startedAt: nowIso, finishedAt: nowIso } },
    })),
  }
}
