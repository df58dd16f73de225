/**
 * Has volumes attached to the nodes whose pods use them, and detached when no pod does: by a VolumeAttachment for each, which
 * the driver's attacher carries out (documentation: "CSI Volume", upstream: attach-detach controller).
 */
import { Node } from '../../api/core/v1/node.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { CSIDriver } from '../../api/storage/v1/csi-driver.ts'
import { VolumeAttachment } from '../../api/storage/v1/volume-attachment.ts'
import { claimKeysOf, claimNamesOf } from '../../machinery/pod-claims.ts'
import { attachmentName } from '../../machinery/volume-attachments.ts'
import type { ControllerDefinition } from '../runtime/controller.ts'
import { same } from '../runtime/same.ts'
import { planNode } from './plan.ts'

const byNode = 'node'
const byClaim = 'claim'
const byVolume = 'volume'

export const attachDetachController: ControllerDefinition = {
  name: 'attachdetach-controller',
  workers: 1,
  build(context) {
    const pods = context.informer(Pod)
    const claims = context.informer(PersistentVolumeClaim)
    const volumes = context.informer(PersistentVolume)
    const attachments = context.informer(VolumeAttachment)
    const drivers = context.informer(CSIDriver)
    const nodes = context.informer(Node)
    const userNode = (pod: Pod): string[] =>
      pod.spec.nodeName && claimNamesOf(pod).length > 0 ? [pod.spec.nodeName] : []
    pods.addIndex('node-of-claims', userNode)
    pods.addIndex(byClaim, claimKeysOf)
    attachments.addIndex(byNode, ({ spec }) => [spec.nodeName])
    attachments.addIndex(byVolume, ({ spec }) => [spec.source.persistentVolumeName ?? ''])
    pods.subscribe(({ object }) => {
      for (const node of userNode(object)) context.enqueue(node)
    })
    // A pod may be seen on its node before its claim is seen bound, or the volume seen at all.
    const claimReady = (namespace = '', name = '') => {
      for (const { spec } of pods.byIndex(byClaim, `${namespace}/${name}`))
        if (spec.nodeName) context.enqueue(spec.nodeName)
    }
    claims.subscribe(({ object: { metadata, status }, old }) => {
      if (status.phase === 'Bound' && old?.status.phase !== 'Bound') claimReady(metadata.namespace, metadata.name)
    })
    volumes.subscribe(({ type, object: { spec } }) => {
      if (type === 'added') claimReady(spec.claimRef?.namespace, spec.claimRef?.name)
    })
    attachments.subscribe(({ type, object }) => {
      context.enqueue(object.spec.nodeName)
      // Another node may wait for a volume that only one can have.
      if (type === 'deleted') for (const { metadata } of nodes.list()) context.enqueue(metadata.name)
    })
    nodes.subscribe(({ type, object, old }) => {
      const changed = !same(object.status.volumesInUse, old?.status.volumesInUse)
      if (type === 'deleted' || changed) context.enqueue(object.metadata.name)
    })
    const volumesOf = (pod: Pod) =>
      claimNamesOf(pod).flatMap(name => {
        const claim = claims.get(pod.metadata.namespace, name)
        const volume = claim?.status.phase === 'Bound' ? volumes.get('', claim.spec.volumeName ?? '') : undefined
        return volume?.spec.csi && (drivers.get('', volume.spec.csi.driver)?.spec.attachRequired ?? true)
          ? [volume]
          : []
      })
    return {
      plan: nodeName =>
        planNode({
          nodeName,
          node: nodes.get('', nodeName),
          users: pods.byIndex('node-of-claims', nodeName).map(pod => ({ pod, volumes: volumesOf(pod) })),
          attachments: attachments.byIndex(byNode, nodeName),
          isElsewhere: volume => attachments.byIndex(byVolume, volume).some(({ spec }) => spec.nodeName !== nodeName),
          isOwn: ({ metadata, spec }) => {
            const csi = volumes.get('', spec.source.persistentVolumeName ?? '')?.spec.csi
            return csi !== undefined && metadata.name === attachmentName(csi.volumeHandle, csi.driver, spec.nodeName)
          },
          handleOf: name => volumes.get('', name)?.spec.csi?.volumeHandle,
          nowMs: context.clock.now(),
        }),
    }
  },
}
