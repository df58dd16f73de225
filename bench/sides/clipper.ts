/** Clipper, by its command: the API server alone, the control plane, or a whole cluster. */
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { ServerProcess, untilReady } from './server-process.ts'
import { type Part, type RunningSide, readyProbe, type Side, type StartOptions } from './side.ts'

const run = promisify(execFile)

export const clipperCommand = resolve(import.meta.dirname, '../../bin/clipper')

export const clipper: Side = {
  name: 'clipper',
  missing: parts => (parts.includes('node') && process.getuid?.() !== 0 ? 'a node needs root' : undefined),
  async versions() {
    const { stdout } = await run(clipperCommand, ['version', '-o', 'json'])
    return JSON.parse(stdout) as Record<string, string>
  },
  start: startServer,
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
    ...['--name', `bench-${process.pid}`, '--data-dir', dataDirectory, '--node-name', 'node1'],
    ...['--api-port', String(portBase), '--cluster-cidr', '10.98.0.0/16', '--service-cidr', '10.97.0.0/16'],
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
