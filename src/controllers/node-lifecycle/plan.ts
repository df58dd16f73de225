/** Nodes that stopped reporting, and the taints that say what state a node is in (documentation: "Nodes", "Taints and Tolerations"). */
import type { Taint } from '../../api/core/v1/affinity.ts'
import { Node, type NodeCondition } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { timeOf } from '../../client/timestamps.ts'
import { type Action, type Plan, update, updateStatus } from '../runtime/action.ts'
import { isFinished, isReady } from '../runtime/pods.ts'

export interface NodeState {
  readonly node: Node
  readonly pods: readonly Pod[]
  /** When a heartbeat was last seen to change, by our own clock. */
  readonly heartbeatMs: number
  readonly graceMs: number
  readonly nowMs: number
}

const unknownReasons = {
  never: ['NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
  stopped: ['NodeStatusUnknown', 'Kubelet stopped posting node status.'],
} as const

const watchedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const

export function planNode(state: NodeState): Plan {
  const { node, pods, heartbeatMs, graceMs, nowMs } = state
  const silentMs = nowMs - heartbeatMs
  const conditions = node.status.conditions ?? []
  const stale = silentMs >= graceMs ? staleConditions(conditions, nowMs) : undefined
  if (stale) {
    const told: Action = {
      do: 'event',
      on: node,
      type: 'Normal',
      reason: 'NodeNotReady',
      message: `Node ${node.metadata.name} status is now: NodeNotReady`,
    }
    return {
      steps: [[updateStatus(Node, { ...node, status: { ...node.status, conditions: stale } }), told]],
      requeueAfterMs: graceMs,
    }
  }
  const taints = taintsOf(node, nowMs)
  const ready = conditions.find(({ type }) => type === 'Ready')?.status
  const unready = ready === 'True' || ready === undefined ? [] : pods.filter(pod => isReady(pod) && !isFinished(pod))
  return {
    steps: [
      taints === undefined ? [] : [update(Node, { ...node, spec: { ...node.spec, taints } })],
      unready.map(pod => notReady(pod, nowMs)),
    ],
    requeueAfterMs: Math.max(graceMs - silentMs, 1000),
  }
}

/** All that a silent kubelet said is unknown now; undefined if that is written already. */
function staleConditions(conditions: readonly NodeCondition[], nowMs: number): NodeCondition[] | undefined {
  if (
    conditions.length > 0 &&
    watchedConditions.every(type => conditions.find(one => one.type === type)?.status === 'Unknown')
  )
    return undefined
  const now = timeOf(nowMs)
  const made = watchedConditions.map(type => {
    const known = conditions.find(one => one.type === type)
    if (known?.status === 'Unknown') return known
    const [reason, message] = known ? unknownReasons.stopped : unknownReasons.never
    return {
      ...(known ?? { lastHeartbeatTime: now }),
      type,
      status: 'Unknown',
      reason,
      message,
      lastTransitionTime: now,
    }
  })
  return [...conditions.filter(({ type }) => !watchedConditions.includes(type as 'Ready')), ...made]
}

const prefix = 'node.kubernetes.io/'
const conditionTaints: readonly (readonly [
  type: string,
  status: string,
  key: string,
  effect: 'NoSchedule' | 'NoExecute',
])[] = [
  ['Ready', 'False', 'not-ready', 'NoSchedule'],
  ['Ready', 'Unknown', 'unreachable', 'NoSchedule'],
  ['Ready', 'False', 'not-ready', 'NoExecute'],
  ['Ready', 'Unknown', 'unreachable', 'NoExecute'],
  ['MemoryPressure', 'True', 'memory-pressure', 'NoSchedule'],
  ['DiskPressure', 'True', 'disk-pressure', 'NoSchedule'],
  ['PIDPressure', 'True', 'pid-pressure', 'NoSchedule'],
  ['NetworkUnavailable', 'True', 'network-unavailable', 'NoSchedule'],
]

/** The taints that the node should have; undefined if it has them. */
function taintsOf(node: Node, nowMs: number): Taint[] | undefined {
  const { conditions = [] } = node.status
  const wanted: { key: string; effect: Taint['effect'] }[] = conditionTaints
    .filter(([type, status]) => conditions.some(one => one.type === type && one.status === status))
    .map(([, , key, effect]) => ({ key: prefix + key, effect }))
  if (node.spec.unschedulable === true) wanted.push({ key: `${prefix}unschedulable`, effect: 'NoSchedule' })
  // A node without a Ready condition has just registered: its own not-ready taint stays until it reports.
  const known = conditions.some(({ type }) => type === 'Ready')
  const managed = new Set([
    ...conditionTaints.filter(() => known).map(([, , key, effect]) => `${prefix}${key}:${effect}`),
    `${prefix}unschedulable:NoSchedule`,
  ])
  const before = node.spec.taints ?? []
  const idOf = ({ key, effect }: { key: string; effect: string }) => `${key}:${effect}`
  const wantedIds = new Set(wanted.map(idOf))
  const kept = before.filter(taint => !managed.has(idOf(taint)) || wantedIds.has(idOf(taint)))
  const keptIds = new Set(kept.map(idOf))
  const added = wanted.filter(taint => !keptIds.has(idOf(taint)))
  if (added.length === 0 && kept.length === before.length) return undefined
  return [...kept, ...added.map(taint => ({ ...taint, timeAdded: timeOf(nowMs) }))]
}

/** Endpoints of pods on a node that is not ready get no traffic. */
function notReady(pod: Pod, nowMs: number): Action {
  const conditions = (pod.status.conditions ?? []).map(condition =>
    condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime: timeOf(nowMs) } : condition,
  )
  return updateStatus(Pod, { ...pod, status: { ...pod.status, conditions } })
}
