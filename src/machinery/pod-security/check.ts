/** What the checks of the Pod Security Standards share. */
import type { Container } from '../../api/core/v1/container.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'

export interface Violation {
  readonly reason: string
  /** '' where the reason says all. */
  readonly detail: string
}

/** A pod, or the template of one. */
export interface CheckedPod {
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: PodSpec
}

export interface Check {
  readonly id: string
  /** Minor version of Kubernetes that brought it. */
  readonly since: number
  /** Checks of the baseline that it stands in for. */
  readonly overrides?: readonly string[]
  /** `minor`: the version of the standards; infinite for the latest. */
  violation(pod: CheckedPod, minor: number): Violation | undefined
}

/** All containers, init and ephemeral ones too, in upstream's order. */
export const containersOf = ({ spec }: CheckedPod): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...((spec.ephemeralContainers ?? []) as unknown as Container[]),
]

export const quoted = (items: readonly string[]): string => items.map(item => `"${item}"`).join(', ')

export const plural = (singular: string, many: string, count: number): string => (count === 1 ? singular : many)

export const containersNamed = (names: readonly string[]): string =>
  `${plural('container', 'containers', names.length)} ${quoted(names)}`

export const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort()

export const isWindows = ({ spec }: CheckedPod): boolean => spec.os?.name === 'windows'

/** In a user namespace of its own, root is nobody on the node. */
export const hasUserNamespace = ({ spec }: CheckedPod): boolean => spec.hostUsers === false
