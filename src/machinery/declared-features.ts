/** Features that a pod needs of its node, which nodes declare in their status (KEP-5328). */
import { isDeepStrictEqual } from 'node:util'
import type { Pod } from '../api/core/v1/pod.ts'

export const declaredFeature = {
  restartAllContainers: 'RestartAllContainersOnContainerExits',
  podLevelResize: 'InPlacePodLevelResourcesVerticalScaling',
  initContainerResize: 'InPlacePodVerticalScalingInitContainers',
} as const

/** To run at all. */
export function featuresToRun({ spec }: Pick<Pod, 'spec'>): string[] {
  const restartsAll = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].some(({ restartPolicyRules }) =>
    restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  )
  return restartsAll ? [declaredFeature.restartAllContainers] : []
}

/** To be changed so while it runs. */
export function featuresToUpdate(old: Pick<Pod, 'spec'>, now: Pick<Pod, 'spec'>): string[] {
  const features: string[] = []
  if (!isDeepStrictEqual(old.spec.resources, now.spec.resources)) features.push(declaredFeature.podLevelResize)
  const changed = (old.spec.initContainers ?? []).some(
    ({ restartPolicy, resources }, i) =>
      restartPolicy !== 'Always' && !isDeepStrictEqual(resources, now.spec.initContainers?.[i]?.resources),
  )
  if (changed) features.push(declaredFeature.initContainerResize)
  return features
}
