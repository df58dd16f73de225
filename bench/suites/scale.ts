/** Many pods on simulated nodes, with the API's latency against Kubernetes' SLOs. */
import { clipperCommand } from '../sides/executables.ts'
import { ServerProcess, untilReady } from '../sides/server-process.ts'
import { keepMemory } from './memory.ts'
import type { Extent, Suite } from './suite.ts'

const fillTimeoutMs = 4 * 3600_000

const scaleSuite = (nodes: number, pods: number, extents: readonly Extent[]): Suite => ({
  name: `scale-${nodes}`,
  about: `${pods.toLocaleString('en')} pods on ${nodes.toLocaleString('en')} simulated nodes`,
  parts: ['controllers', 'scheduler'],
  extents,
  once: extents,
  async run(context) {
    const { side, directory, extent } = context
    const count = extent === 'quick' ? Math.round(pods / 10) : pods
    // A client of the server like the load program: what it costs does not count.
    const nodesProcess = new ServerProcess('simulate-nodes', directory, clipperCommand, [
      ...['simulate-nodes', String(nodes), '--kubeconfig', side.kubeconfig],
      ...['--cpu', '32', '--memory', '256Gi', '--pods', '110'],
    ])
    try {
      const startedAt = performance.now()
      const isRegistered = async () => nodesProcess.logTail().includes('all nodes are registered')
      await untilReady('simulate-nodes', [nodesProcess], isRegistered, { timeoutMs: 600_000, pollMs: 100 })
      context.keep({ name: 'scale-registered', count: nodes, seconds: (performance.now() - startedAt) / 1000 })
      await context.load('scale', ['--pods', String(count)], fillTimeoutMs)
      await keepMemory(context)
    } finally {
      await nodesProcess.stop()
    }
  },
})

export const scaleSizes = [
  [100, 3000],
  [1000, 10_000],
  [5000, 150_000],
] as const

const [small, middle, large] = scaleSizes

export const scaleSuites: readonly Suite[] = [
  scaleSuite(...small, ['quick']),
  scaleSuite(...middle, ['default', 'full']),
  scaleSuite(...large, ['full']),
]
