/** A pod as the scheduler looks at it: everything that its plugins ask for often, read from the object once. */
import type { PodAffinityTerm } from '../api/core/v1/affinity.ts'
import type { ContainerPort } from '../api/core/v1/container.ts'
import type { Pod } from '../api/core/v1/pod.ts'
import { labelSelectorOf, type Selector } from '../machinery/selectors/label-selector.ts'
import { type Amounts, nonZeroRequests, podRequests } from './pod-requests.ts'

export interface AffinityTerm {
  /** The same for terms that mean the same. */
  readonly id: string
  readonly selector: Selector
  readonly topologyKey: string
  readonly namespaces: ReadonlySet<string>
  /** Namespaces picked by their labels, besides the named ones. */
  readonly namespaceSelector: Selector | undefined
  /** 0 on a required term. */
  readonly weight: number
}

export interface PodInfo {
  readonly pod: Pod
  /** `namespace/name`. */
  readonly key: string
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly priority: number
  readonly requests: Amounts
  readonly nonZeroMilliCpu: number
  readonly nonZeroMemoryBytes: number
  /** Those with a host port. */
  readonly hostPorts: readonly ContainerPort[]
  readonly requiredAffinity: readonly AffinityTerm[]
  readonly requiredAntiAffinity: readonly AffinityTerm[]
  readonly preferredAffinity: readonly AffinityTerm[]
  readonly preferredAntiAffinity: readonly AffinityTerm[]
  /** Pods with the same shape get the same answers from filters that look at the node object alone. */
  readonly shape: string
}

export const podKeyOf = (pod: Pod): string => `${pod.metadata.namespace}/${pod.metadata.name}`

function termOf(term: PodAffinityTerm, namespace: string, weight: number): AffinityTerm {
  const named = term.namespaces ?? []
  const own = named.length === 0 && term.namespaceSelector === undefined
  const namespaces = own ? [namespace] : named
  return {
    id: JSON.stringify([weight, term.topologyKey, namespaces, term.labelSelector, term.namespaceSelector]),
    selector: labelSelectorOf(term.labelSelector),
    topologyKey: term.topologyKey,
    namespaces: new Set(namespaces),
    namespaceSelector: term.namespaceSelector === undefined ? undefined : labelSelectorOf(term.namespaceSelector),
    weight,
  }
}

export function podInfoOf(pod: Pod): PodInfo {
  const { spec, metadata } = pod
  const { namespace } = metadata
  const required = (terms: readonly PodAffinityTerm[] | undefined) =>
    (terms ?? []).map(term => termOf(term, namespace, 0))
  const { podAffinity, podAntiAffinity, nodeAffinity } = spec.affinity ?? {}
  const nonZero = nonZeroRequests(pod)
  const containers = [...spec.containers, ...(spec.initContainers ?? []).filter(one => one.restartPolicy === 'Always')]
  return {
    pod,
    key: podKeyOf(pod),
    uid: metadata.uid,
    namespace,
    name: metadata.name,
    labels: metadata.labels ?? {},
    priority: spec.priority ?? 0,
    requests: podRequests(pod),
    nonZeroMilliCpu: nonZero.milliCpu,
    nonZeroMemoryBytes: nonZero.memoryBytes,
    hostPorts: containers.flatMap(container => container.ports ?? []).filter(port => (port.hostPort ?? 0) > 0),
    requiredAffinity: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: (podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(one =>
      termOf(one.podAffinityTerm, namespace, one.weight),
    ),
    preferredAntiAffinity: (podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(one =>
      termOf(one.podAffinityTerm, namespace, one.weight),
    ),
    shape: JSON.stringify([spec.nodeSelector, nodeAffinity, spec.tolerations]),
  }
}
