/** The `clipper` command. Components are loaded only by the commands that run them. */
import { join, resolve } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { CliError } from '../cli/cli-error.ts'
import { makeProgram } from '../cli/program.ts'
import { thisProcessMemory, watchIdleMemory } from './idle-memory.ts'
import { clipperVersion, kubernetesVersion } from './versions.ts'

// `clipper status | head -1`: a reader that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

watchIdleMemory(systemClock, thisProcessMemory())

const program = makeProgram({
  version: { clipper: clipperVersion, kubernetes: kubernetesVersion, node: process.version },
  command: [import.meta.filename],
  exampleManifest: resolve(join(import.meta.dirname, '../../examples/hello.yaml')),
  checkConfig: async config => void (await import('./audit.ts')).readAuditPolicy(config),
  runCluster: async config => (await import('./run-cluster.ts')).runCluster(config),
  runServer: async (start, controllers) => (await import('./run-server.ts')).runServer(start, controllers),
  etcd: async () => await import('./etcd-member.ts'),
  runAgent: async (config, token) => (await import('./run-agent.ts')).runAgent(config, token),
  runApiServer: async config => (await import('./run-server.ts')).runApiServer(config),
  runScheduler: async settings => (await import('./run-component.ts')).runScheduler(settings),
  runControllerManager: async settings => (await import('./run-component.ts')).runControllerManager(settings),
  simulateNodes: async options => (await import('./simulate-nodes.ts')).simulateNodes(options),
  runStore: async settings => (await import('./run-store.ts')).runStore(settings),
  copyStores: async (from, to) => (await import('./run-snapshot.ts')).copyStores(from, to),
  snapshots: async () => (await import('./run-snapshot.ts')).snapshotActions,
  compile: async () => (await import('./compile.ts')).compile(),
  teardown: async config => (await import('./teardown.ts')).teardown(config),
  loadImage: async (config, archive) => (await import('./images.ts')).loadImage(config, archive),
  loadExampleImage: async config => (await import('./images.ts')).loadExampleImage(config),
})

try {
  await program.parseAsync()
} catch (error) {
  const { message, stack } = error as Error
  const next = error instanceof CliError ? error.next : 'this is a fault of clipper; CLIPPER_DEBUG=1 shows where'
  const shown = error instanceof CliError || process.env.CLIPPER_DEBUG === undefined ? message : stack
  process.stderr.write(`clipper: ${shown}\n${next === undefined ? '' : `  ${next}\n`}`)
  // What a failed start left running ends with the process.
  process.exit(1)
}
