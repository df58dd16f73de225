/** The node's status as it is reported. */
import type { ContainerImage, Node, NodeCondition, NodeStatus } from '../../api/core/v1/node.ts'
import { declaredFeature } from '../../machinery/declared-features.ts'
import type { Image } from '../cri/runtime-client.ts'
import { leastDiskPart, leastMemoryBytes } from '../eviction/thresholds.ts'
import type { MachineFacts } from './node-info.ts'

export interface NodeFacts {
  readonly machine: MachineFacts
  readonly hostName: string
  readonly hostIps: readonly string[]
  readonly kubeletPort: number
  readonly version: string
  readonly runtimeVersion: string
  readonly maxPods: number
  /** Why the node is not ready; empty if it is. */
  readonly problems: readonly string[]
  readonly images: readonly Image[]
  /** What the node runs short of. */
  readonly pressure: readonly string[]
  readonly allocated: Readonly<Record<string, string>>
  /** Volumes of CSI drivers that are mounted, and directories that were given out as volumes. */
  readonly volumesInUse: readonly string[]
  readonly nowIso: string
}

const maxImages = 50
const maxNamesPerImage = 5

function imagesOf(images: readonly Image[]): ContainerImage[] {
  return [...images]
    .sort((a, b) => Number(b.size ?? 0) - Number(a.size ?? 0))
    .slice(0, maxImages)
    .map(image => ({
      names: [...(image.repoDigests ?? []), ...(image.repoTags ?? [])].slice(0, maxNamesPerImage),
      sizeBytes: Number(image.size ?? 0),
    }))
}

export function capacityOf(machine: MachineFacts, maxPods: number): Record<string, string> {
  return {
    cpu: `${machine.cpuCount}`,
    'ephemeral-storage': `${Math.floor(machine.diskBytes / 1024)}Ki`,
    ...machine.hugepages,
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    pods: `${maxPods}`,
  }
}

/** What eviction keeps free is not given away. */
export function allocatableOf(machine: MachineFacts, maxPods: number): Record<string, string> {
  return {
    ...capacityOf(machine, maxPods),
    'ephemeral-storage': `${Math.floor(machine.diskBytes * (1 - leastDiskPart))}`,
    memory: `${Math.floor((machine.memoryBytes - leastMemoryBytes) / 1024)}Ki`,
  }
}

interface Claim {
  readonly type: string
  readonly holds: boolean
  readonly whenFalse: readonly [reason: string, message: string]
  readonly whenTrue: readonly [reason: string, message: string]
}

function conditionsOf(facts: NodeFacts, old: readonly NodeCondition[]): NodeCondition[] {
  const { pressure, problems } = facts
  const claims: Claim[] = [
    {
      type: 'MemoryPressure',
      holds: pressure.includes('MemoryPressure'),
      whenFalse: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
      whenTrue: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    },
    {
      type: 'DiskPressure',
      holds: pressure.includes('DiskPressure'),
      whenFalse: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
      whenTrue: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
    },
    {
      type: 'PIDPressure',
      holds: pressure.includes('PIDPressure'),
      whenFalse: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
      whenTrue: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    },
    {
      type: 'Ready',
      holds: problems.length === 0,
      whenFalse: ['KubeletNotReady', problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`],
      whenTrue: ['KubeletReady', 'kubelet is posting ready status'],
    },
  ]
  return claims.map(({ type, holds, whenFalse, whenTrue }) => {
    const status = holds ? 'True' : 'False'
    const [reason, message] = holds ? whenTrue : whenFalse
    const before = old.find(condition => condition.type === type)
    const changed = before?.status !== status
    return {
      type,
      status,
      lastHeartbeatTime: facts.nowIso,
      lastTransitionTime: changed ? facts.nowIso : (before?.lastTransitionTime ?? facts.nowIso),
      reason,
      message,
    }
  })
}

export function nodeStatusOf(facts: NodeFacts, old: NodeStatus | undefined): NodeStatus {
  const { machine } = facts
  return {
    capacity: capacityOf(machine, facts.maxPods),
    allocatable: allocatableOf(machine, facts.maxPods),
    conditions: conditionsOf(facts, old?.conditions ?? []),
    addresses: [
      ...facts.hostIps.map(address => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: facts.hostName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: facts.kubeletPort } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `containerd://${facts.runtimeVersion}`,
      kubeletVersion: facts.version,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
      ...(machine.swapBytes > 0 ? { swap: { capacity: machine.swapBytes } } : {}),
    },
    images: imagesOf(facts.images),
    runtimeHandlers: [
      { name: '', features: { recursiveReadOnlyMounts: false, userNamespaces: false } },
      { name: 'runc', features: { recursiveReadOnlyMounts: false, userNamespaces: false } },
    ],
    ...(facts.volumesInUse.length > 0 ? { volumesInUse: [...facts.volumesInUse] } : {}),
    features: { supplementalGroupsPolicy: false },
    declaredFeatures: Object.values(declaredFeature).sort(),
  }
}

/** Whether anything but the heartbeat times differs. */
export function statusChanged(a: NodeStatus, b: NodeStatus): boolean {
  const plain = (status: NodeStatus) =>
    JSON.stringify({
      ...status,
      conditions: status.conditions?.map(condition => ({ ...condition, lastHeartbeatTime: '' })),
    })
  return plain(a) !== plain(b)
}

export const nodeLabels = (name: string, architecture: string): Record<string, string> => ({
  'beta.kubernetes.io/arch': architecture,
  'beta.kubernetes.io/os': 'linux',
  'kubernetes.io/arch': architecture,
  'kubernetes.io/hostname': name,
  'kubernetes.io/os': 'linux',
})

export const emptyNode = (name: string, architecture: string, allocatable: Record<string, string>): Node =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: nodeLabels(name, architecture) },
    spec: {},
    status: { allocatable, daemonEndpoints: { kubeletEndpoint: { Port: 0 } } },
  }) as unknown as Node
