/**
 * `matchLabelKeys` and `mismatchLabelKeys` stand for the new pod's own values of these labels: they become expressions of
 * the label selector beside them when the pod is made (KEP-3633 for pod affinity, KEP-3243 for topology spread).
 */
import type { LabelSelector } from '../../../api/meta/v1/label-selector.ts'
import { equalJson } from '../clone.ts'
import type { ObjectJson } from '../stored-object.ts'
import { at } from './base.ts'

interface Term {
  labelSelector?: LabelSelector
  matchLabelKeys?: string[]
  mismatchLabelKeys?: string[]
}

/** The pod is owned by the write; its selectors may be shared with what the client sent, and are replaced. */
export function mergeLabelKeys(pod: ObjectJson): void {
  const labels = pod.metadata.labels ?? {}
  for (const term of termsOf(pod)) {
    if (!term.labelSelector) continue
    const before = term.labelSelector.matchExpressions ?? []
    const wanted = [
      ...expressions(term.matchLabelKeys, 'In', labels),
      ...expressions(term.mismatchLabelKeys, 'NotIn', labels),
    ]
    // A create with a generated name that was taken is prepared again.
    const added = wanted.filter(expression => !before.some(known => equalJson(known, expression)))
    if (added.length > 0) term.labelSelector = { ...term.labelSelector, matchExpressions: [...before, ...added] }
  }
}

const expressions = (keys: readonly string[] = [], operator: 'In' | 'NotIn', labels: Record<string, string>) =>
  keys.flatMap(key => {
    const value = labels[key]
    return value === undefined ? [] : [{ key, operator, values: [value] }]
  })

function termsOf(pod: ObjectJson): Term[] {
  const list = (...path: string[]) => (at(pod, 'spec', ...path) ?? []) as unknown[]
  const affinity = ['podAffinity', 'podAntiAffinity'].flatMap(kind => [
    ...(list('affinity', kind, 'requiredDuringSchedulingIgnoredDuringExecution') as Term[]),
    ...(list('affinity', kind, 'preferredDuringSchedulingIgnoredDuringExecution') as { podAffinityTerm?: Term }[]).map(
      ({ podAffinityTerm }) => podAffinityTerm ?? {},
    ),
  ])
  return [...affinity, ...(list('topologySpreadConstraints') as Term[])]
}
