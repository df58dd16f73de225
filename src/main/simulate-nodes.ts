/** `clipper simulate-nodes`: nodes without containers on any cluster, in the foreground until it is told to stop. */
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { CliError } from '../cli/cli-error.ts'
import { Client } from '../client/client.ts'
import { HttpsTransport } from '../client/https-transport.ts'
import { readKubeconfig, transportOptionsOf } from '../client/kubeconfig.ts'
import { maxNodes, type NodeShape } from '../simulated-nodes/plan.ts'
import { Simulator } from '../simulated-nodes/simulator.ts'
import { random } from './random.ts'
import { stopSignal } from './stop-signal.ts'

export interface SimulateNodesOptions {
  readonly kubeconfig: string
  readonly count: number
  readonly shape: NodeShape
}

const sayEveryMs = 10_000

export async function simulateNodes({ kubeconfig, count, shape }: SimulateNodesOptions): Promise<void> {
  if (count > maxNodes) throw new CliError(`${count} nodes are more than the ${maxNodes} that have addresses`)
  const log = loggerOf('simulated-nodes')
  const transport = new HttpsTransport(await transportOptionsOf(await readKubeconfig(kubeconfig)))
  const stopping = new AbortController()
  const stopped = stopSignal()
  const client = new Client(transport, 'simulated-nodes')
  const simulator = new Simulator({ client, clock: systemClock, random, log, count, shape })
  await simulator.start(stopping.signal)
  log.info(simulator.counts, 'all nodes are registered')
  let said = JSON.stringify(simulator.counts)
  const timer = setInterval(() => {
    const { nodes, reported, deleted, skipped } = simulator.counts
    const now = JSON.stringify([nodes, reported, deleted, skipped])
    if (now !== said) log.info(simulator.counts, 'running')
    said = now
  }, sayEveryMs)
  await stopped
  clearInterval(timer)
  stopping.abort()
  transport.close()
}
