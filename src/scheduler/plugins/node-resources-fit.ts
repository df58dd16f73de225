/** Room for a pod's requests, and a preference for nodes with much room left (`LeastAllocated`). */
import { type FilterPlugin, maxNodeScore, type ScorePlugin } from '../framework.ts'
import { amountOf } from '../pod-requests.ts'
import { isNodeEvent } from '../queueing-hints.ts'
import type { ResourceColumn } from '../resource-columns.ts'

const name = 'NodeResourcesFit'

export const nodeResourcesFit: FilterPlugin = {
  name,
  prepare: (info, { state }) => {
    const { pods } = state.columns
    const wanted: [column: ResourceColumn | undefined, resource: string, amount: number][] = []
    for (const [resource, amount] of info.requests) {
      if (amount > 0) wanted.push([state.columns.column(resource), resource, amount])
    }
    return ({ index }) => {
      let reasons: string[] | undefined
      let unresolvable = false
      if (pods.requested[index]! + 1 > pods.allocatable[index]!) reasons = ['Too many pods']
      for (const [column, resource, amount] of wanted) {
        const allocatable = column?.allocatable[index] ?? 0
        if (amount <= allocatable - (column?.requested[index] ?? 0)) continue
        reasons ??= []
        reasons.push(`Insufficient ${resource}`)
        // No pod that goes away would make a node larger.
        if (amount > allocatable) unresolvable = true
      }
      return reasons === undefined ? undefined : { plugin: name, reasons, unresolvable }
    }
  },
  mayHelp: (event, info) => {
    if (event.type === 'podDeleted' || event.type === 'podUpdated') return true
    if (!isNodeEvent(event) || (event.type === 'nodeUpdated' && !event.allocatable)) return false
    for (const [resource, amount] of info.requests) {
      const allocatable = event.node.status.allocatable?.[resource]
      if (amount > 0 && (allocatable === undefined || amount > amountOf(resource, allocatable))) return false
    }
    return true
  },
}

const free = (allocatable: number, requested: number): number =>
  requested > allocatable ? 0 : Math.floor(((allocatable - requested) * maxNodeScore) / allocatable)

export const leastAllocated: ScorePlugin = {
  name,
  weight: 1,
  prepare: (info, { state: { columns } }) => ({
    score({ index }) {
      const cpu = columns.cpu.allocatable[index]!
      const memory = columns.memory.allocatable[index]!
      let sum = 0
      let weights = 0
      if (cpu > 0) {
        sum += free(cpu, columns.nonZeroMilliCpu[index]! + info.nonZeroMilliCpu)
        weights++
      }
      if (memory > 0) {
        sum += free(memory, columns.nonZeroMemoryBytes[index]! + info.nonZeroMemoryBytes)
        weights++
      }
      return weights === 0 ? 0 : Math.floor(sum / weights)
    },
  }),
}
