/** Tells kubelets how long they may keep secrets and config maps, by the size of the cluster (upstream: pkg/controller/ttl). */
import { Node } from '../../api/core/v1/node.ts'
import { mergePatch } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'

const annotation = 'node.alpha.kubernetes.io/ttl'

/** Between the bounds of two rows the one that holds stays, so that it does not change to and fro. */
const rows = [
  { least: 0, most: 100, seconds: 0 },
  { least: 90, most: 500, seconds: 15 },
  { least: 450, most: 1000, seconds: 30 },
  { least: 900, most: 2000, seconds: 60 },
  { least: 1800, most: Number.POSITIVE_INFINITY, seconds: 300 },
] as const

export const nodeTtlController: ControllerDefinition = {
  name: 'ttl-controller',
  workers: 2,
  build(context) {
    const nodes = context.informer(Node)
    enqueueChanged(nodes, context)
    let row = 0
    return {
      plan(key) {
        const node = objectOf(nodes, key)
        const count = nodes.list().length
        while (count > rows[row]!.most) row++
        while (count < rows[row]!.least) row--
        const wanted = String(rows[row]!.seconds)
        if (!node || node.metadata.annotations?.[annotation] === wanted) return undefined
        return { steps: [[mergePatch(Node, node, { metadata: { annotations: { [annotation]: wanted } } })]] }
      },
    }
  },
}
