/** Gives claims of the class `local-path` a directory of the node that the scheduler has chosen for their pod. */
import { Node } from '../../api/core/v1/node.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { StorageClass } from '../../api/storage/v1/storage-class.ts'
import { isLocalPathVolume } from '../../machinery/local-path.ts'
import { classOf } from '../../machinery/volume-matching.ts'
import { type ControllerDefinition, keyOf, objectOf } from '../runtime/controller.ts'
import { same } from '../runtime/same.ts'
import { isAskedFor, planProvision, planReclaim, selectedNodeOf } from './plan.ts'

const claimPrefix = 'claim:'
const volumePrefix = 'volume:'

export const localPathController: ControllerDefinition = {
  name: 'local-path-provisioner',
  workers: 4,
  build(context) {
    const claims = context.informer(PersistentVolumeClaim)
    const volumes = context.informer(PersistentVolume)
    const nodes = context.informer(Node)
    const classes = context.informer(StorageClass)
    claims.subscribe(({ type, object }) => {
      if (type !== 'deleted' && isAskedFor(object)) context.enqueue(`${claimPrefix}${keyOf(object)}`)
    })
    volumes.subscribe(({ type, object }) => {
      if (type !== 'deleted' && isLocalPathVolume(object)) context.enqueue(`${volumePrefix}${object.metadata.name}`)
    })
    // A node tells that a directory is gone, or is gone itself.
    nodes.subscribe(({ type, object, old }) => {
      const changed = !same(object.status.volumesInUse, old?.status.volumesInUse)
      if (type === 'deleted' || (type === 'updated' && changed))
        for (const volume of volumes.list())
          if (isLocalPathVolume(volume)) context.enqueue(`${volumePrefix}${volume.metadata.name}`)
    })
    return {
      plan(key) {
        if (key.startsWith(volumePrefix)) {
          const volume = volumes.get('', key.slice(volumePrefix.length))
          return volume && planReclaim(volume, nodes.list())
        }
        const claim = objectOf(claims, key.slice(claimPrefix.length))
        if (!claim || !isAskedFor(claim)) return undefined
        const node = nodes.get('', selectedNodeOf(claim) ?? '')
        return planProvision(claim, node, classes.get('', classOf(claim)))
      },
    }
  },
}
