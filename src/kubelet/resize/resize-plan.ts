/**
 * Which running containers get other resources, and in which order (KEP-1287): what shrinks comes before what grows, so
 * that a pod never holds more than it is allowed.
 */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { ContainerRecord } from '../pods/pod-runtime.ts'
import { isSidecar } from '../pods/restart-policy.ts'
import { type Allocation, resizable } from './allocation.ts'
import { amountsIn, type ComputeAmounts, containerAmounts, equalAmounts, podLevelAmounts } from './compute-amounts.ts'

export type Resource = 'memory' | 'cpu'

export interface ContainerUpdate {
  readonly record: ContainerRecord
  readonly container: Container
  readonly current: ComputeAmounts
  readonly wanted: ComputeAmounts
}

export interface ResizePlan {
  readonly memory: readonly ContainerUpdate[]
  readonly cpu: readonly ContainerUpdate[]
  /** The pod's own group has to change, whatever its running containers need. */
  readonly podChanges: boolean
  /** The pod-level resources are not yet what is allocated. */
  readonly podLevelChanges: boolean
}

const actuatedAmounts = (actuated: Allocation, name: string): ComputeAmounts =>
  containerAmounts(actuated.pod, actuated.containers[name])

const fields = {
  memory: ['memoryLimit', 'memoryRequest'],
  cpu: ['cpuLimit', 'cpuRequest'],
} as const satisfies Record<Resource, readonly (keyof ComputeAmounts)[]>

const changes = (resource: Resource, a: ComputeAmounts, b: ComputeAmounts): boolean =>
  fields[resource].some(field => a[field] !== b[field])

/** The amounts with those of one resource changed: each has its own turn. */
export const withResource = (resource: Resource, before: ComputeAmounts, wanted: ComputeAmounts): ComputeAmounts => ({
  ...before,
  ...Object.fromEntries(fields[resource].map(field => [field, wanted[field]])),
})

/** Whether a running container can take its allocation only by a new start, as its policy says. */
export function needsRestart(pod: Pod, container: Container, actuated: Allocation): boolean {
  const wanted = amountsIn(pod, container)
  const current = actuatedAmounts(actuated, container.name)
  return (container.resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === 'RestartContainer' &&
      (resourceName === 'memory' || resourceName === 'cpu') &&
      changes(resourceName, wanted, current),
  )
}

/** Of the field that decides: the limit where it changes, else the request. */
function growth(resource: Resource, { current, wanted }: ContainerUpdate): number {
  const field = fields[resource].find(name => current[name] !== wanted[name])
  return field === undefined ? 0 : wanted[field] - current[field]
}

/** `kept`: the running containers that stay; `started`: the names of those about to be started. */
export function planResize(
  pod: Pod,
  kept: readonly ContainerRecord[],
  started: readonly string[],
  actuated: Allocation,
): ResizePlan {
  const memory: ContainerUpdate[] = []
  const cpu: ContainerUpdate[] = []
  const lists = { memory, cpu }
  let podChanges = false
  for (const container of resizable(pod)) {
    const wanted = amountsIn(pod, container)
    const current = actuatedAmounts(actuated, container.name)
    if (equalAmounts(wanted, current)) continue
    if (started.includes(container.name)) podChanges = true
    const record = kept.find(({ name, state }) => name === container.name && state === 'running')
    if (!record) continue
    const update = { record, container, current, wanted }
    for (const resource of ['memory', 'cpu'] as const) {
      if (!changes(resource, wanted, current)) continue
      if (growth(resource, update) > 0) lists[resource].push(update)
      else lists[resource].unshift(update)
    }
  }
  const podLevelChanges = !equalAmounts(podLevelAmounts(pod.spec.resources), podLevelAmounts(actuated.pod))
  return { memory, cpu, podChanges, podLevelChanges }
}

export const isIdle = ({ memory, cpu, podChanges, podLevelChanges }: ResizePlan): boolean =>
  memory.length === 0 && cpu.length === 0 && !podChanges && !podLevelChanges

/** Whether something that runs does not have its allocation yet. */
export function isResizing(pod: Pod, running: readonly ContainerRecord[], actuated: Allocation | undefined): boolean {
  if (!actuated) return false
  if (pod.spec.resources && !equalAmounts(podLevelAmounts(pod.spec.resources), podLevelAmounts(actuated.pod)))
    return true
  const containers = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers]
  return containers.some(
    container =>
      running.some(({ name, state }) => name === container.name && state === 'running') &&
      !equalAmounts(amountsIn(pod, container), actuatedAmounts(actuated, container.name)),
  )
}
