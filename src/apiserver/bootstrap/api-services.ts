/** One APIService for each group and version that this server itself serves (upstream: controlplane/apiserver/aggregator). */
import type { ServedGroup } from '../../machinery/discovery/api-groups.ts'

export const automanagedLabel = 'kube-aggregator.kubernetes.io/automanaged'

/** Clients prefer groups with higher numbers; the versions of one group are ranked among themselves. */
const groupPriorities: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
  'storagemigration.k8s.io': 15_800,
}
const versionPriorities: Readonly<Record<string, number>> = {
  v1: 1,
  'autoscaling/v2': 30,
  'flowcontrol.apiserver.k8s.io/v1': 21,
  'resource.k8s.io/v1': 21,
}
const otherGroups = 1000
const otherVersions = 15

export function localApiServices(groups: readonly ServedGroup[]) {
  return groups
    .filter(({ name }) => name !== 'apiregistration.k8s.io')
    .flatMap(({ name: group, versions }) =>
      versions.map(({ version, groupVersion }) => ({
        metadata: { name: `${version}.${group}`, labels: { [automanagedLabel]: 'onstart' } },
        spec: {
          ...(group === '' ? {} : { group }),
          version,
          groupPriorityMinimum: groupPriorities[group] ?? otherGroups,
          versionPriority: versionPriorities[groupVersion] ?? otherVersions,
        },
      })),
    )
}

export const localAvailable = (nowIso: string) => ({
  type: 'Available',
  status: 'True',
  lastTransitionTime: nowIso,
  reason: 'Local',
  message: 'Local APIServices are always available',
})
