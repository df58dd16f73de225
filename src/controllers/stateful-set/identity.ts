/** What tells the pods of a StatefulSet apart: name, host name, volumes (documentation: "StatefulSets", Pod Identity). */
import { StatefulSet } from '../../api/apps/v1/stateful-set.ts'
import type { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { PodTemplateSpec } from '../../api/core/v1/pod-spec.ts'
import type { Draft } from '../../schema/message.ts'
import { revisionLabel } from '../runtime/history.ts'
import { podOf } from '../runtime/pods.ts'

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`

/** -1 for a name that is not of the set. */
export function ordinalOf(set: StatefulSet, pod: Pod): number {
  const { name } = pod.metadata
  const prefix = `${set.metadata.name}-`
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : ''
  return /^\d+$/.test(rest) ? Number(rest) : -1
}

export const claimName = (template: PersistentVolumeClaim, set: StatefulSet, ordinal: number): string =>
  `${template.metadata.name}-${podName(set, ordinal)}`

/** The claims that a pod needs, from the set's templates. */
export function claimsOf(set: StatefulSet, ordinal: number): Draft<PersistentVolumeClaim>[] {
  return (set.spec.volumeClaimTemplates ?? []).map(template => ({
    metadata: {
      ...(template.metadata.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      name: claimName(template, set, ordinal),
      namespace: set.metadata.namespace,
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
    },
    spec: template.spec,
  }))
}

export function newPod(set: StatefulSet, ordinal: number, template: PodTemplateSpec, revision: string): Draft<Pod> {
  const name = podName(set, ordinal)
  const pod = podOf(template, StatefulSet, set)
  const templates = set.spec.volumeClaimTemplates ?? []
  const claimed = new Set(templates.map(({ metadata }) => metadata.name))
  const volumes = [
    ...(template.spec.volumes ?? []).filter(volume => !claimed.has(volume.name)),
    ...templates.map(one => ({
      name: one.metadata.name,
      persistentVolumeClaim: { claimName: claimName(one, set, ordinal) },
    })),
  ]
  return {
    metadata: {
      ...pod.metadata,
      name,
      labels: {
        ...pod.metadata.labels,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
        [revisionLabel]: revision,
      },
    },
    spec: {
      ...template.spec,
      hostname: name,
      ...(set.spec.serviceName === '' ? {} : { subdomain: set.spec.serviceName }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  }
}
