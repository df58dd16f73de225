/** The workloads of upstream's scheduler_perf on nodes that are only objects; no controller runs. */
import { keepMemory } from './memory.ts'
import type { Extent, Suite } from './suite.ts'

export const workloads = [
  'basic',
  'spreading',
  'preferred-spreading',
  'affinity',
  'anti-affinity',
  'preferred-affinity',
  'preferred-anti-affinity',
  'node-affinity',
  'gated',
  'secrets',
  'churn',
  'preemption',
] as const

/** At 5,000 nodes filling them takes a stock server minutes; those in which the number of nodes tells. */
export const largeWorkloads = ['basic', 'spreading', 'affinity', 'anti-affinity'] as const

const shares: Record<Extent, number> = { quick: 0.2, default: 0.5, full: 1 }

const schedulerSuite = (nodes: number, only: readonly string[], extents: readonly Extent[]): Suite => ({
  name: `scheduler-${nodes}`,
  about: `pods bound on ${nodes.toLocaleString('en')} nodes`,
  parts: ['scheduler'],
  extents,
  async run(context) {
    const share = String(shares[context.extent])
    const names = context.extent === 'full' ? workloads : only
    await context.load(
      'schedule',
      ['--nodes', String(nodes), '--share', share, '--workloads', names.join(',')],
      1_200_000,
    )
    await keepMemory(context)
  },
})

export const schedulerSuites: readonly Suite[] = [
  schedulerSuite(1000, workloads, ['quick', 'default', 'full']),
  schedulerSuite(5000, largeWorkloads, ['default', 'full']),
]
