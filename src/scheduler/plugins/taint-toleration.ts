/** Keeps pods off nodes with taints that they do not tolerate, and prefers nodes with few that ask to be avoided. */
import { findUntoleratedTaint, toleratedBy } from '../../machinery/selectors/tolerations.ts'
import { type FilterPlugin, normaliseToMax, type ScorePlugin } from '../framework.ts'
import { nodeTaintsChanged } from '../queueing-hints.ts'

const name = 'TaintToleration'
const rejection = { plugin: name, reasons: ['node(s) had untolerated taint(s)'], unresolvable: true }
const hardEffects = ['NoSchedule', 'NoExecute'] as const

export const taintTolerationFilter: FilterPlugin = {
  name,
  onlyNodeObject: true,
  prepare:
    ({ pod }) =>
    ({ node }) =>
      findUntoleratedTaint(node.spec.taints, pod.spec.tolerations, hardEffects) === undefined ? undefined : rejection,
  mayHelp: (event, { pod }) =>
    nodeTaintsChanged(event) &&
    findUntoleratedTaint(event.node.spec.taints, pod.spec.tolerations, hardEffects) === undefined,
}

export const taintTolerationScore: ScorePlugin = {
  name,
  weight: 3,
  prepare: ({ pod }, _, feasible) => {
    const isSoft = (taint: { effect: string }) => taint.effect === 'PreferNoSchedule'
    if (!feasible.some(({ node }) => node.spec.taints?.some(isSoft))) return undefined
    const tolerations = pod.spec.tolerations?.filter(one => !one.effect || one.effect === 'PreferNoSchedule')
    return {
      score: ({ node }) =>
        (node.spec.taints ?? []).filter(taint => isSoft(taint) && !toleratedBy(taint, tolerations)).length,
      normalise: scores => normaliseToMax(scores, true),
    }
  },
}
