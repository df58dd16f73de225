/** The whole status of a pod as the kubelet reports it. */
import type { Pod, PodCondition, PodStatus } from '../../api/core/v1/pod.ts'
import { sandboxStateOf } from '../pods/next-actions.ts'
import { couldRestartAll, restartAllCondition } from '../pods/restart-all.ts'
import type { CgroupLimits } from '../resources/cgroup-limits.ts'
import { qosClassOf } from '../resources/qos.ts'
import { podConditions } from './conditions.ts'
import { containerStatuses, type StatusInput } from './container-statuses.ts'
import { type PodPhase, phaseOf } from './phase.ts'
import { podResourceStatus } from './resource-statuses.ts'

export interface PodVerdict {
  readonly phase: PodPhase
  readonly reason: string
  readonly message: string
  /** The node needed what the pod used. */
  readonly isDisruption?: boolean
}

export interface PodStatusInput extends StatusInput {
  readonly hostIps: readonly string[]
  readonly nowIso: string
  /** Decided by the node: rejected, deadline exceeded. Wins over what the containers say. */
  readonly verdict?: PodVerdict
  /** All containers have stopped for good. */
  readonly terminal: boolean
  /** How far a resize is. */
  readonly resizeConditions?: readonly PodCondition[]
  /** Of the pod's control group; asked while the pod runs. */
  groupLimits?(): CgroupLimits | undefined
}

export function podStatusOf(input: PodStatusInput): PodStatus {
  const { pod, runtime, verdict, nowIso } = input
  const lists = containerStatuses(input)
  const byName = new Map([...lists.init, ...lists.regular].map(status => [status.name, status]))
  const old = pod.status
  const settled = old.phase === 'Failed' || old.phase === 'Succeeded'
  const computed = phaseOf(pod.spec, byName, input.terminal)
  // A pod that has ended stays ended.
  const phase = settled ? old.phase! : (verdict?.phase ?? computed)
  const sandboxReady = sandboxStateOf(pod, runtime).keep !== undefined
  const ips = podIpsOf(input, pod)
  const reason = verdict?.reason ?? (settled ? old.reason : undefined)
  const message = verdict?.message ?? (settled ? old.message : undefined)
  return {
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: [
      ...podConditions({ pod, statuses: byName, phase, sandboxReady, nowIso }, old.conditions ?? []),
      ...(couldRestartAll(pod) ? [restartAll(input, phase)] : []),
      ...(input.resizeConditions ?? []),
      ...(verdict?.isDisruption ? [disruption(input, verdict.message)] : []),
    ],
    ...(message ? { message } : {}),
    ...(reason ? { reason } : {}),
    ...(input.hostIps[0] === undefined ? {} : { hostIP: input.hostIps[0] }),
    ...(input.hostIps.length === 0 ? {} : { hostIPs: input.hostIps.map(ip => ({ ip })) }),
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map(ip => ({ ip })) }),
    startTime: old.startTime ?? nowIso,
    ...(lists.init.length === 0 ? {} : { initContainerStatuses: lists.init }),
    containerStatuses: lists.regular,
    ...(lists.ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: lists.ephemeral }),
    qosClass: old.qosClass ?? qosClassOf(pod),
    ...podResourceStatus(pod, phase === 'Running' ? input.groupLimits?.() : undefined, phase === 'Running'),
  }
}

function restartAll({ pod, runtime, restartingAll, nowIso }: PodStatusInput, phase: PodPhase): PodCondition {
  const type = restartAllCondition
  const before = pod.status.conditions?.find(condition => condition.type === type)
  const names = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(({ name }) => name)
  const isOver = phase === 'Succeeded' || phase === 'Failed'
  const isOn = restartingAll === true && !isOver && runtime.containers.some(({ name }) => names.includes(name))
  const status = isOn ? 'True' : 'False'
  return {
    type,
    status,
    lastTransitionTime: before?.status === status ? (before.lastTransitionTime ?? nowIso) : nowIso,
    ...(isOn ? { reason: 'RestartAllContainersStarted', message: 'container exited with restart policy rule' } : {}),
    ...(isOver ? { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' } : {}),
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  }
}

function disruption({ pod, nowIso }: PodStatusInput, message: string): PodCondition {
  const type = 'DisruptionTarget'
  const before = pod.status.conditions?.find(condition => condition.type === type)
  return {
    type,
    status: 'True',
    lastTransitionTime: before?.lastTransitionTime ?? nowIso,
    reason: 'TerminationByKubelet',
    message,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  }
}

function podIpsOf(input: PodStatusInput, pod: Pod): readonly string[] {
  if (pod.spec.hostNetwork === true) return input.runtime.sandboxes.length > 0 ? input.hostIps : []
  const [sandbox] = input.runtime.sandboxes
  if (sandbox && sandbox.ips.length > 0) return sandbox.ips
  // The address of a stopped sandbox stays visible, so that what uses it can be cleaned up.
  return (pod.status.podIPs ?? []).map(({ ip }) => ip)
}
