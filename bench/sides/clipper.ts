/** Clipper, by its command: the API server alone, the control plane, or a whole cluster. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startClipperCluster } from './clipper-cluster.ts'
import { clipperCommand } from './executables.ts'
import { ServerProcess, untilReady } from './server-process.ts'
import {
  clusterCidr,
  nodeName,
  type Part,
  type RunningSide,
  readyProbe,
  type Side,
  type StartOptions,
  serviceCidr,
} from './side.ts'

const run = promisify(execFile)

export const clipper: Side = {
  name: 'clipper',
  missing: parts => (parts.includes('node') && process.getuid?.() !== 0 ? 'a node needs root' : undefined),
  async versions() {
    const { stdout } = await run(clipperCommand, ['version', '-o', 'json'])
    return JSON.parse(stdout) as Record<string, string>
  },
  start: options => (options.parts.includes('node') ? startClipperCluster(options) : startServer(options)),
}

const commandFor = (parts: readonly Part[]): string[] => {
  if (parts.length === 0) return ['apiserver']
  return parts.includes('controllers') ? ['server'] : ['server', '--controllers=']
}

async function startServer({ parts, directory, portBase }: StartOptions): Promise<RunningSide> {
  const dataDirectory = join(directory, 'data')
  const startedAt = performance.now()
  const server = new ServerProcess('clipper', directory, clipperCommand, [
    ...commandFor(parts),
    ...['--name', `bench-${process.pid}`, '--data-dir', dataDirectory, '--node-name', nodeName],
    ...['--api-port', String(portBase), '--cluster-cidr', clusterCidr, '--service-cidr', serviceCidr],
  ])
  const kubeconfig = join(dataDirectory, 'admin.kubeconfig')
  try {
    await untilReady('clipper', [server], await readyProbe(async () => kubeconfig))
    return { kubeconfig, readyMs: performance.now() - startedAt, processes: [server], stop: () => server.stop() }
  } catch (error) {
    await server.stop()
    throw error
  }
}
