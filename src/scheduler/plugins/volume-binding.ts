/** Nodes must reach the volumes of a pod's claims, or be able to get them (documentation: "Volume Binding Mode"). */
import { claimNamesOf } from '../../machinery/pod-claims.ts'
import type { FilterPlugin, NodeFilter } from '../framework.ts'
import type { PodInfo } from '../pod-info.ts'
import { type ClusterEvent, nodeLabelsChanged } from '../queueing-hints.ts'
import { claimsOf, planVolumes } from '../volumes/pod-volumes.ts'
import type { VolumeView } from '../volumes/volume-view.ts'

const plugin = 'VolumeBinding'

function prepare({ pod }: PodInfo, { volumes }: { readonly volumes?: VolumeView }): NodeFilter | undefined {
  if (!volumes || claimNamesOf(pod).length === 0) return undefined
  const claims = claimsOf(pod, volumes)
  if (typeof claims === 'string') {
    const rejection = { plugin, reasons: [claims], unresolvable: true, ofPod: true }
    return () => rejection
  }
  return ({ node }) => {
    const plan = planVolumes(claims, node, volumes)
    return 'bindings' in plan ? undefined : { plugin, reasons: plan, unresolvable: true }
  }
}

function mayHelp(event: ClusterEvent, { pod }: PodInfo): boolean {
  if (event.type === 'claimChanged')
    return event.namespace === pod.metadata.namespace && claimNamesOf(pod).includes(event.name)
  return event.type === 'volumeChanged' || event.type === 'storageClassChanged' || nodeLabelsChanged(event)
}

export const volumeBinding: FilterPlugin = { name: plugin, prepare, mayHelp }
