/** Warnings about persistent volumes (upstream: GetWarningsForPersistentVolume). */
import type { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { nodeTermWarnings } from './node-labels.ts'

const annotations: Readonly<Record<string, string>> = {
  'volume.beta.kubernetes.io/storage-class': 'deprecated since v1.8; use "storageClassName" attribute instead',
  'volume.beta.kubernetes.io/mount-options': 'deprecated since v1.31; use "mountOptions" attribute instead',
}

const deprecated: readonly (readonly [source: keyof PersistentVolume['spec'], text: string, shown?: string])[] = [
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+', 'storageOS'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]

export function volumeWarnings(metadata: PersistentVolume['metadata'], spec: PersistentVolume['spec']): string[] {
  const out: string[] = []
  for (const [key, text] of Object.entries(annotations))
    if (metadata.annotations?.[key] !== undefined) out.push(`metadata.annotations[${key}]: ${text}`)
  if (spec.persistentVolumeReclaimPolicy === 'Recycle')
    out.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    )
  spec.nodeAffinity?.required?.nodeSelectorTerms.forEach((term, i) => {
    out.push(...nodeTermWarnings(`spec.nodeAffinity.required.nodeSelectorTerms[${i}]`, term, false))
  })
  for (const [source, text, shown = source] of deprecated) if (spec[source]) out.push(`spec.${shown}: ${text}`)
  return out
}
