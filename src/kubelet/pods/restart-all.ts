/** A container may ask by its exit code that its whole pod starts over in place (KEP-5532). Pure. */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { type ContainerRecord, latestOf, type PodRuntime } from './pod-runtime.ts'
import { matchingRule } from './restart-policy.ts'

export const restartAllCondition = 'AllContainersRestarting'
export const restartAllReason = 'RestartingAllContainers'

const containersOf = ({ spec }: Pick<Pod, 'spec'>): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
]

/** Whether any of its containers could ask for it. */
export const couldRestartAll = (pod: Pick<Pod, 'spec'>): boolean =>
  containersOf(pod).some(({ restartPolicyRules }) =>
    restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  )

const asks = (container: Container, record: ContainerRecord | undefined): boolean =>
  record?.state === 'exited' && matchingRule(container, record.exitCode)?.action === 'RestartAllContainers'

/** Whether a start-over was under way when the kubelet last reported. */
export const isRestartingAll = ({ status }: Pick<Pod, 'status'>): boolean =>
  status.conditions?.some(({ type, status: value }) => type === restartAllCondition && value === 'True') === true

/**
 * The containers to take away, in this order: those that asked for it last, so that whoever is interrupted sees again that
 * they did. Empty where nobody asks.
 */
export function containersToReset(pod: Pod, runtime: PodRuntime, underWay: boolean): readonly ContainerRecord[] {
  if (!couldRestartAll(pod)) return []
  const containers = containersOf(pod)
  const asking = containers.filter(container => asks(container, latestOf(runtime, container.name)))
  if (asking.length === 0 && !underWay) return []
  // Ephemeral containers are for looking on.
  const all = containers.toReversed().flatMap(({ name }) => runtime.containers.filter(record => record.name === name))
  const last = (record: ContainerRecord): boolean => asking.some(({ name }) => name === record.name)
  return [...all.filter(record => !last(record)), ...all.filter(last)]
}
