/** Which claims of volumes a pod uses: those that it names, and those made for it alone. */
import type { Pod } from '../api/core/v1/pod.ts'
import type { Volume } from '../api/core/v1/volume.ts'

export function claimNameOf(pod: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined {
  if (persistentVolumeClaim) return persistentVolumeClaim.claimName
  return ephemeral ? `${pod.metadata.name}-${name}` : undefined
}

export const claimNamesOf = (pod: Pod): string[] =>
  (pod.spec.volumes ?? []).map(volume => claimNameOf(pod, volume)).filter(name => name !== undefined)

/** As `namespace/name`. */
export const claimKeysOf = (pod: Pod): string[] => claimNamesOf(pod).map(name => `${pod.metadata.namespace}/${name}`)
