import { Lease } from '../../api/coordination/v1/lease.ts'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { ControllerDefinition } from '../runtime/controller.ts'
import { planNode } from './plan.ts'

interface Heartbeat {
  readonly seen: string
  readonly atMs: number
}

/** `graceMs`: silence after which a node counts as gone (`--node-monitor-grace-period`). */
export const nodeLifecycleController = (graceMs: number): ControllerDefinition => ({
  name: 'node-controller',
  workers: 2,
  build(context) {
    const nodes = context.informer(Node)
    const leases = context.informer(Lease)
    const pods = context.informer(Pod)
    pods.addIndex('node', pod => [pod.spec.nodeName ?? ''])
    /** One for each node. Times are our own: the clocks of nodes are not compared with ours. */
    const heartbeats = new Map<string, Heartbeat>()
    /** Noted when it is seen, not when the node is next planned: so the silence is measured exactly. */
    const listen = (name: string): Heartbeat | undefined => {
      const node = nodes.get('', name)
      if (!node) return undefined
      const ready = node.status.conditions?.find(({ type }) => type === 'Ready')
      const renewed = leases.get('kube-node-lease', name)?.spec.renewTime
      const seen = `${renewed} ${ready?.lastHeartbeatTime}`
      const known = heartbeats.get(name)
      const heartbeat = known?.seen === seen ? known : { seen, atMs: context.clock.now() }
      heartbeats.set(name, heartbeat)
      return heartbeat
    }
    leases.subscribe(({ object }) => {
      if (object.metadata.namespace === 'kube-node-lease') listen(object.metadata.name)
    })
    nodes.subscribe(({ type, object }) => {
      if (type === 'deleted') heartbeats.delete(object.metadata.name)
      else listen(object.metadata.name)
      context.enqueue(object.metadata.name)
    })
    return {
      plan(name) {
        const node = nodes.get('', name)
        if (!node) return undefined
        const heartbeat = listen(name)!
        const nowMs = context.clock.now()
        return planNode({ node, pods: pods.byIndex('node', name), heartbeatMs: heartbeat.atMs, graceMs, nowMs })
      },
    }
  },
})
