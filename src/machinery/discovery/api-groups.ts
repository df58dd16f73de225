/** The served kinds by group and version, in the order in which discovery lists them. */
import { apiVersionOf, type Kind, type ResourceFacts } from '../../schema/kind.ts'

export interface ServedKind extends Kind {
  readonly resource: ResourceFacts
}

export interface ServedVersion {
  readonly version: string
  /** `v1`, `apps/v1`. */
  readonly groupVersion: string
  /** By plural. */
  readonly kinds: readonly ServedKind[]
}

export interface ServedGroup {
  readonly name: string
  /** The preferred one first. */
  readonly versions: readonly ServedVersion[]
}

/** Upstream's order: the sooner a group stands here, the sooner kubectl finds a bare resource name in it. */
const groupOrder: readonly string[] = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'storagemigration.k8s.io',
]

const isServed = (kind: Kind): kind is ServedKind => kind.resource !== undefined

/** Groups of the kinds that are resources, the core group (named '') first, groups of custom resources last. */
export function groupsOf(kinds: readonly Kind[]): ServedGroup[] {
  const groups = new Map<string, Map<string, ServedKind[]>>()
  for (const kind of kinds.filter(isServed)) {
    const { group, version } = kind.gvk
    const versions = groups.get(group) ?? new Map<string, ServedKind[]>()
    groups.set(group, versions)
    versions.set(version, [...(versions.get(version) ?? []), kind])
  }
  return [...groups.keys()].sort(byGroupOrder).map(name => ({
    name,
    versions: [...(groups.get(name) ?? [])]
      .sort(([a], [b]) => compareVersions(a, b))
      .map(([version, served]) => ({
        version,
        groupVersion: apiVersionOf(name, version),
        kinds: served.sort((a, b) => compareText(a.resource.plural, b.resource.plural)),
      })),
  }))
}

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function byGroupOrder(a: string, b: string): number {
  const rank = (name: string) => (groupOrder.includes(name) ? groupOrder.indexOf(name) : groupOrder.length)
  return rank(a) - rank(b) || compareText(a, b)
}

/** Newest first: general availability before beta before alpha, then the greater number, other names last. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string) => /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  const [left, right] = [parts(a), parts(b)]
  if (!left || !right) return left ? -1 : right ? 1 : compareText(a, b)
  const stage = (match: RegExpExecArray) => ({ alpha: 0, beta: 1 })[match[2] ?? ''] ?? 2
  const number = (match: RegExpExecArray, index: number) => Number(match[index] ?? 0)
  return stage(right) - stage(left) || number(right, 1) - number(left, 1) || number(right, 3) - number(left, 3)
}
