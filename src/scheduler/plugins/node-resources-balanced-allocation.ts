/** Prefers nodes where the pod brings the used shares of cpu and memory close to each other. */
import { maxNodeScore, type ScorePlugin } from '../framework.ts'
import type { ResourceColumn } from '../resource-columns.ts'

const share = (column: ResourceColumn, index: number, added: number): number =>
  Math.min(1, (column.requested[index]! + added) / column.allocatable[index]!)

export const balancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  prepare: (info, { state: { columns } }) => {
    const cpu = info.requests.get('cpu') ?? 0
    const memory = info.requests.get('memory') ?? 0
    // A pod that asks for nothing changes no balance.
    if (cpu === 0 && memory === 0) return undefined
    return {
      score({ index }) {
        if (columns.cpu.allocatable[index] === 0 || columns.memory.allocatable[index] === 0) return maxNodeScore
        const difference = share(columns.cpu, index, cpu) - share(columns.memory, index, memory)
        return Math.floor((1 - Math.abs(difference) / 2) * maxNodeScore)
      },
    }
  },
}
