/** The cluster under test: started by the real command with a name, ports and a data directory of its own. */
import { existsSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { readConfig } from '../src/cli/cluster-config.ts'
import { localNodesOf } from '../src/cli/local-nodes.ts'
import { type CommandOptions, runCommand } from './command.ts'
import type { ProcessNamespace } from './process-namespace.ts'

const clipper = resolve(import.meta.dirname, '../bin/clipper')

export interface ClusterOptions {
  readonly name: string
  readonly dataDirectory: string
  /** Programs found here go before those of the machine; where a newer containerd lies. */
  readonly programDirectory?: string
  /** Nodes, all on this machine. */
  readonly nodes: number
  /** The first of the ports that the cluster may take. */
  readonly firstPort: number
  /** Where its processes run; absent: among those of the machine. */
  readonly namespace?: ProcessNamespace
  readonly signal: AbortSignal
}

export interface NodeRuntime {
  /** Holds a folder per registry, with its `hosts.toml`. */
  readonly registriesDirectory: string
  /** An address of the machine that the node reaches and others do not. */
  readonly machineAddress: string
}

export interface Cluster {
  readonly kubeconfig: string
  readonly log: string
  /** Of a cluster that runs. */
  nodeRuntimes(): readonly NodeRuntime[]
  start(): Promise<void>
  loadImages(archive: string): Promise<void>
  /** Stops it and deletes everything; also what an earlier run left that was killed. */
  remove(): Promise<void>
}

const startTimeoutMs = 240_000
const portsTried = 200
/** Some tests ask for the kubelet there whatever its Node says. */
const usualKubeletPort = 10_250

/** Free ports from `firstPort` on. */
async function freePorts(firstPort: number, count: number): Promise<number[]> {
  const found: number[] = []
  for (let port = firstPort; found.length < count && port < firstPort + portsTried; port += 1)
    if (await isFree(port)) found.push(port)
  if (found.length < count) throw new Error(`no ${count} free ports from ${firstPort} on; choose others with --port`)
  return found
}

function isFree(port: number): Promise<boolean> {
  return new Promise(done => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen(port, '0.0.0.0', () => server.close(() => done(true)))
  })
}

/**
 * Addresses beside those that other clusters of this machine take by default, and others for another `--port` in the
 * thousands, so that several runs stand beside each other. Ports of Services keep their default
 * range: tests hold the API server to it.
 */
function addressFlags(firstPort: number): readonly string[] {
  const octet = 100 + 2 * (Math.floor(firstPort / 1000) % 64)
  return ['--cluster-cidr', `10.${octet}.0.0/16`, '--service-cidr', `10.${octet + 1}.0.0/16`]
}

export function testCluster(options: ClusterOptions): Cluster {
  const { name, dataDirectory, programDirectory, nodes, firstPort, signal } = options
  const env: Readonly<Record<string, string>> =
    programDirectory === undefined ? {} : { PATH: `${programDirectory}:${process.env.PATH ?? ''}` }
  const kubeconfig = join(dataDirectory, 'admin.kubeconfig')
  const runWith = (args: readonly string[], more: CommandOptions) => {
    const [command, all] = options.namespace?.enter(clipper, args) ?? ([clipper, args] as const)
    return runCommand(command, all, { env, timeoutMs: startTimeoutMs, ...more })
  }
  const run = (args: readonly string[]) => runWith(args, { signal })
  return {
    kubeconfig,
    log: join(dataDirectory, 'clipper.log'),
    nodeRuntimes() {
      const registries = (directory: string) => join(directory, 'containerd', 'registries')
      const config = readConfig(dataDirectory)
      return [
        { registriesDirectory: registries(dataDirectory), machineAddress: '127.0.0.1' },
        ...(config ? localNodesOf(config) : []).map(node => ({
          registriesDirectory: registries(node.dataDirectory),
          machineAddress: node.gateway,
        })),
      ]
    },
    async start() {
      const [apiPort, dnsPort, otherPort] = await freePorts(firstPort, 3)
      const kubeletPort = (await isFree(usualKubeletPort)) ? usualKubeletPort : otherPort
      await run([
        'up',
        ...['--name', name, '--data-dir', dataDirectory, '--node-name', `${name}-1`, '--no-kubeconfig'],
        ...['--api-port', `${apiPort}`, '--kubelet-port', `${kubeletPort}`, '--dns-port', `${dnsPort}`],
        ...addressFlags(firstPort),
        ...['--nodes', `${nodes}`],
      ])
    },
    async loadImages(archive) {
      await run(['image', 'load', archive, '--data-dir', dataDirectory])
    },
    async remove() {
      // Without the signal: what was interrupted has to be removed all the same.
      if (existsSync(join(dataDirectory, 'config.json'))) await runWith(['reset', '--data-dir', dataDirectory], {})
      rmSync(dataDirectory, { recursive: true, force: true })
    },
  }
}
