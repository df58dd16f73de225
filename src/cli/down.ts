/** `clipper down` and `clipper reset`: stop the cluster and leave nothing of it behind but, for `down`, its data. */
import { rmSync } from 'node:fs'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, pathsOf } from './cluster-config.ts'
import { removeFromUserKubeconfig } from './kubeconfig-merge.ts'
import { stopLocalAgents } from './local-agents.ts'
import { localNodesOf, removeLocalNetwork } from './local-nodes.ts'
import { requireRoot } from './preflight.ts'
import type { Progress } from './progress.ts'
import { endProcess, readPidFile, removePidFile, tryLock } from './running-process.ts'

export interface DownOptions {
  readonly config: ClusterConfig
  readonly progress: Progress
  /** The arguments after the Node executable that are the `clipper` command. */
  readonly command: readonly string[]
  /** Ends all containers, the container runtime, mounts, interfaces, rules and cgroups of the cluster. */
  readonly teardown: (config: ClusterConfig) => Promise<void>
}

export async function down({ config, progress, teardown, command }: DownOptions): Promise<void> {
  requireRoot('down')
  const release = await tryLock(`${config.name}/up`)
  if (!release)
    throw new CliError(`"clipper up" for the cluster ${config.name} is under way`, 'wait for it, or end it first')
  try {
    const paths = pathsOf(config)
    const running = readPidFile(paths.pidFile)
    if (running && running.dataDirectory !== config.dataDirectory)
      throw new CliError(
        `the cluster named ${config.name} runs with the data directory ${running.dataDirectory}`,
        `give --data-dir ${running.dataDirectory}`,
      )
    const further = localNodesOf(config).length > 0
    if (further) await progress.step('Stopping the further nodes', () => stopLocalAgents(config, command))
    if (running) await progress.step('Stopping the cluster', () => endProcess(paths.pidFile))
    await progress.step('Removing containers and networks', async () => {
      await teardown(config)
      await removeLocalNetwork(config)
    })
    removePidFile(paths.pidFile)
    rmSync(paths.runDirectory, { recursive: true, force: true })
  } finally {
    release()
  }
}

export async function reset(options: DownOptions): Promise<void> {
  await down(options)
  await options.progress.step('Deleting the data', async () => {
    rmSync(options.config.dataDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    await removeFromUserKubeconfig(options.config.name)
  })
}
