/** A claim that one pod alone may use keeps others back while that pod is there (KEP-2485: ReadWriteOncePod). */
import { claimNamesOf } from '../../machinery/pod-claims.ts'
import type { FilterPlugin } from '../framework.ts'
import { isPodEvent } from '../queueing-hints.ts'

const rejection = {
  plugin: 'VolumeRestrictions',
  reasons: [
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
  ],
  // Where the user has lower priority, its removal helps.
  unresolvable: false,
}
const elsewhere = { ...rejection, unresolvable: true }

export const volumeRestrictions: FilterPlugin = {
  name: 'VolumeRestrictions',
  prepare({ pod, key, namespace }, { state, volumes }) {
    const exclusive = claimNamesOf(pod).filter(name =>
      volumes?.claim(namespace, name)?.spec.accessModes?.includes('ReadWriteOncePod'),
    )
    if (exclusive.length === 0) return undefined
    const users = new Set<string>()
    for (const node of state.nodes())
      for (const other of node.pods.values()) {
        if (other.key === key || other.namespace !== namespace) continue
        if (claimNamesOf(other.pod).some(name => exclusive.includes(name))) users.add(node.name)
      }
    if (users.size === 0) return undefined
    return ({ name }) => (users.has(name) ? rejection : elsewhere)
  },
  mayHelp: (event, { namespace }) =>
    event.type === 'claimChanged' ||
    (isPodEvent(event) && event.type === 'podDeleted' && event.pod.namespace === namespace),
}
